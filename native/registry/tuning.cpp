#include "registry/tuning.h"

#include <chrono>
#include <random>

namespace vk {
namespace {

/** Calls of a row after the first, which warms up. */
constexpr int kCalls = 5;
/** No further calls of a row once this much time has gone into them. */
constexpr double kEnoughSeconds = 1.0;
/** A row whose first call takes so many times the best one's time is not called again. */
constexpr double kHopeless = 3.0;

double secondsOf(Context& context, const std::function<void()>& call) {
  const auto begin = std::chrono::steady_clock::now();
  call();
  if (context.device != nullptr) checkDevice(*context.plugin, context.device->synchronize());
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

template <class T>
std::vector<T> noise(int64_t count) {
  std::minstd_rand random(1);
  std::vector<T> values(static_cast<size_t>(count));
  for (T& value : values) value = T(random()) / T(std::minstd_rand::max() / 2) - T(1);
  return values;
}

void check(vk_status status) {
  if (status != VK_OK) throw Error(status, vk_last_error());
}

vk_tuning& required(vk_tuning* tuning) {
  if (tuning == nullptr) invalidArgument("the tuning is missing");
  return *tuning;
}

}  // namespace

TuningMemory::~TuningMemory() {
  for (void* block : blocks_) vk_free(&context_, block);
}

void* TuningMemory::take(int64_t bytes) {
  void* memory = nullptr;
  check(vk_allocate(&context_, bytes, &memory));
  blocks_.push_back(memory);
  return memory;
}

void* TuningMemory::takeNoise(vk_element_type type, int64_t count) {
  void* const memory = take(count * elementSize(type));
  if (type == VK_F64) {
    check(vk_copy(&context_, memory, noise<double>(count).data(), count * elementSize(type)));
  } else {
    check(vk_copy(&context_, memory, noise<float>(count).data(), count * elementSize(type)));
  }
  return memory;
}

void TuningMemory::giveBack(void* memory) {
  if (memory == nullptr) return;
  std::erase(blocks_, memory);
  vk_free(&context_, memory);
}

std::string tuningProblem(const Context& context, const char* operation,
                          const std::string& problem) {
  const char* const on = context.device == nullptr ? isaName(context.isa) : "cuda";
  return std::string(operation) + " " + problem + " " + on;
}

std::optional<vk_tuning::Entry> knownTuning(const vk_tuning& tuning, const std::string& problem) {
  const std::lock_guard<std::mutex> lock(tuning.mutex);
  const auto found = tuning.entries.find(problem);
  if (found == tuning.entries.end()) return std::nullopt;
  return found->second;
}

void addTuning(vk_tuning& tuning, const std::string& problem, const vk_tuning::Entry& entry) {
  const std::lock_guard<std::mutex> lock(tuning.mutex);
  tuning.entries.emplace(problem, entry);
}

double measuredSeconds(Context& context, double best, const std::function<void()>& call) {
  double least = secondsOf(context, call);
  if (least > kHopeless * best) return least;
  double total = 0;
  for (int i = 0; i < kCalls && total < kEnoughSeconds; ++i) {
    const double seconds = secondsOf(context, call);
    least = std::min(least, seconds);
    total += seconds;
  }
  return least;
}

}  // namespace vk

extern "C" {

vk_status vk_tuning_create(int32_t measure, vk_tuning** tuning) {
  return vk::guarded([&] {
    if (tuning == nullptr) vk::invalidArgument("the tuning's result is missing");
    *tuning = new vk_tuning(measure != 0);
  });
}

void vk_tuning_destroy(vk_tuning* tuning) { delete tuning; }

int64_t vk_tuning_count(const vk_tuning* tuning) {
  const std::lock_guard<std::mutex> lock(tuning->mutex);
  return static_cast<int64_t>(tuning->entries.size());
}

vk_status vk_tuning_get(const vk_tuning* tuning, int64_t index, vk_tuning_entry* entry) {
  return vk::guarded([&] {
    const std::lock_guard<std::mutex> lock(tuning->mutex);
    const int64_t count = static_cast<int64_t>(tuning->entries.size());
    if (index < 0 || index >= count) {
      vk::invalidArgument("entry %lld of a tuning that has %lld", static_cast<long long>(index),
                          static_cast<long long>(count));
    }
    const auto& [problem, found] = *std::next(tuning->entries.begin(), index);
    *entry = {problem.c_str(), found.implementation.c_str(), found.seconds, found.modelled.c_str(),
              found.modelledSeconds};
  });
}

vk_status vk_tuning_add(vk_tuning* tuning, const vk_tuning_entry* entry) {
  return vk::guarded([&] {
    vk_tuning& known = vk::required(tuning);
    if (entry == nullptr || entry->problem == nullptr || entry->implementation == nullptr ||
        entry->modelled == nullptr) {
      vk::invalidArgument("an entry of a tuning lacks its texts");
    }
    const std::lock_guard<std::mutex> lock(known.mutex);
    const bool added =
        known.entries
            .emplace(entry->problem, vk_tuning::Entry{entry->implementation, entry->seconds,
                                                      entry->modelled, entry->modelled_seconds})
            .second;
    if (!added) vk::invalidArgument("the tuning has the problem %s already", entry->problem);
  });
}

}  // extern "C"
