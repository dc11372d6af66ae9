#include "writer.h"

#include <algorithm>
#include <cctype>

namespace vki {

std::string suffixOf(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const size_t dot = name.find_last_of('.');
  if (dot == std::string::npos) return "";
  const std::string last = name.substr(dot);
  if (last != ".gz") return last;
  const size_t before = name.find_last_of('.', dot - 1);
  return dot == 0 || before == std::string::npos ? last : name.substr(before);
}

}  // namespace vki
