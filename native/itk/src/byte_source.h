// A file as a stream of bytes, gunzipped on the way where it is gzip (said by its first bytes, not
// by its name).
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace vki {

class ByteSource {
 public:
  virtual ~ByteSource() = default;

  /** Reads up to `count` bytes; fewer only at the end of the data. */
  virtual size_t read(void* out, size_t count) = 0;

  /** Reads exactly `count` bytes; throws VKI_UNREADABLE naming the file where there are fewer. */
  void readExactly(void* out, size_t count);

  void skip(size_t count);

  /** @throws Error VKI_NOT_FOUND or VKI_UNREADABLE */
  static std::unique_ptr<ByteSource> open(const std::string& path);

 protected:
  explicit ByteSource(std::string path) : path_(std::move(path)) {}
  const std::string path_;
};

}  // namespace vki
