#include "nms/box_order.h"

#include <bit>
#include <cstring>
#include <utility>

namespace vk {
namespace {

constexpr int kScoreBits = 11;
constexpr int kScorePasses = 3;
constexpr int kClassBits = 8;

/** Of a number that is not NaN. */
uint32_t bestFirst(float score) {
  // -0 and 0 tie.
  const uint32_t bits = std::bit_cast<uint32_t>(score + 0.0f);
  const uint32_t ascending = bits ^ ((bits >> 31) != 0 ? 0xFFFFFFFFu : 0x80000000u);
  return ~ascending;
}

/** From counts to where each begins. */
void accumulate(int32_t* counts, int size) {
  int32_t sum = 0;
  for (int i = 0; i < size; ++i) sum += std::exchange(counts[i], sum);
}

}  // namespace

BoxOrder::BoxOrder(WorkspaceLayout& layout, int64_t count, bool classes)
    : ranked_(layout.take<ScoredBox>(count)), spare_(layout.take<ScoredBox>(count)) {
  if (!classes) return;
  places_ = layout.take<int32_t>(count);
  sparePlaces_ = layout.take<int32_t>(count);
  classBegin_ = layout.take<int32_t>(count + 1);
}

void BoxOrder::sort(const float* scores, int64_t count, double threshold, const int64_t* classes) {
  count_ = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (static_cast<double>(scores[i]) > threshold) {
      ranked_[count_++] = {bestFirst(scores[i]), static_cast<int32_t>(i)};
    }
  }
  sortByScore();
  classCount_ = count_ > 0 ? 1 : 0;
  if (places_ != nullptr) groupByClass(classes);
}

/** Radix sort from the last digit; every pass keeps the order of equals. */
void BoxOrder::sortByScore() {
  constexpr uint32_t kDigit = (1u << kScoreBits) - 1;
  int32_t begin[kScorePasses][kDigit + 1] = {};
  for (int64_t i = 0; i < count_; ++i) {
    for (int pass = 0; pass < kScorePasses; ++pass) {
      ++begin[pass][ranked_[i].key >> (pass * kScoreBits) & kDigit];
    }
  }
  for (int pass = 0; pass < kScorePasses; ++pass) {
    accumulate(begin[pass], kDigit + 1);
    for (int64_t i = 0; i < count_; ++i) {
      spare_[begin[pass][ranked_[i].key >> (pass * kScoreBits) & kDigit]++] = ranked_[i];
    }
    std::swap(ranked_, spare_);
  }
}

void BoxOrder::groupByClass(const int64_t* classes) {
  const auto classOf = [&](int64_t place) { return classes[boxOf(place)]; };
  for (int64_t i = 0; i < count_; ++i) places_[i] = static_cast<int32_t>(i);
  uint64_t differing = 0;
  for (int64_t i = 1; i < count_; ++i) differing |= uint64_t(classOf(i) ^ classOf(0));
  for (int shift = 0; shift < 64; shift += kClassBits) {
    constexpr uint64_t kDigit = (1u << kClassBits) - 1;
    if ((differing >> shift & kDigit) == 0) continue;
    int32_t begin[kDigit + 1] = {};
    for (int64_t i = 0; i < count_; ++i) ++begin[uint64_t(classOf(i)) >> shift & kDigit];
    accumulate(begin, kDigit + 1);
    for (int64_t i = 0; i < count_; ++i) {
      sparePlaces_[begin[uint64_t(classOf(i)) >> shift & kDigit]++] = places_[i];
    }
    std::swap(places_, sparePlaces_);
  }
  classCount_ = 0;
  for (int64_t i = 0; i < count_; ++i) {
    if (i == 0 || classOf(i) != classOf(i - 1)) classBegin_[classCount_++] = int32_t(i);
  }
  classBegin_[classCount_] = int32_t(count_);
}

}  // namespace vk
