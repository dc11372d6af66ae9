// ITK's own registration and resampling as a program: what Voxkern's tests and benchmarks compare
// with. It is linked with FFTW (GPL) through ITK and is never shipped.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <sstream>
#include <stdexcept>

#include "itkMultiThreaderBase.h"

#include "options.h"

namespace baseline {

Options::Options(int count, char** words) {
  for (int i = 0; i < count; i++) {
    const std::string word = words[i];
    const size_t equals = word.find('=');
    if (equals == std::string::npos) throw std::runtime_error(word + ": expected key=value");
    values_[word.substr(0, equals)] = word.substr(equals + 1);
  }
}

std::string Options::text(const std::string& key) const {
  const auto found = values_.find(key);
  if (found == values_.end()) throw std::runtime_error(key + "=... is missing");
  return found->second;
}

std::string Options::text(const std::string& key, const std::string& otherwise) const {
  return has(key) ? text(key) : otherwise;
}

double Options::number(const std::string& key, double otherwise) const {
  return has(key) ? std::stod(text(key)) : otherwise;
}

int Options::integer(const std::string& key, int otherwise) const {
  return has(key) ? std::stoi(text(key)) : otherwise;
}

std::vector<double> Options::numbers(const std::string& key,
                                     const std::vector<double>& otherwise) const {
  if (!has(key)) return otherwise;
  std::vector<double> values;
  std::stringstream stream(text(key));
  for (std::string word; std::getline(stream, word, ',');) values.push_back(std::stod(word));
  return values;
}

void print(const std::string& key, const std::vector<double>& values) {
  std::printf("%s", key.c_str());
  for (const double value : values) std::printf(" %.17g", value);
  std::printf("\n");
}

void print(const std::string& key, double value) { print(key, std::vector<double>{value}); }

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace baseline

int main(int count, char** words) {
  using namespace baseline;
  try {
    const std::string command = count > 1 ? words[1] : "";
    const Options options(std::max(0, count - 2), words + std::min(count, 2));
    itk::MultiThreaderBase::SetGlobalDefaultNumberOfThreads(
        static_cast<unsigned>(options.integer("threads", 2)));
    if (command == "mattes") {
      mattes(options);
    } else if (command == "linear") {
      registerLinear(options);
    } else if (command == "bspline") {
      registerBSpline(options);
    } else if (command == "demons") {
      registerDemons(options);
    } else if (command == "warp") {
      warp(options);
    } else if (command == "apply") {
      apply(options);
    } else if (command == "points") {
      mapPoints(options);
    } else {
      throw std::runtime_error(
          "expected mattes, linear, bspline, demons, warp, apply or points, not \"" + command +
          "\"");
    }
    return 0;
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "%s\n", exception.what());
    return 2;
  }
}
