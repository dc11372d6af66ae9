#include "itk_formats.h"

#include <dlfcn.h>

#include <string>

#include "status.h"

namespace vki {
namespace {

/** The folder that this very library was loaded from. */
std::string ownFolder() {
  Dl_info info;
  if (dladdr(reinterpret_cast<const void*>(&ownFolder), &info) == 0 || info.dli_fname == nullptr) {
    return ".";
  }
  const std::string path = info.dli_fname;
  const size_t slash = path.find_last_of('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

const ItkFormats& load() {
  const std::string path = ownFolder() + "/libvoxkern_itk_formats.so";
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  const char* reason = library == nullptr ? dlerror() : nullptr;
  using Entry = const ItkFormats* (*)();
  const auto entry = library ? reinterpret_cast<Entry>(dlsym(library, "vki_itk_formats")) : nullptr;
  if (entry == nullptr) {
    throw Error(VKI_INTERNAL_ERROR, std::string("ITK could not be loaded: ") +
                                        (reason ? reason : "vki_itk_formats is missing"));
  }
  return *entry();
}

}  // namespace

const ItkFormats& itkFormats() {
  static const ItkFormats& formats = load();
  return formats;
}

}  // namespace vki
