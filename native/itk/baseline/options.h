// Command-line words of the form key=value, and what every command prints: one "key value..." a
// line.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace baseline {

class Options {
 public:
  Options(int count, char** words);

  bool has(const std::string& key) const { return values_.count(key) != 0; }
  /** Throws std::runtime_error where the key is missing. */
  std::string text(const std::string& key) const;
  std::string text(const std::string& key, const std::string& otherwise) const;
  double number(const std::string& key, double otherwise) const;
  int integer(const std::string& key, int otherwise) const;
  /** Numbers separated by commas. */
  std::vector<double> numbers(const std::string& key, const std::vector<double>& otherwise) const;

 private:
  std::map<std::string, std::string> values_;
};

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

void print(const std::string& key, const std::vector<double>& values);
void print(const std::string& key, double value);

double median(std::vector<double> values);

// The commands; README.md says what each takes and prints.
void mattes(const Options& options);
void registerLinear(const Options& options);
void registerBSpline(const Options& options);
void registerDemons(const Options& options);
void warp(const Options& options);
void apply(const Options& options);
void mapPoints(const Options& options);

}  // namespace baseline
