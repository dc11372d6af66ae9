// What the products by tensor cores share: their types, which devices have them, and how sums come
// out of them.
#pragma once

#include <cuda_bf16.h>
#include <mma.h>

#include "cuda/kernel.h"

namespace vk::cuda {

/** Error in the Frobenius norm of products whose factors are rounded: bfloat16 has 8 digits, and
 * tf32 11, so that factors err by up to 2^-11 each. */
constexpr double kBf16ProductError = 1e-2;
constexpr double kTf32ProductError = 1e-3;

struct Bf16;
struct Tf32;

// Older devices have neither type. The rows refuse them, so that their kernels are empty ones.
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
#define VK_HAS_TENSOR_TYPES
namespace wmma = nvcuda::wmma;

// Rows of shared memory are 16 bytes longer than needed, so that rows of one matrix do not begin in
// the same banks.
struct Bf16 {
  using Factor = __nv_bfloat16;
  using Number = __nv_bfloat16;
  static constexpr int kPad = 8;
  /** Products of each sum that one instruction adds. */
  static constexpr int kProducts = 16;
  __device__ static Number round(float value) { return __float2bfloat16(value); }
};

struct Tf32 {
  using Factor = wmma::precision::tf32;
  using Number = float;
  static constexpr int kPad = 4;
  static constexpr int kProducts = 8;
  __device__ static Number round(float value) { return wmma::__float_to_tf32(value); }
};

/** Matrices begin at multiples of 32 bytes. */
struct alignas(32) MatrixMemory {
  float values[8];
};

/** Elements of an array of MatrixMemory for kCount numbers. */
template <class Number, int kCount>
constexpr int kMatrixMemory = kCount* int(sizeof(Number)) / int(sizeof(MatrixMemory));

/** 16 kRows by 16 kColumns sums of a warp, their factors in shared memory, a row for each product:
 * of the left one its rows lie together, of the right one its columns. */
template <class Type, int kRows, int kColumns>
struct WarpSums {
  using Number = typename Type::Number;
  using Factor = typename Type::Factor;
  static constexpr int kProducts = Type::kProducts;
  /** Floats between rows of the tile by way of which sums leave. */
  static constexpr int kPitch = 20;
  static constexpr int kTile = 16 * kPitch;

  wmma::fragment<wmma::accumulator, 16, 16, kProducts, float> sums[kRows][kColumns];

  __device__ void clear() {
    VK_UNROLL
    for (int i = 0; i < kRows; ++i) {
      VK_UNROLL
      for (int j = 0; j < kColumns; ++j) wmma::fill_fragment(sums[i][j], 0.0f);
    }
  }

  /** Adds kDepth products. */
  template <int kDepth>
  __device__ void add(const Number* left, int leftPitch, const Number* right, int rightPitch) {
    VK_UNROLL
    for (int k = 0; k < kDepth; k += kProducts) {
      wmma::fragment<wmma::matrix_b, 16, 16, kProducts, Factor, wmma::row_major> columns[kColumns];
      VK_UNROLL
      for (int j = 0; j < kColumns; ++j) {
        wmma::load_matrix_sync(columns[j], right + k * rightPitch + j * 16, rightPitch);
      }
      VK_UNROLL
      for (int i = 0; i < kRows; ++i) {
        wmma::fragment<wmma::matrix_a, 16, 16, kProducts, Factor, wmma::col_major> rows;
        wmma::load_matrix_sync(rows, left + k * leftPitch + i * 16, leftPitch);
        VK_UNROLL
        for (int j = 0; j < kColumns; ++j) {
          wmma::mma_sync(sums[i][j], rows, columns[j], sums[i][j]);
        }
      }
    }
  }

  /** store(row, column, sum) for each sum, by way of this warp's tile in shared memory, since
   * nobody knows which lane holds which. Neighbouring lanes have neighbouring columns. */
  template <class Store>
  __device__ void forEach(float* tile, const Store& store) {
    const int lane = int(threadIdx.x) % kWarpSize;
    VK_UNROLL
    for (int i = 0; i < kRows; ++i) {
      VK_UNROLL
      for (int j = 0; j < kColumns; ++j) {
        __syncwarp();  // of the tile before
        wmma::store_matrix_sync(tile, sums[i][j], kPitch, wmma::mem_row_major);
        __syncwarp();
        const int column = lane % 16;
        VK_NO_UNROLL
        for (int row = lane / 16; row < 16; row += 2) {
          store(i * 16 + row, j * 16 + column, tile[row * kPitch + column]);
        }
      }
    }
  }
};
#endif

/** Whether a device multiplies bfloat16 and tf32. */
inline bool hasTensorTypes(int device) {
  int major = 0;
  return cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device) == cudaSuccess &&
         major >= 8;
}

}  // namespace vk::cuda
