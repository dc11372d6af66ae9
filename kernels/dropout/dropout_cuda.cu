#include "cuda/cuda_table.h"
#include "cuda/elements.h"
#include "dropout/dropout.h"
#include "dropout/dropout_math.h"

namespace vk::dropout_cuda {
namespace {

using namespace cuda;

/** The four draws of a block of random numbers, in one access of up to 16 bytes each way. */
template <class T>
struct alignas(sizeof(T) > 4 ? 16 : 4 * sizeof(T)) Four {
  T at[4];
};

template <class T>
__device__ Four<T> loadFour(const T* from, int64_t left, bool aligned) {
  if (aligned && left >= 4) return *reinterpret_cast<const Four<T>*>(from);
  Four<T> four{};
  VK_UNROLL
  for (int k = 0; k < 4; ++k) {
    if (k < left) four.at[k] = from[k];
  }
  return four;
}

template <class T>
__device__ void storeFour(const Four<T>& four, T* to, int64_t left, bool aligned) {
  if (aligned && left >= 4) {
    *reinterpret_cast<Four<T>*>(to) = four;
    return;
  }
  VK_UNROLL
  for (int k = 0; k < 4; ++k) {
    if (k < left) to[k] = four.at[k];
  }
}

template <class T>
bool isAligned(const void* address) {
  return reinterpret_cast<uintptr_t>(address) % alignof(Four<T>) == 0;
}

/** Draws the mask, and where a draw is one element's writes the output. */
template <class T>
__global__ void __launch_bounds__(kElementThreads, kElementBlocks)
    dropout(DropoutArgs args, bool masksAligned, bool aligned) {
  const T* const input = static_cast<const T*>(args.input);
  T* const output = static_cast<T*>(args.output);
  const bool writes = args.length == 1;
  forEachItem((args.draws + 3) / 4, [&](int64_t block) {
    const int64_t left = args.draws - 4 * block;
    Four<T> four = writes ? loadFour(input + 4 * block, left, aligned) : Four<T>{};
    const PhiloxBlock random = philox(uint64_t(block), args.sequence, args.seed);
    Four<uint8_t> mask;
    VK_UNROLL
    for (int k = 0; k < 4; ++k) {
      mask.at[k] = random.word[k] >= args.threshold ? 1 : 0;
      four.at[k] = mask.at[k] != 0 ? four.at[k] * T(args.scale) : T(0);
    }
    storeFour(mask, args.mask + 4 * block, left, masksAligned);
    if (writes) storeFour(four, output + 4 * block, left, aligned);
  });
}

/** By a mask that is there. */
template <class T>
__global__ void __launch_bounds__(kElementThreads, kElementBlocks)
    applyMask(DropoutArgs args, Divider length) {
  const T* const input = static_cast<const T*>(args.input);
  T* const output = static_cast<T*>(args.output);
  forEachTile<kItemsEach<T>>(
      args.draws * args.length,
      [&](int64_t i) {
        return args.mask[length.quotient(i)] != 0 ? input[i] * T(args.scale) : T(0);
      },
      [&](int64_t i, T value) { output[i] = value; });
}

void runGradient(const DropoutArgs& args, Context& context, const Workspace&) {
  withFloats(args.type, [&](auto number) {
    using T = decltype(number);
    launch(context, gridOfTiles<kItemsEach<T>>(args.draws * args.length), applyMask<T>, args,
           Divider(args.length));
  });
}

void runDropout(const DropoutArgs& args, Context& context, const Workspace& workspace) {
  withFloats(args.type, [&](auto number) {
    using T = decltype(number);
    launch(context, gridOver(chunkCount(args.draws, 4)), dropout<T>, args,
           isAligned<uint8_t>(args.mask), isAligned<T>(args.input) && isAligned<T>(args.output));
  });
  if (args.length != 1) runGradient(args, context, workspace);
}

}  // namespace

extern "C" CudaImplementations<DropoutArgs> dropoutCuda() {
  static const Implementation<DropoutArgs> rows[] = {cuda::row<DropoutArgs>(runDropout)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<DropoutArgs> dropout_gradientCuda() {
  static const Implementation<DropoutArgs> rows[] = {cuda::row<DropoutArgs>(runGradient)};
  return cuda::table(rows);
}

}  // namespace vk::dropout_cuda
