#include "cases/case_line.h"

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace vk::cases {
namespace {

std::vector<std::string> wordsOf(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

std::vector<double> split(const std::string& key, const std::string& text, char separator) {
  std::vector<double> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) {
    size_t used = 0;
    double value = 0;
    try {
      value = std::stod(part, &used);
    } catch (const std::exception&) {
      used = std::string::npos;
    }
    if (used != part.size()) {
      throw std::runtime_error(key + "=" + text + ": '" + part + "' is not a number");
    }
    parts.push_back(value);
  }
  return parts;
}

}  // namespace

CaseLine::CaseLine(const std::string& text) {
  const std::vector<std::string> words = wordsOf(text);
  if (words.empty()) throw std::runtime_error("an empty case line");
  operation_ = words[0];
  text_ = words[0];
  for (size_t i = 1; i < words.size(); ++i) {
    text_ += " " + words[i];
    const size_t equals = words[i].find('=');
    if (equals == std::string::npos || equals == 0) {
      throw std::runtime_error("'" + words[i] + "' is not key=value");
    }
    if (!values_.emplace(words[i].substr(0, equals), words[i].substr(equals + 1)).second) {
      throw std::runtime_error("'" + words[i].substr(0, equals) + "' is given twice");
    }
  }
  read_.insert({"seed", "emulated"});
}

bool CaseLine::has(const std::string& key) const {
  read_.insert(key);
  return values_.count(key) > 0;
}

std::string CaseLine::word(const std::string& key, const std::string& otherwise) const {
  return has(key) ? values_.at(key) : otherwise;
}

double CaseLine::number(const std::string& key, double otherwise) const {
  return numbers(key, 1, otherwise)[0];
}

int64_t CaseLine::integer(const std::string& key, int64_t otherwise) const {
  return static_cast<int64_t>(number(key, static_cast<double>(otherwise)));
}

std::vector<double> CaseLine::numbers(const std::string& key, size_t count,
                                      double otherwise) const {
  if (!has(key)) return std::vector<double>(count, otherwise);
  std::vector<double> values = split(key, values_.at(key), ',');
  if (values.size() == 1) values.resize(count, values[0]);
  if (values.size() != count) {
    throw std::runtime_error(key + "=" + values_.at(key) + ": expected 1 or " +
                             std::to_string(count) + " numbers");
  }
  return values;
}

bool CaseLine::flag(const std::string& key, bool otherwise) const {
  const std::string value = word(key, otherwise ? "yes" : "no");
  if (value != "yes" && value != "no") {
    throw std::runtime_error(key + "=" + value + ": expected yes or no");
  }
  return value == "yes";
}

std::vector<int64_t> CaseLine::sizes(const std::string& key, const std::string& otherwise) const {
  const std::string text = word(key, otherwise);
  if (text.empty()) throw std::runtime_error("the case line lacks " + key + "=");
  std::vector<int64_t> sizes;
  for (const double part : split(key, text, 'x')) {
    sizes.insert(sizes.begin(), static_cast<int64_t>(part));
  }
  return sizes;
}

std::vector<std::string> CaseLine::unread() const {
  std::vector<std::string> keys;
  for (const auto& [key, value] : values_) {
    if (read_.count(key) == 0) keys.push_back(key);
  }
  return keys;
}

bool CaseLine::matches(const std::string& filter) const {
  const std::vector<std::string> own = wordsOf(text_);
  const std::set<std::string> words(own.begin(), own.end());
  for (const std::string& word : wordsOf(filter)) {
    if (words.count(word) == 0) return false;
  }
  return true;
}

std::vector<std::string> readCaseFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    std::string text;
    for (const std::string& word : wordsOf(line.substr(0, line.find('#')))) {
      text += (text.empty() ? "" : " ") + word;
    }
    if (!text.empty()) lines.push_back(text);
  }
  return lines;
}

}  // namespace vk::cases
