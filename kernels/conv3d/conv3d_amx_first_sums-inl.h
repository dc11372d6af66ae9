// The products of `cpu-amx-first` in the matrix registers. Included after core/simd_begin.h, once
// an instruction set.
#include <cstdint>

#if defined(VK_CONV3D_AMX_FIRST_SUMS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_CONV3D_AMX_FIRST_SUMS_INL_H
#undef VK_CONV3D_AMX_FIRST_SUMS_INL_H
#else
#define VK_CONV3D_AMX_FIRST_SUMS_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_AVX3
#ifndef VK_AMX_ATTR
#define VK_AMX_ATTR __attribute__((target("amx-tile,amx-bf16")))
#endif

/** Floats, or pairs of bfloat16, of a matrix in memory. */
constexpr int64_t kMatrix = 16 * 16;
constexpr int64_t kVoxels = 16;

/** Shapes of the matrix registers, as the processor wants them: 0 to 3 are sums, 4 and 5 weights,
 * 6 and 7 taps of voxels. Where weights are kept, 2 and 3 are weights as well. */
struct AmxFirstShapes {
  uint8_t palette = 1;
  uint8_t startRow = 0;
  uint8_t reserved[14] = {};
  uint16_t rowBytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {};

  AmxFirstShapes(int64_t channels, int64_t lines, bool keeps) {
    const auto outputs = static_cast<uint8_t>(channels < 16 ? channels : 16);
    for (int i = 0; i < 6; ++i) rows[i] = outputs;
    for (int i = keeps ? 2 : 4; i < 6; ++i) rowBytes[i] = static_cast<uint16_t>(lines * 4);
    rows[6] = rows[7] = static_cast<uint8_t>(lines);
  }
};

/** What a block sums: the outputs of 2 matrices of weights by 2 of voxels, or of 1 by 4. */
struct AmxFirstBlock {
  /** Of each run of voxels, its lines of high parts, and how much further those of low parts are.
   */
  const float* voxels[4];
  int64_t partWords;
  /** Where its matrices begin. */
  const int64_t* matrices;
  int64_t count;
  /** [matrix of taps][high or low parts][matrix of output channels] */
  const float* weights;
};

/** The instructions name their registers, so each is written out. They tell the compiler nothing
 * about the memory that they read. */
template <bool Exact>
VK_AMX_ATTR HWY_NOINLINE void sumTwoByTwo(const AmxFirstBlock& block, float* sums) {
  asm volatile("" ::: "memory");
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  const float* weights = block.weights;
  for (int64_t k = 0; k < block.count; ++k, weights += 4 * kMatrix) {
    const float* const first = block.voxels[0] + block.matrices[k];
    const float* const second = block.voxels[1] + block.matrices[k];
    _tile_loadd(4, weights, 64);
    _tile_loadd(5, weights + kMatrix, 64);
    if constexpr (Exact) {
      _tile_loadd(6, first + block.partWords, 64);
      _tile_loadd(7, second + block.partWords, 64);
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 5, 6);
      _tile_dpbf16ps(2, 4, 7);
      _tile_dpbf16ps(3, 5, 7);
    }
    _tile_loadd(6, first, 64);
    _tile_loadd(7, second, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 5, 6);
    _tile_dpbf16ps(2, 4, 7);
    _tile_dpbf16ps(3, 5, 7);
    if constexpr (Exact) {
      _tile_loadd(4, weights + 2 * kMatrix, 64);
      _tile_loadd(5, weights + 3 * kMatrix, 64);
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 5, 6);
      _tile_dpbf16ps(2, 4, 7);
      _tile_dpbf16ps(3, 5, 7);
    }
  }
  _tile_stored(0, sums, 64);
  _tile_stored(1, sums + kMatrix, 64);
  _tile_stored(2, sums + 2 * kMatrix, 64);
  _tile_stored(3, sums + 3 * kMatrix, 64);
}

template <bool Exact>
VK_AMX_ATTR HWY_NOINLINE void sumOneByFour(const AmxFirstBlock& block, float* sums) {
  asm volatile("" ::: "memory");
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  const float* weights = block.weights;
  for (int64_t k = 0; k < block.count; ++k, weights += 2 * kMatrix) {
    const int64_t at = block.matrices[k];
    _tile_loadd(4, weights, 64);
    if constexpr (Exact) {
      _tile_loadd(5, weights + kMatrix, 64);
      _tile_loadd(6, block.voxels[0] + at + block.partWords, 64);
      _tile_loadd(7, block.voxels[1] + at + block.partWords, 64);
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
      _tile_loadd(6, block.voxels[2] + at + block.partWords, 64);
      _tile_loadd(7, block.voxels[3] + at + block.partWords, 64);
      _tile_dpbf16ps(2, 4, 6);
      _tile_dpbf16ps(3, 4, 7);
    }
    _tile_loadd(6, block.voxels[0] + at, 64);
    _tile_loadd(7, block.voxels[1] + at, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    if constexpr (Exact) {
      _tile_dpbf16ps(0, 5, 6);
      _tile_dpbf16ps(1, 5, 7);
    }
    _tile_loadd(6, block.voxels[2] + at, 64);
    _tile_loadd(7, block.voxels[3] + at, 64);
    _tile_dpbf16ps(2, 4, 6);
    _tile_dpbf16ps(3, 4, 7);
    if constexpr (Exact) {
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
  }
  _tile_stored(0, sums, 64);
  _tile_stored(1, sums + kMatrix, 64);
  _tile_stored(2, sums + 2 * kMatrix, 64);
  _tile_stored(3, sums + 3 * kMatrix, 64);
}

/** Where one matrix has all taps, its weights stay in the registers: high parts in 2 and 3, low
 * parts in 4 and 5. */
VK_AMX_ATTR HWY_NOINLINE inline void keepWeights(const float* weights, bool two) {
  asm volatile("" ::: "memory");
  _tile_loadd(2, weights, 64);
  _tile_loadd(4, weights + (two ? 2 : 1) * kMatrix, 64);
  if (!two) return;
  _tile_loadd(3, weights + kMatrix, 64);
  _tile_loadd(5, weights + 3 * kMatrix, 64);
}

/** Two matrices of kept weights by one of voxels. */
template <bool Exact>
VK_AMX_ATTR HWY_NOINLINE void sumKeptTwo(const float* voxels, int64_t partWords, float* sums) {
  asm volatile("" ::: "memory");
  _tile_zero(0);
  _tile_zero(1);
  if constexpr (Exact) {
    _tile_loadd(7, voxels + partWords, 64);
    _tile_dpbf16ps(0, 2, 7);
    _tile_dpbf16ps(1, 3, 7);
  }
  _tile_loadd(6, voxels, 64);
  _tile_dpbf16ps(0, 2, 6);
  _tile_dpbf16ps(1, 3, 6);
  if constexpr (Exact) {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 5, 6);
  }
  _tile_stored(0, sums, 64);
  _tile_stored(1, sums + kMatrix, 64);
}

/** One of weights by two of voxels. */
template <bool Exact>
VK_AMX_ATTR HWY_NOINLINE void sumKeptOne(const float* first, const float* second, int64_t partWords,
                                         float* sums) {
  asm volatile("" ::: "memory");
  _tile_zero(0);
  _tile_zero(1);
  if constexpr (Exact) {
    _tile_loadd(6, first + partWords, 64);
    _tile_loadd(7, second + partWords, 64);
    _tile_dpbf16ps(0, 2, 6);
    _tile_dpbf16ps(1, 2, 7);
  }
  _tile_loadd(6, first, 64);
  _tile_loadd(7, second, 64);
  _tile_dpbf16ps(0, 2, 6);
  _tile_dpbf16ps(1, 2, 7);
  if constexpr (Exact) {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
  }
  _tile_stored(0, sums, 64);
  _tile_stored(1, sums + kMatrix, 64);
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
