// What mma.h needs: lanes that act together, and the rules for matrices in memory.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <type_traits>

#include "cuda_bf16.h"
#include "cuda_fp16.h"
#include "emulator/warp.h"

namespace vk::emulator {

[[noreturn]] void report(const std::string& finding);

/** Waits for the whole warp, and runs once with what each lane passed. */
inline void byWarp(void* own, const Where& where, void (*together)(void* const lanes[32])) {
  warpExchange({WarpKind::kMultiply, 0xFFFFFFFFu, 0, 0, together, own}, where);
}

inline void needWholeWarp(void* const lanes[32]) {
  for (int lane = 0; lane < 32; ++lane) {
    if (lanes[lane] == nullptr) report("matrix operation by a warp that is not full");
  }
}

/** Where a matrix lies, its rows (its columns) `step` elements apart. */
struct MatrixPlace {
  const void* begin;
  unsigned step;
  size_t elementBytes;
};

/** body(element of this lane's share, its place in memory). */
template <class T, bool kRowMajor, class Body>
void copyMatrix(MatrixPlace place, int rows, int columns, const Where& where, const Body& body) {
  byWarp(&place, where, [](void* const lanes[32]) {
    needWholeWarp(lanes);
    const MatrixPlace first = *static_cast<const MatrixPlace*>(lanes[0]);
    for (int lane = 1; lane < 32; ++lane) {
      const MatrixPlace other = *static_cast<const MatrixPlace*>(lanes[lane]);
      if (other.begin != first.begin || other.step != first.step) {
        report("matrix operation whose lanes name different memory");
      }
    }
    if (reinterpret_cast<uintptr_t>(first.begin) % 32 != 0) {
      report("matrix at a misaligned address: it has to be a multiple of 32 bytes");
    }
    if (first.step * first.elementBytes % 16 != 0) {
      report("matrix whose rows are no multiple of 16 bytes apart");
    }
  });
  for (int i = 0; i < rows * columns / 32; ++i) {
    const int element = i * 32 + laneIndex();
    const int64_t row = element / columns, column = element % columns;
    body(i, kRowMajor ? row * place.step + column : column * place.step + row);
  }
}

enum class Tf32 { kRound, kCut };

inline float asTf32(float value, Tf32 how) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  // NaN and infinities have no digits to spare.
  if ((bits & 0x7F800000u) == 0x7F800000u) return value;
  return std::bit_cast<float>((bits + (how == Tf32::kRound ? 0x1000u : 0u)) & ~0x1FFFu);
}

/** What is multiplied. */
inline float factor(__nv_bfloat16 value) { return __bfloat162float(value); }
inline float factor(__half value) { return __half2float(value); }
inline float factor(float value) { return asTf32(value, Tf32::kCut); }

}  // namespace vk::emulator
