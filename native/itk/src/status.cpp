#include "status.h"

namespace vki {
namespace {

thread_local std::string lastError;

}  // namespace

void unreadable(const std::string& path, const std::string& why) {
  throw Error(VKI_UNREADABLE, path + ": " + oneLine(why));
}

void notWritten(const std::string& path, const std::string& why) {
  throw Error(VKI_NOT_WRITTEN, path + ": " + oneLine(why));
}

void invalidArgument(const std::string& message) { throw Error(VKI_INVALID_ARGUMENT, message); }

std::string oneLine(const std::string& text) {
  // "FILE:LINE:\nITK ERROR: Class(0xADDRESS): message": the message is what is worth keeping.
  std::string rest = text;
  for (const char* mark : {"ITK ERROR: ", "itk::ERROR: "}) {
    const size_t itk = rest.find(mark);
    if (itk == std::string::npos) continue;
    const size_t begin = itk + std::string(mark).size();
    const size_t object = rest.find("(0x", begin);
    const size_t colon = rest.find("): ", begin);
    const bool named = object != std::string::npos && colon != std::string::npos && object < colon;
    rest.erase(itk, (named ? colon + 3 : begin) - itk);
  }
  std::string line;
  for (const char c : rest) {
    const bool space = c == '\n' || c == '\r' || c == '\t' || c == ' ';
    if (!space) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

vki_status fail(vki_status status, const std::string& message) noexcept {
  try {
    lastError = oneLine(message);
  } catch (...) {
    lastError.clear();
  }
  return status;
}

}  // namespace vki

extern "C" const char* vki_last_error(void) { return vki::lastError.c_str(); }
