// Errors are values across the ABI. Inside, a kernel or a check throws vk::Error, and the guard at
// the ABI turns it (and any other C++ exception) into a status with a message kept for the calling
// thread.
#pragma once

#include <cstdarg>
#include <new>
#include <string>

#include "voxkern/base.h"

namespace vk {

class Error {
 public:
  Error(vk_status status, std::string message) : status_(status), message_(std::move(message)) {}
  vk_status status() const { return status_; }
  const std::string& message() const { return message_; }

 private:
  vk_status status_;
  std::string message_;
};

/** printf-style message. */
std::string format(const char* pattern, ...) __attribute__((format(printf, 1, 2)));

[[noreturn]] void invalidArgument(const char* pattern, ...) __attribute__((format(printf, 1, 2)));
[[noreturn]] void unsupported(const char* pattern, ...) __attribute__((format(printf, 1, 2)));

/** Remembers the message for vk_last_error() and gives the status back. */
vk_status fail(vk_status status, const char* message) noexcept;

/** Runs `body`, turning whatever it throws into a status. Every ABI entry is one call of this. */
template <class Body>
vk_status guarded(Body&& body) noexcept {
  try {
    body();
    return VK_OK;
  } catch (const Error& error) {
    return fail(error.status(), error.message().c_str());
  } catch (const std::bad_alloc&) {
    return fail(VK_OUT_OF_MEMORY, "the system is out of memory");
  } catch (const std::exception& exception) {
    return fail(VK_INTERNAL_ERROR, exception.what());
  } catch (...) {
    return fail(VK_INTERNAL_ERROR, "an unknown exception reached the ABI");
  }
}

}  // namespace vk
