// Warp shuffles, votes and reductions.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "emulator/language.h"

namespace vk::emulator {

enum class WarpKind {
  kSync,
  kShuffle,
  kBallot,
  kAdd,
  kMin,
  kMax,
  kMinSigned,
  kMaxSigned,
  kAnd,
  kOr,
  kXor,
  kMatch,
  kMultiply
};

struct WarpExchange {
  WarpKind kind;
  unsigned mask;
  uint64_t value;
  /** Lane whose value a shuffle gets. */
  int source;
  /** Runs when every lane has arrived, with what each passed; for what is none of the others. */
  void (*together)(void* const lanes[32]) = nullptr;
  void* own = nullptr;
};

/** Waits for the lanes of the mask. */
uint64_t warpExchange(const WarpExchange& exchange, const Where& where);
int laneIndex();
unsigned activeMask();

template <class T>
uint64_t bitsOf(T value) {
  static_assert(sizeof(T) <= 8);
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  return bits;
}

template <class T>
T shuffled(unsigned mask, T value, int source, const Where& where) {
  const uint64_t bits =
      warpExchange({WarpKind::kShuffle, mask, bitsOf(value), source, nullptr, nullptr}, where);
  T result;
  std::memcpy(&result, &bits, sizeof(T));
  return result;
}

inline uint64_t collected(WarpKind kind, unsigned mask, uint64_t value, const Where& where) {
  return warpExchange({kind, mask, value, 0, nullptr, nullptr}, where);
}

}  // namespace vk::emulator

#define VK_EMULATED_WHERE const vk::emulator::Where& where = vk::emulator::Where::current()

template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32, VK_EMULATED_WHERE) {
  const int lane = vk::emulator::laneIndex();
  return vk::emulator::shuffled(mask, value, (lane & ~(width - 1)) + (source & (width - 1)), where);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, VK_EMULATED_WHERE) {
  const int lane = vk::emulator::laneIndex();
  const int source = lane - int(delta);
  return vk::emulator::shuffled(mask, value, source < (lane & ~(width - 1)) ? lane : source, where);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, VK_EMULATED_WHERE) {
  const int lane = vk::emulator::laneIndex();
  const int source = lane + int(delta);
  return vk::emulator::shuffled(mask, value, source > (lane | (width - 1)) ? lane : source, where);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32, VK_EMULATED_WHERE) {
  const int lane = vk::emulator::laneIndex();
  const int source = lane ^ lanes;
  return vk::emulator::shuffled(mask, value, source > (lane | (width - 1)) ? lane : source, where);
}

inline void __syncwarp(unsigned mask = 0xFFFFFFFFu, VK_EMULATED_WHERE) {
  vk::emulator::collected(vk::emulator::WarpKind::kSync, mask, 0, where);
}
inline unsigned __ballot_sync(unsigned mask, int predicate, VK_EMULATED_WHERE) {
  return unsigned(
      vk::emulator::collected(vk::emulator::WarpKind::kBallot, mask, predicate != 0, where));
}
inline int __any_sync(unsigned mask, int predicate, VK_EMULATED_WHERE) {
  return __ballot_sync(mask, predicate, where) != 0;
}
inline int __all_sync(unsigned mask, int predicate, VK_EMULATED_WHERE) {
  return __ballot_sync(mask, predicate, where) == mask;
}
inline unsigned __activemask() { return vk::emulator::activeMask(); }
template <class T>
unsigned __match_any_sync(unsigned mask, T value, VK_EMULATED_WHERE) {
  return unsigned(vk::emulator::collected(vk::emulator::WarpKind::kMatch, mask,
                                          vk::emulator::bitsOf(value), where));
}

// Of compute capability 8.0 and newer.
inline unsigned __reduce_add_sync(unsigned mask, unsigned value, VK_EMULATED_WHERE) {
  return unsigned(vk::emulator::collected(vk::emulator::WarpKind::kAdd, mask, value, where));
}
inline int __reduce_add_sync(unsigned mask, int value, VK_EMULATED_WHERE) {
  return int(__reduce_add_sync(mask, unsigned(value), where));
}
#define VK_EMULATED_REDUCE(name, kind, signedKind)                                              \
  inline unsigned name(unsigned mask, unsigned value, VK_EMULATED_WHERE) {                      \
    return unsigned(vk::emulator::collected(vk::emulator::WarpKind::kind, mask, value, where)); \
  }                                                                                             \
  inline int name(unsigned mask, int value, VK_EMULATED_WHERE) {                                \
    return int(vk::emulator::collected(vk::emulator::WarpKind::signedKind, mask,                \
                                       uint64_t(int64_t(value)), where));                       \
  }
VK_EMULATED_REDUCE(__reduce_min_sync, kMin, kMinSigned)
VK_EMULATED_REDUCE(__reduce_max_sync, kMax, kMaxSigned)
VK_EMULATED_REDUCE(__reduce_and_sync, kAnd, kAnd)
VK_EMULATED_REDUCE(__reduce_or_sync, kOr, kOr)
VK_EMULATED_REDUCE(__reduce_xor_sync, kXor, kXor)
#undef VK_EMULATED_REDUCE
