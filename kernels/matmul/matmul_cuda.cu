#include "matmul/matmul_cuda.h"

#include "cuda/cuda_table.h"
#include "matmul/matmul_tiles.h"

// Unrolled further, the values of several depths take more registers than there are.
#ifdef __CUDACC__
#define VK_UNROLL_TWICE _Pragma("unroll 2")
#else
#define VK_UNROLL_TWICE
#endif

namespace vk {
namespace cuda {
namespace {

constexpr int kThreads = kMatmulThreads;

/** What a block computes at once: rows x columns outputs, from `depth` values of each operand in
 * shared memory, with rowsEach x columnsEach sums in the registers of a thread. */
template <class T, int kRows, int kColumns, int kDepth, int kRowsEach, int kColumnsEach>
struct Tile {
  using Number = T;
  static constexpr int rows = kRows;
  static constexpr int columns = kColumns;
  static constexpr int depth = kDepth;
  static constexpr int rowsEach = kRowsEach;
  static constexpr int columnsEach = kColumnsEach;
  static_assert(rows / rowsEach * (columns / columnsEach) == kThreads);
};
using Large = Tile<float, 128, 128, 8, 8, 8>;
template <class T>
using Medium = Tile<T, 64, 64, 16, 4, 4>;
/** For few rows: what counts is how fast b is read. */
template <class T>
using Flat = Tile<T, 16, 64, 32, 1, 4>;

/** Values that are read and written together. */
template <class T, int kCount>
struct alignas(sizeof(T) * kCount) Vector {
  T values[kCount];
};

/** The lines of an operand that a thread takes: vectors, as far from each other as all threads
 * have. */
template <class T, int kLines, int kEach>
struct Fragment {
  static constexpr int kWidth = kEach < 16 / int(sizeof(T)) ? kEach : 16 / int(sizeof(T));
  static constexpr int kGroups = kEach / kWidth;

  __device__ static int line(int thread, int i) {
    return i / kWidth * (kLines / kGroups) + thread * kWidth + i % kWidth;
  }
  /** Inlined by every compiler: the emulator's race detector shall not follow registers. */
  __device__ __attribute__((always_inline)) static inline void load(const T* shared, int thread,
                                                                    T* values) {
    VK_UNROLL
    for (int group = 0; group < kGroups; ++group) {
      const auto vector = *reinterpret_cast<const Vector<T, kWidth>*>(
          shared + group * (kLines / kGroups) + thread * kWidth);
      VK_UNROLL
      for (int i = 0; i < kWidth; ++i) values[group * kWidth + i] = vector.values[i];
    }
  }
};

/** One block a tile and part of the depth. */
template <class Tile>
__global__ void __launch_bounds__(kThreads, 2)
    multiplyTiles(MatmulArgs args, Work work, typename Tile::Number* partials) {
  using T = typename Tile::Number;
  using A = Operand<T, Tile::rows, Tile::depth>;
  using B = Operand<T, Tile::columns, Tile::depth>;
  using Rows = Fragment<T, Tile::rows, Tile::rowsEach>;
  using Columns = Fragment<T, Tile::columns, Tile::columnsEach>;
  using Shared = Vector<T, 16 / sizeof(T)>;
  // Two tiles of each operand: one is filled while the other is used.
  VK_SHARED(Shared, sharedA, 2 * A::kShared * sizeof(T) / 16);
  VK_SHARED(Shared, sharedB, 2 * B::kShared * sizeof(T) / 16);
  VK_SHARED(Place, place, 1);
  T* const aTiles = sharedA[0].values;
  T* const bTiles = sharedB[0].values;
  constexpr int kColumnThreads = Tile::columns / Tile::columnsEach;
  const int rowThread = int(threadIdx.x) / kColumnThreads;
  const int columnThread = int(threadIdx.x) % kColumnThreads;
  for (int64_t item = blockIdx.x; item < work.items(); item += gridDim.x) {
    const Place now = placeOf<Tile>(work, item);
    const int64_t firstDepth = now.part % work.splits * work.depthEach;
    const int64_t depth = min(work.depthEach, args.k - firstDepth);
    const MatmulOffsets offsets = offsetsOf(args, now.part / work.splits);
    A a(static_cast<const T*>(args.a) + offsets.a + now.row * args.aRow + firstDepth * args.aDepth,
        args.m - now.row, args.aRow, args.aDepth);
    B b(static_cast<const T*>(args.b) + offsets.b + now.column * args.bColumn +
            firstDepth * args.bDepth,
        args.n - now.column, args.bColumn, args.bDepth);

    T sums[Tile::rowsEach][Tile::columnsEach];
    VK_UNROLL
    for (int i = 0; i < Tile::rowsEach; ++i) {
      VK_UNROLL
      for (int j = 0; j < Tile::columnsEach; ++j) sums[i][j] = 0;
    }
    a.load(stepOf<Tile>(depth));
    b.load(stepOf<Tile>(depth));
    __syncthreads();  // of the product before
    if (threadIdx.x == 0) *place = now;
    a.store(aTiles);
    b.store(bTiles);
    __syncthreads();
    int current = 0;
    for (int64_t rest = depth - Tile::depth; rest > -Tile::depth; rest -= Tile::depth) {
      if (rest > 0) {
        a.load(stepOf<Tile>(rest));
        b.load(stepOf<Tile>(rest));
      }
      const T* const aTile = aTiles + current * A::kShared;
      const T* const bTile = bTiles + current * B::kShared;
      VK_UNROLL_TWICE
      for (int k = 0; k < Tile::depth; ++k) {
        T ofA[Tile::rowsEach];
        T ofB[Tile::columnsEach];
        Rows::load(aTile + k * A::kStride, rowThread, ofA);
        Columns::load(bTile + k * B::kStride, columnThread, ofB);
        VK_UNROLL
        for (int i = 0; i < Tile::rowsEach; ++i) {
          VK_UNROLL
          for (int j = 0; j < Tile::columnsEach; ++j) {
            sums[i][j] = fma(ofA[i], ofB[j], sums[i][j]);
          }
        }
      }
      current ^= 1;
      if (rest > 0) {
        a.store(aTiles + current * A::kShared);
        b.store(bTiles + current * B::kShared);
      }
      __syncthreads();
    }

    const Place done = *place;
    const MatmulOffsets to = offsetsOf(args, done.part / work.splits);
    VK_UNROLL
    for (int i = 0; i < Tile::rowsEach; ++i) {
      const int64_t row = done.row + Rows::line(rowThread, i);
      VK_UNROLL
      for (int j = 0; j < Tile::columnsEach; ++j) {
        const int64_t column = done.column + Columns::line(columnThread, j);
        if (row >= args.m || column >= args.n) continue;
        if (partials != nullptr) {
          partials[(done.part * args.m + row) * args.n + column] = sums[i][j];
        } else {
          finish(args, work, to, row, column, sums[i][j]);
        }
      }
    }
  }
}

/** Adds the parts of the depth, in order. */
template <class T>
__global__ void __launch_bounds__(256, 1) addParts(MatmulArgs args, Work work, const T* partials) {
  const int64_t each = args.m * args.n;
  forEachItem(work.batches * each, [&](int64_t i) {
    const int64_t batch = i / each;
    const int64_t at = i % each;
    T sum = 0;
    for (int64_t split = 0; split < work.splits; ++split) {
      sum += partials[(batch * work.splits + split) * each + at];
    }
    finish(args, work, offsetsOf(args, batch), at / args.n, at % args.n, sum);
  });
}

template <class T>
void addPartsOf(const MatmulArgs& args, Context& context, const Work& work, const T* partials) {
  if (partials == nullptr) return;
  launch(context, gridOver(work.batches * args.m * args.n), addParts<T>, args, work, partials);
}

/** The product with its operands exchanged, which has the transposed output. */
MatmulArgs exchanged(const MatmulArgs& args) {
  MatmulArgs other = args;
  std::swap(other.m, other.n);
  std::swap(other.a, other.b);
  for (int32_t axis = 0; axis < args.batchAxes; ++axis) {
    std::swap(other.aBatch[axis], other.bBatch[axis]);
  }
  other.aRow = args.bColumn;
  other.aDepth = args.bDepth;
  other.bDepth = args.aDepth;
  other.bColumn = args.aRow;
  std::swap(other.cRow, other.cColumn);
  return other;
}

template <class Tile>
void launchTiles(const MatmulArgs& args, bool transposed, Context& context,
                 const Workspace& workspace) {
  using T = typename Tile::Number;
  const Work work = workOf<Tile>(args, transposed);
  T* const partials = work.splits > 1 ? workspace.as<T>() : nullptr;
  launch(context, {dim3(blocksFor(work.items(), 1)), dim3(kThreads)}, multiplyTiles<Tile>, args,
         work, partials);
  addPartsOf(args, context, work, partials);
}

template <class T>
void multiplyAs(const MatmulArgs& args, Context& context, const Workspace& workspace) {
  if (args.n <= Flat<T>::rows && args.m > args.n) {
    launchTiles<Flat<T>>(exchanged(args), true, context, workspace);
    return;
  }
  if (args.m <= Flat<T>::rows) {
    launchTiles<Flat<T>>(args, false, context, workspace);
    return;
  }
  if constexpr (sizeof(T) == sizeof(float)) {
    const int64_t blocks =
        batchesOf(args) * chunkCount(args.m, Large::rows) * chunkCount(args.n, Large::columns);
    if (args.m > 64 && args.n > 64 && blocks >= deviceOf(context).multiprocessors()) {
      launchTiles<Large>(args, false, context, workspace);
      return;
    }
  }
  launchTiles<Medium<T>>(args, false, context, workspace);
}

}  // namespace

void runTensorTiles(const MatmulArgs& args, Context& context, const Workspace& workspace,
                    const Work& work, void (*kernel)(MatmulArgs, Work, float*)) {
  float* const partials = work.splits > 1 ? workspace.as<float>() : nullptr;
  launch(context, {dim3(blocksFor(work.items(), 1)), dim3(kThreads)}, kernel, args, work, partials);
  addPartsOf(args, context, work, partials);
}

void multiply(const MatmulArgs& given, Context& context, const Workspace& workspace) {
  MatmulArgs args = given;
  if (args.packed != nullptr) args.b = args.packed;
  withFloats(args.type,
             [&](auto number) { multiplyAs<decltype(number)>(args, context, workspace); });
}

int64_t multiplyBytes(const MatmulArgs& args) {
  const int64_t splits = splitsOf(args);
  const int64_t bytes = args.type == VK_F64 ? sizeof(double) : sizeof(float);
  return splits > 1 ? splits * batchesOf(args) * args.m * args.n * bytes : 0;
}

}  // namespace cuda

namespace {

/** Packed values are b itself: tiles are brought in order on the way to shared memory. */
int64_t packedBytes(const MatmulArgs& args) {
  return args.bMatrices * args.k * args.n * elementSize(args.type);
}

void packMatmul(const MatmulArgs& args, Context& context, const Workspace&) {
  if (packedBytes(args) == 0) return;
  cuda::check(cudaMemcpyAsync(args.packed, args.b, size_t(packedBytes(args)), cudaMemcpyDefault,
                              cuda::streamOf(context)));
}

Implementation<MatmulArgs> rowOf(const char* name, Kernel<MatmulArgs>* run,
                                 Refusal (*accepts)(const MatmulArgs&)) {
  return {name,    VK_BACKEND_CUDA,     VK_ISA_PORTABLE, run,
          accepts, cuda::multiplyBytes, packedBytes,     packMatmul};
}

}  // namespace

extern "C" CudaImplementations<MatmulArgs> matmulCuda() {
  static const Implementation<MatmulArgs> rows[] = {
      rowOf("cuda-bf16", cuda::multiplyBf16, cuda::multiplyBf16Accepts),
      rowOf("cuda-tf32", cuda::multiplyTf32, cuda::multiplyTf32Accepts),
      rowOf("cuda", cuda::multiply, nullptr)};
  return cuda::table(rows);
}

}  // namespace vk
