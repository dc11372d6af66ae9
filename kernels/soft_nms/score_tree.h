// The best of many scores that fall one by one: a tournament.
#pragma once

#include <cstdint>

namespace vk {

class ScoreTree {
 public:
  /** Numbers of `winners` for this many scores. */
  static int64_t memory(int64_t count) { return 2 * leaves(count); }

  /** Of scores[0 ... count), which the tree reads when it is told that one has changed. */
  ScoreTree(int32_t* winners, const double* scores, int64_t count)
      : winners_(winners), scores_(scores), leaves_(leaves(count)) {
    for (int64_t i = 0; i < leaves_; ++i) {
      winners_[leaves_ + i] = i < count ? static_cast<int32_t>(i) : kNone;
    }
    for (int64_t node = leaves_ - 1; node >= 1; --node) play(node);
  }

  /** The lowest of the best; kNone when none is left. */
  int32_t best() const { return winners_[1]; }

  void changed(int64_t index) {
    for (int64_t node = (leaves_ + index) / 2; node >= 1; node /= 2) play(node);
  }
  void remove(int64_t index) {
    winners_[leaves_ + index] = kNone;
    changed(index);
  }

  static constexpr int32_t kNone = -1;

 private:
  static int64_t leaves(int64_t count) {
    int64_t result = 2;
    while (result < count) result *= 2;
    return result;
  }
  void play(int64_t node) {
    const int32_t left = winners_[2 * node], right = winners_[2 * node + 1];
    const bool takesRight = left == kNone || (right != kNone && scores_[right] > scores_[left]);
    winners_[node] = takesRight ? right : left;
  }

  int32_t* winners_;
  const double* scores_;
  int64_t leaves_;
};

}  // namespace vk
