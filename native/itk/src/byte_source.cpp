#include "byte_source.h"

#include <fcntl.h>
#include <isa-l/igzip_lib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "status.h"

namespace vki {
namespace {

constexpr size_t kCompressedBlock = 1 << 18;

class File {
 public:
  explicit File(const std::string& path) : path_(path), handle_(open(path.c_str(), O_RDONLY)) {
    if (handle_ < 0) {
      const bool missing = errno == ENOENT || errno == ENOTDIR;
      throw Error(missing ? VKI_NOT_FOUND : VKI_UNREADABLE, path + ": " + std::strerror(errno));
    }
    struct stat status;
    if (fstat(handle_, &status) == 0 && !S_ISREG(status.st_mode)) {
      close(handle_);
      unreadable(path, "not a regular file");
    }
    posix_fadvise(handle_, 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  ~File() { close(handle_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  size_t read(void* out, size_t count) {
    size_t done = 0;
    while (done < count) {
      const ssize_t got =
          ::read(handle_, static_cast<char*>(out) + done, std::min(count - done, size_t{1} << 30));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) unreadable(path_, std::strerror(errno));
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    return done;
  }

  void rewind() { lseek(handle_, 0, SEEK_SET); }

 private:
  const std::string path_;
  const int handle_;
};

class PlainSource : public ByteSource {
 public:
  PlainSource(std::string path, std::unique_ptr<File> file)
      : ByteSource(std::move(path)), file_(std::move(file)) {}
  size_t read(void* out, size_t count) override { return file_->read(out, count); }

 private:
  std::unique_ptr<File> file_;
};

/** Concatenated members read as one stream, as RFC 1952 says. */
class GzipSource : public ByteSource {
 public:
  GzipSource(std::string path, std::unique_ptr<File> file)
      : ByteSource(std::move(path)), file_(std::move(file)), compressed_(kCompressedBlock) {
    isal_inflate_init(&state_);
    state_.crc_flag = ISAL_GZIP;
  }

  size_t read(void* out, size_t count) override {
    auto* target = static_cast<uint8_t*>(out);
    size_t done = 0;
    while (done < count && !ended_) {
      // A failure of an earlier member ends the stream only after what came before it was given.
      if (state_.avail_in == 0) refill();
      if (state_.block_state == ISAL_BLOCK_FINISH && !nextMember()) break;
      const auto wanted = static_cast<uint32_t>(std::min(count - done, size_t{1} << 30));
      state_.next_out = target + done;
      state_.avail_out = wanted;
      const uint32_t before = state_.avail_in;
      const int result = isal_inflate(&state_);
      const size_t produced = wanted - state_.avail_out;
      done += produced;
      if (result != ISAL_DECOMP_OK) unreadable(path_, describe(result));
      const bool stuck = produced == 0 && before == state_.avail_in;
      if (stuck && state_.block_state != ISAL_BLOCK_FINISH && exhausted_) {
        unreadable(path_, "the compressed data ends too early: the file is truncated");
      }
    }
    return done;
  }

 private:
  void refill() {
    const size_t got = file_->read(compressed_.data(), compressed_.size());
    exhausted_ = got == 0;
    state_.next_in = compressed_.data();
    state_.avail_in = static_cast<uint32_t>(got);
  }

  bool nextMember() {
    if (state_.avail_in == 0) refill();
    if (exhausted_) {
      ended_ = true;
      return false;
    }
    // Padding after the last member is common on tapes and harmless.
    if (*state_.next_in != 0x1f) {
      ended_ = true;
      return false;
    }
    uint8_t* const nextIn = state_.next_in;
    const uint32_t availIn = state_.avail_in;
    isal_inflate_reset(&state_);
    state_.crc_flag = ISAL_GZIP;
    state_.next_in = nextIn;
    state_.avail_in = availIn;
    return true;
  }

  static const char* describe(int result) {
    return result == ISAL_INCORRECT_CHECKSUM
               ? "the checksum of the compressed data is wrong: the file is damaged"
               : "the compressed data is damaged";
  }

  std::unique_ptr<File> file_;
  std::vector<uint8_t> compressed_;
  inflate_state state_;
  bool exhausted_ = false;
  bool ended_ = false;
};

}  // namespace

void ByteSource::readExactly(void* out, size_t count) {
  const size_t got = read(out, count);
  if (got != count) {
    unreadable(path_, "ends too early, " + std::to_string(count - got) +
                          " bytes short: the file is truncated");
  }
}

void ByteSource::skip(size_t count) {
  std::vector<char> discarded(std::min(count, size_t{1} << 16));
  while (count > 0) {
    const size_t part = std::min(count, discarded.size());
    readExactly(discarded.data(), part);
    count -= part;
  }
}

std::unique_ptr<ByteSource> ByteSource::open(const std::string& path) {
  auto file = std::make_unique<File>(path);
  uint8_t magic[2] = {0, 0};
  file->read(magic, sizeof magic);
  file->rewind();
  if (magic[0] == 0x1f && magic[1] == 0x8b) {
    return std::make_unique<GzipSource>(path, std::move(file));
  }
  return std::make_unique<PlainSource>(path, std::move(file));
}

}  // namespace vki
