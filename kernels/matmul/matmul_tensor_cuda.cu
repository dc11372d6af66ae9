// Products by tensor cores: factors rounded to bfloat16 or to tf32, sums in f32, where the caller
// accepts that error. Eight warps share a tile, two by four; tiles of both operands lie in shared
// memory twice, one being filled by way of registers, where values are rounded, while the other is
// multiplied.
#include "cuda/tensor_cores.h"
#include "matmul/matmul_tiles.h"

namespace vk {
namespace cuda {
namespace {

constexpr int kThreads = kMatmulThreads;

template <class T, int kRows, int kColumns>
struct TensorTile {
  using Type = T;
  static constexpr int rows = kRows;
  static constexpr int columns = kColumns;
  static constexpr int depth = 16;
};
template <class Type>
using Large = TensorTile<Type, 128, 128>;
template <class Type>
using Small = TensorTile<Type, 64, 64>;

template <class Tile>
__global__ void __launch_bounds__(kThreads, 1)
    multiplyTensor(MatmulArgs args, Work work, float* partials) {
#ifdef VK_HAS_TENSOR_TYPES
  using Type = typename Tile::Type;
  using Number = typename Type::Number;
  using A = Operand<float, Tile::rows, Tile::depth, Type::kPad>;
  using B = Operand<float, Tile::columns, Tile::depth, Type::kPad>;
  constexpr int kWarps = kThreads / kWarpSize, kAcross = 4, kDown = kWarps / kAcross;
  constexpr int kRows = Tile::rows / kDown, kColumns = Tile::columns / kAcross;
  using Sums = WarpSums<Type, kRows / 16, kColumns / 16>;
  VK_SHARED(MatrixMemory, sharedA, (kMatrixMemory<Number, 2 * A::kShared>));
  VK_SHARED(MatrixMemory, sharedB, (kMatrixMemory<Number, 2 * B::kShared>));
  VK_SHARED(MatrixMemory, sumTiles, (kMatrixMemory<float, kWarps * Sums::kTile>));
  const int warp = int(threadIdx.x) / kWarpSize;
  const int firstRow = warp / kAcross * kRows, firstColumn = warp % kAcross * kColumns;
  Number* const aTiles = reinterpret_cast<Number*>(sharedA);
  Number* const bTiles = reinterpret_cast<Number*>(sharedB);
  const auto round = [](float value) { return Type::round(value); };
  for (int64_t item = blockIdx.x; item < work.items(); item += gridDim.x) {
    const Place place = placeOf<Tile>(work, item);
    const int64_t firstDepth = place.part % work.splits * work.depthEach;
    const int64_t depth = min(work.depthEach, args.k - firstDepth);
    const MatmulOffsets offsets = offsetsOf(args, place.part / work.splits);
    A a(static_cast<const float*>(args.a) + offsets.a + place.row * args.aRow +
            firstDepth * args.aDepth,
        args.m - place.row, args.aRow, args.aDepth);
    B b(static_cast<const float*>(args.b) + offsets.b + place.column * args.bColumn +
            firstDepth * args.bDepth,
        args.n - place.column, args.bColumn, args.bDepth);
    Sums sums;
    sums.clear();
    __syncthreads();  // of the product before
    if (depth > 0) {
      a.load(stepOf<Tile>(depth));
      b.load(stepOf<Tile>(depth));
      a.store(aTiles, round);
      b.store(bTiles, round);
      __syncthreads();
    }
    int current = 0;
    for (int64_t rest = depth - Tile::depth; rest > -Tile::depth; rest -= Tile::depth) {
      if (rest > 0) {
        a.load(stepOf<Tile>(rest));
        b.load(stepOf<Tile>(rest));
      }
      sums.template add<Tile::depth>(aTiles + current * A::kShared + firstRow, A::kStride,
                                     bTiles + current * B::kShared + firstColumn, B::kStride);
      current ^= 1;
      if (rest > 0) {
        a.store(aTiles + current * A::kShared, round);
        b.store(bTiles + current * B::kShared, round);
        __syncthreads();
      }
    }
    sums.forEach(reinterpret_cast<float*>(sumTiles) + warp * Sums::kTile,
                 [&](int tileRow, int tileColumn, float sum) {
                   const int64_t row = place.row + firstRow + tileRow;
                   const int64_t column = place.column + firstColumn + tileColumn;
                   if (row >= args.m || column >= args.n) return;
                   if (partials != nullptr) {
                     partials[(place.part * args.m + row) * args.n + column] = sum;
                   } else {
                     finish(args, work, offsets, row, column, sum);
                   }
                 });
  }
#else
  __trap();
#endif
}

template <class Type>
void run(const MatmulArgs& given, Context& context, const Workspace& workspace) {
  MatmulArgs args = given;
  if (args.packed != nullptr) args.b = args.packed;
  const Work large = workOf<Large<Type>>(args, false);
  if (args.m > 64 && args.n > 64 && large.items() >= deviceOf(context).multiprocessors()) {
    runTensorTiles(args, context, workspace, large, multiplyTensor<Large<Type>>);
  } else {
    runTensorTiles(args, context, workspace, workOf<Small<Type>>(args, false),
                   multiplyTensor<Small<Type>>);
  }
}

Refusal accepts(const MatmulArgs& args, double error) {
  if (args.type != VK_F32) return "takes f32 only";
  if (args.accuracy < error) return "errs more than is accepted";
  if (args.m < 16 || args.n < 16) return "takes 16 rows and columns, or more";
  if (!hasTensorTypes(args.device)) return "needs a device of compute capability 8.0 or newer";
  return {};
}

}  // namespace

Refusal multiplyBf16Accepts(const MatmulArgs& args) { return accepts(args, kBf16ProductError); }
void multiplyBf16(const MatmulArgs& args, Context& context, const Workspace& workspace) {
  run<Bf16>(args, context, workspace);
}

Refusal multiplyTf32Accepts(const MatmulArgs& args) { return accepts(args, kTf32ProductError); }
void multiplyTf32(const MatmulArgs& args, Context& context, const Workspace& workspace) {
  run<Tf32>(args, context, workspace);
}

}  // namespace cuda
}  // namespace vk
