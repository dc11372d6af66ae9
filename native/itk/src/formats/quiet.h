// ITK, GDCM and the NIfTI library talk to the console; Debian builds them with assertions that
// abort. Neither is acceptable inside a JVM.
#pragma once

#include <functional>
#include <string>

namespace vki {

/** Silences the libraries' own output and redirects their assertions, once. */
void quietLibraries();

/** Runs `body`; a failed assertion inside a library becomes an Error VKI_UNREADABLE naming the
 * path. What the library had allocated by then is lost. */
void withAssertionsCaught(const std::string& path, const std::function<void()>& body);

}  // namespace vki
