// Lifetimes, findings, and the way to the emulated device.
#include "objects.h"

#include <dlfcn.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

#define VK_STAND_IN extern "C" __attribute__((visibility("default")))

namespace vk::cudnn {
namespace {

struct World {
  std::recursive_mutex mutex;
  std::map<const void*, const char*> living;
  /** Kept, so that a use after the end is not taken for a strange pointer. */
  std::map<const void*, const char*> destroyed;
  std::map<std::string, int64_t> calls;
  /** Work of streams; a recording may ask for it again at any time. */
  std::deque<std::function<void()>> work;
  bool keepsFindings = false;
  std::string finding;
  ~World();
};

World& world() {
  static World one;
  return one;
}

using Lock = std::lock_guard<std::recursive_mutex>;

/** At the end of the process: what was never destroyed, and how often what was called. */
World::~World() {
  const char* const path = std::getenv("VOXKERN_CUDNN_CALLS");
  std::FILE* const file = path != nullptr ? std::fopen(path, "a") : nullptr;
  if (file != nullptr) {
    for (const auto& [name, count] : calls) {
      std::fprintf(file, "%s %lld\n", name.c_str(), static_cast<long long>(count));
    }
    std::fclose(file);
  }
  if (!living.empty()) {
    std::fprintf(stderr, "cudnn stand-in: never destroyed: %zu, one of them a %s\n", living.size(),
                 living.begin()->second);
    std::_Exit(66);
  }
}

/** A function of the emulator: of this process, or of the library that calls. */
void* emulatorFunction(const char* name) {
  void* found = dlsym(RTLD_DEFAULT, name);
  if (found != nullptr) return found;
  const char* const variant = std::getenv("VOXKERN_CUDA_EMULATED");
  for (const char* library : {variant, "libvoxkern_cuda_emulated.so"}) {
    if (library == nullptr) continue;
    Dl_info info{};
    dladdr(reinterpret_cast<void*>(&emulatorFunction), &info);
    const std::string own = info.dli_fname;
    const std::string path = own.substr(0, own.rfind('/') + 1) + library;
    void* const handle = dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD);
    if (handle != nullptr && (found = dlsym(handle, name)) != nullptr) return found;
  }
  std::fprintf(stderr, "cudnn stand-in: there is no emulated device in this process\n");
  std::_Exit(66);
}

std::string text(const char* pattern, va_list values) {
  char buffer[512];
  std::vsnprintf(buffer, sizeof buffer, pattern, values);
  return buffer;
}

void report(const std::string& finding) {
  const Lock lock(world().mutex);
  if (!world().keepsFindings) {
    std::fprintf(stderr, "cudnn stand-in: %s\n", finding.c_str());
    std::fflush(nullptr);
    std::_Exit(66);
  }
  if (world().finding.empty()) world().finding = finding;
}

}  // namespace

void find(const char* pattern, ...) {
  va_list values;
  va_start(values, pattern);
  const std::string finding = text(pattern, values);
  va_end(values);
  report(finding);
}

void reject(const char* pattern, ...) {
  va_list values;
  va_start(values, pattern);
  const std::string finding = text(pattern, values);
  va_end(values);
  report(finding);
  throw Failed{kBadParameter};
}

void noteCall(const char* name) {
  const Lock lock(world().mutex);
  ++world().calls[name];
}

void remember(const void* object, const char* kind) {
  const Lock lock(world().mutex);
  world().living[object] = kind;
  world().destroyed.erase(object);
}

void requireLiving(const void* object, const char* kind) {
  const Lock lock(world().mutex);
  const auto found = world().living.find(object);
  if (found != world().living.end()) {
    if (std::strcmp(found->second, kind) != 0) reject("a %s is used as a %s", found->second, kind);
    return;
  }
  if (world().destroyed.count(object) > 0) reject("a %s is used after it was destroyed", kind);
  reject("a %s was never created", kind);
}

void forgetObject(const void* object, const char* kind) {
  const Lock lock(world().mutex);
  if (world().living.count(object) == 0 && world().destroyed.count(object) > 0) {
    reject("a %s is destroyed twice", kind);
  }
  requireLiving(object, kind);
  world().living.erase(object);
  world().destroyed[object] = kind;
}

void requireDevice(const void* memory, int64_t bytes, const char* what) {
  static const auto bytesFrom =
      reinterpret_cast<size_t (*)(const void*)>(emulatorFunction("vk_emulator_device_bytes"));
  if (memory == nullptr) reject("%s is missing", what);
  const size_t there = bytesFrom(memory);
  if (there == 0) reject("%s is not in the device's memory", what);
  if (int64_t(there) < bytes) {
    reject("%s has %zu bytes, and its descriptor says %lld", what, there,
           static_cast<long long>(bytes));
  }
}

void requireApart(const void* a, int64_t aBytes, const void* b, int64_t bBytes, const char* what) {
  const char *const first = static_cast<const char*>(a), *const second =
                                                             static_cast<const char*>(b);
  if (first < second + bBytes && second < first + aBytes) reject("%s overlap", what);
}

void onStream(Handle handle, std::vector<Memory> memory, std::function<void()> work) {
  static const auto enqueue = reinterpret_cast<int (*)(void*, void (*)(void*), void*)>(
      emulatorFunction("vk_emulator_enqueue"));
  std::function<void()>* kept = nullptr;
  {
    const Lock lock(world().mutex);
    world().work.push_back([memory = std::move(memory), work = std::move(work)] {
      try {
        for (const Memory& each : memory) requireDevice(each.at, each.bytes, each.what);
        work();
      } catch (const Failed&) {
        // The finding is kept, and no call is left that could say so.
      }
    });
    kept = &world().work.back();
  }
  if (!handle->streamIsSet) reject("the handle computes without a stream of its own");
  const auto run = [](void* data) { (*static_cast<std::function<void()>*>(data))(); };
  if (enqueue(handle->stream, run, kept) != 0) throw Failed{5003};
}

}  // namespace vk::cudnn

/** For tests of the stand-in itself: findings are kept instead of ending the process. */
VK_STAND_IN void cudnnStandInKeepFindings() { vk::cudnn::world().keepsFindings = true; }

/** The first finding since the last call; empty for none. */
VK_STAND_IN const char* cudnnStandInFinding() {
  static std::string taken;
  taken = std::exchange(vk::cudnn::world().finding, "");
  return taken.c_str();
}
