// Failures inside the bridge are thrown as vki::Error; the guard at the ABI turns them, and any
// other C++ exception, into a status with a one-line message.
#pragma once

#include <exception>
#include <new>
#include <string>

#include "voxkern_itk.h"

namespace vki {

class Error {
 public:
  Error(vki_status status, std::string message) : status_(status), message_(std::move(message)) {}
  vki_status status() const { return status_; }
  const std::string& message() const { return message_; }

 private:
  vki_status status_;
  std::string message_;
};

[[noreturn]] void unreadable(const std::string& path, const std::string& why);
[[noreturn]] void notWritten(const std::string& path, const std::string& why);
[[noreturn]] void invalidArgument(const std::string& message);

/** ITK's exception texts name source files and span lines; this keeps what a reader can use. */
std::string oneLine(const std::string& text);

/** Remembers the message for vki_last_error() and gives the status back. */
vki_status fail(vki_status status, const std::string& message) noexcept;

/** Runs `body`, turning whatever it throws into a status. Every ABI entry is one call of this. */
template <class Body>
vki_status guarded(Body&& body) noexcept {
  try {
    body();
    return VKI_OK;
  } catch (const Error& error) {
    return fail(error.status(), error.message());
  } catch (const std::bad_alloc&) {
    return fail(VKI_OUT_OF_MEMORY, "the system is out of memory");
  } catch (const std::exception& exception) {
    return fail(VKI_INTERNAL_ERROR, exception.what());
  } catch (...) {
    return fail(VKI_INTERNAL_ERROR, "an unknown exception reached the ABI");
  }
}

}  // namespace vki
