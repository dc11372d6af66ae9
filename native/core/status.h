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

/** Names the context of the running call, whose device the views of the call have to lie in. */
class CallContext {
 public:
  explicit CallContext(const vk_context* context) : outer_(current) { current = context; }
  ~CallContext() { current = outer_; }
  CallContext(const CallContext&) = delete;

  /** Null outside of calls. */
  static const vk_context* get() { return current; }

 private:
  static thread_local const vk_context* current;
  const vk_context* outer_;
};

/** The same for an entry of an operation. */
template <class Body>
vk_status guarded(const vk_context* context, Body&& body) noexcept {
  return guarded([&] {
    if (context == nullptr) invalidArgument("the context is missing");
    const CallContext call(context);
    body();
  });
}

}  // namespace vk
