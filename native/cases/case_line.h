// One line of tests/cases/<op>.txt: the operation's name, then key=value words.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace vk::cases {

class CaseLine {
 public:
  explicit CaseLine(const std::string& text);

  const std::string& text() const { return text_; }
  const std::string& operation() const { return operation_; }
  uint64_t seed() const { return static_cast<uint64_t>(integer("seed", 1)); }

  bool has(const std::string& key) const;
  std::string word(const std::string& key, const std::string& otherwise) const;
  int64_t integer(const std::string& key, int64_t otherwise) const;
  double number(const std::string& key, double otherwise) const;
  /** "1,2.5,-3"; one number stands for all `count`. */
  std::vector<double> numbers(const std::string& key, size_t count, double otherwise) const;
  /** "yes" or "no". */
  bool flag(const std::string& key, bool otherwise) const;
  /** "9x7x5" is width, height, depth; the result is slowest first: {5, 7, 9}. */
  std::vector<int64_t> sizes(const std::string& key, const std::string& otherwise = "") const;

  /** Keys that nobody asked for: a typing error in the table, or an adapter that lacks something.
   */
  std::vector<std::string> unread() const;

  /** True when every word of the filter is a word of this line. */
  bool matches(const std::string& filter) const;

 private:
  std::string text_;
  std::string operation_;
  std::map<std::string, std::string> values_;
  mutable std::set<std::string> read_;
};

/** The case lines of a file: comments (#) and blank lines left out, runs of spaces made one. */
std::vector<std::string> readCaseFile(const std::string& path);

}  // namespace vk::cases
