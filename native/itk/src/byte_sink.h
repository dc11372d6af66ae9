// A file written front to back, plain or as gzip.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace vki {

/** Bytes of one gzip member before compression. Members are cut at fixed places, so that what is
 * written does not depend on the number of threads. */
constexpr size_t kGzipMemberBytes = 1 << 20;

class ByteSink {
 public:
  virtual ~ByteSink() = default;

  virtual void write(const void* bytes, size_t count) = 0;

  /** Writes what is still held back and closes the file. A sink that is destroyed without this
   * leaves a file that must not be used. */
  virtual void finish() = 0;

  /** @throws Error VKI_NOT_WRITTEN if the file cannot be made */
  static std::unique_ptr<ByteSink> create(const std::string& path, bool gzip, int threads);
};

}  // namespace vki
