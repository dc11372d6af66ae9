#include "byte_sink.h"

#include <fcntl.h>
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "status.h"

namespace vki {
namespace {

constexpr size_t kBatchBytes = 16 * kGzipMemberBytes;
/** From how well this many bytes shrink it is guessed how well a member would. */
constexpr size_t kProbeBytes = size_t{32} << 10;

class PlainSink : public ByteSink {
 public:
  explicit PlainSink(const std::string& path)
      : path_(path), handle_(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666)) {
    if (handle_ < 0) notWritten(path_, std::strerror(errno));
  }
  ~PlainSink() override {
    if (handle_ >= 0) close(handle_);
  }

  void write(const void* bytes, size_t count) override {
    const char* next = static_cast<const char*>(bytes);
    while (count > 0) {
      const ssize_t written = ::write(handle_, next, std::min(count, size_t{1} << 30));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) notWritten(path_, std::strerror(errno));
      next += written;
      count -= static_cast<size_t>(written);
    }
  }

  void finish() override {
    const int handle = handle_;
    handle_ = -1;
    if (close(handle) != 0) notWritten(path_, std::strerror(errno));
  }

 private:
  const std::string path_;
  int handle_;
};

/** One member: header, deflate stream, checksum, made by ISA-L at its fastest level that uses
 * Huffman codes of the data's own. What hardly shrinks (the mantissas of a displacement field: by a
 * tenth) is stored, which takes a fifth of the time. */
class MemberCompressor {
 public:
  MemberCompressor() : levelBuffer_(ISAL_DEF_LVL1_DEFAULT) {}

  void compress(const uint8_t* bytes, size_t count, std::vector<uint8_t>& out) {
    if (count > 2 * kProbeBytes) {
      deflate(bytes + count / 2, kProbeBytes, out);
      if (out.size() * 8 > kProbeBytes * 7) {
        store(bytes, count, out);
        return;
      }
    }
    deflate(bytes, count, out);
  }

 private:
  void deflate(const uint8_t* bytes, size_t count, std::vector<uint8_t>& out) {
    // Deflate stores what does not shrink: the bound is a few bytes for each 64 KiB.
    out.resize(count + count / 1024 + 1024);
    isal_zstream stream;
    isal_deflate_init(&stream);
    stream.gzip_flag = IGZIP_GZIP;
    stream.level = 1;
    stream.level_buf = levelBuffer_.data();
    stream.level_buf_size = static_cast<uint32_t>(levelBuffer_.size());
    stream.end_of_stream = 1;
    stream.flush = NO_FLUSH;
    stream.next_in = const_cast<uint8_t*>(bytes);
    stream.avail_in = static_cast<uint32_t>(count);
    stream.next_out = out.data();
    stream.avail_out = static_cast<uint32_t>(out.size());
    const int result = isal_deflate(&stream);
    if (result != COMP_OK || stream.internal_state.state != ZSTATE_END) {
      throw Error(VKI_INTERNAL_ERROR, "gzip compression failed");
    }
    out.resize(stream.total_out);
  }

  /** Stored blocks of RFC 1951 in a member of RFC 1952. */
  static void store(const uint8_t* bytes, size_t count, std::vector<uint8_t>& out) {
    constexpr size_t kMost = 65535;
    constexpr uint8_t kHeader[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
    out.resize(sizeof kHeader + count + 5 * (count / kMost + 1) + 8);
    uint8_t* to = std::copy(std::begin(kHeader), std::end(kHeader), out.data());
    const auto little = [&to](uint32_t value, int size) {
      for (int k = 0; k < size; ++k) *to++ = static_cast<uint8_t>(value >> 8 * k);
    };
    for (size_t first = 0; first < count; first += kMost) {
      const uint32_t size = static_cast<uint32_t>(std::min(kMost, count - first));
      *to++ = first + size == count ? 1 : 0;
      little(size, 2);
      little(~size, 2);
      to = std::copy(bytes + first, bytes + first + size, to);
    }
    little(crc32_gzip_refl(0, bytes, count), 4);
    little(static_cast<uint32_t>(count), 4);
    out.resize(static_cast<size_t>(to - out.data()));
  }

  std::vector<uint8_t> levelBuffer_;
};

class GzipSink : public ByteSink {
 public:
  GzipSink(const std::string& path, int threads)
      : file_(path), threads_(std::clamp(threads, 1, 64)) {
    held_.reserve(kBatchBytes);
  }

  void write(const void* bytes, size_t count) override {
    const auto* next = static_cast<const uint8_t*>(bytes);
    while (count > 0) {
      if (held_.empty() && count >= kGzipMemberBytes) {
        const size_t whole = count / kGzipMemberBytes * kGzipMemberBytes;
        compressMembers(next, whole);
        next += whole;
        count -= whole;
        continue;
      }
      // What comes in small parts is gathered until there is work for every thread; a large part
      // is only made to start at a member's boundary.
      const size_t room = (count < kBatchBytes ? kBatchBytes : kGzipMemberBytes) -
                          (count < kBatchBytes ? held_.size() : held_.size() % kGzipMemberBytes);
      const size_t part = std::min(count, room);
      held_.insert(held_.end(), next, next + part);
      next += part;
      count -= part;
      if (held_.size() == kBatchBytes || (count > 0 && part == room)) flushHeld();
    }
  }

  void finish() override {
    flushHeld();
    file_.finish();
  }

 private:
  void flushHeld() {
    if (held_.empty()) return;
    compressMembers(held_.data(), held_.size());
    held_.clear();
  }

  /** Workers take members in turn; each writes its own out when its turn has come, so the file is
   * in order and no more than one compressed member a thread is held. */
  void compressMembers(const uint8_t* bytes, size_t count) {
    const size_t members = (count + kGzipMemberBytes - 1) / kGzipMemberBytes;
    std::atomic<size_t> next{0};
    std::mutex mutex;
    std::condition_variable turnChanged;
    size_t turn = 0;
    std::exception_ptr failure;
    auto work = [&] {
      try {
        MemberCompressor compressor;
        std::vector<uint8_t> compressed;
        for (size_t member = next++; member < members; member = next++) {
          const size_t begin = member * kGzipMemberBytes;
          compressor.compress(bytes + begin, std::min(kGzipMemberBytes, count - begin), compressed);
          std::unique_lock<std::mutex> lock(mutex);
          turnChanged.wait(lock, [&] { return turn == member || failure; });
          if (failure) return;
          file_.write(compressed.data(), compressed.size());
          turn++;
          turnChanged.notify_all();
        }
      } catch (...) {
        const std::lock_guard<std::mutex> lock(mutex);
        if (!failure) failure = std::current_exception();
        turnChanged.notify_all();
      }
    };
    std::vector<std::thread> helpers;
    const size_t workers = std::min<size_t>(threads_, members);
    try {
      for (size_t i = 1; i < workers; i++) helpers.emplace_back(work);
    } catch (const std::system_error&) {
      // No more threads to be had: those that run do the work.
    }
    work();
    for (std::thread& helper : helpers) helper.join();
    if (failure) std::rethrow_exception(failure);
  }

  PlainSink file_;
  const int threads_;
  std::vector<uint8_t> held_;
};

}  // namespace

std::unique_ptr<ByteSink> ByteSink::create(const std::string& path, bool gzip, int threads) {
  if (gzip) return std::make_unique<GzipSink>(path, threads);
  return std::make_unique<PlainSink>(path);
}

}  // namespace vki
