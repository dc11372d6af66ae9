#include "core/status.h"

#include <cstdio>
#include <cstring>

namespace vk {
namespace {

// Fixed storage, so that reporting an out-of-memory failure needs no memory.
thread_local char lastError[2048] = "";

std::string formatList(const char* pattern, va_list arguments) {
  char text[2048];
  std::vsnprintf(text, sizeof text, pattern, arguments);
  return text;
}

}  // namespace

thread_local const vk_context* CallContext::current = nullptr;

std::string format(const char* pattern, ...) {
  va_list arguments;
  va_start(arguments, pattern);
  std::string text = formatList(pattern, arguments);
  va_end(arguments);
  return text;
}

void invalidArgument(const char* pattern, ...) {
  va_list arguments;
  va_start(arguments, pattern);
  std::string text = formatList(pattern, arguments);
  va_end(arguments);
  throw Error(VK_INVALID_ARGUMENT, text);
}

void unsupported(const char* pattern, ...) {
  va_list arguments;
  va_start(arguments, pattern);
  std::string text = formatList(pattern, arguments);
  va_end(arguments);
  throw Error(VK_UNSUPPORTED, text);
}

vk_status fail(vk_status status, const char* message) noexcept {
  std::strncpy(lastError, message, sizeof lastError - 1);
  return status;
}

}  // namespace vk

extern "C" const char* vk_last_error(void) { return vk::lastError; }
