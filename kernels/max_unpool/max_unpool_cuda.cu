#include "cuda/cuda_table.h"
#include "cuda/divide.h"
#include "cuda/find_first.h"
#include "cuda/kernel.h"
#include "max_unpool/max_unpool.h"

namespace vk::max_unpool_cuda {
namespace {

using namespace cuda;

struct IsOutside {
  const int64_t* indices;
  int64_t unpooled;
  __device__ bool operator()(int64_t i) const { return indices[i] < -1 || indices[i] >= unpooled; }
};

/** Before anything is written. */
void requireIndices(const char* name, const UnpoolArgs& args, Context& context,
                    const Workspace& workspace) {
  const int64_t first = findFirst(context, IsOutside{args.indices, args.unpooled},
                                  args.volumes * args.pooled, workspace.data);
  if (first < 0) return;
  int64_t index = 0;
  deliver(context, &index, args.indices + first, sizeof index);
  refuseIndex(name, args, index);
}

template <class Args>
int64_t workspaceBytes(const Args&) {
  return kFindFirstBytes;
}

/** For a while the output holds, instead of values, the number (counted from 1) of the value that
 * is the last of those for its place, in an integer of the same size. */
template <class Number>
__global__ void __launch_bounds__(256) lastOfPlace(UnpoolArgs args, Number* numbers) {
  forEachItem(args.volumes * args.pooled, [&](int64_t i) {
    const int64_t place = args.indices[i];
    const Division at = divide(i, args.pooled);
    if (place >= 0)
      atomicMax(numbers + at.quotient * args.unpooled + place, Number(at.remainder + 1));
  });
}

template <class T, class Number>
__global__ void __launch_bounds__(256) valuesOfNumbers(UnpoolArgs args, const T* input, T* output) {
  static_assert(sizeof(T) == sizeof(Number));
  forEachItem(args.volumes * args.unpooled, [&](int64_t i) {
    Number number;
    memcpy(&number, output + i, sizeof number);
    if (number == 0) return;  // and a 0 it is
    output[i] = input[quotient(i, args.unpooled) * args.pooled + int64_t(number) - 1];
  });
}

template <class T, class Number>
void unpool(const MaxUnpoolArgs& args, Context& context) {
  const int64_t places = args.volumes * args.unpooled;
  check(cudaMemsetAsync(args.output, 0, size_t(places) * sizeof(T), streamOf(context)));
  launch(context, gridOver(args.volumes * args.pooled), lastOfPlace<Number>, args,
         static_cast<Number*>(args.output));
  launch(context, gridOver(places), valuesOfNumbers<T, Number>, args,
         static_cast<const T*>(args.input), static_cast<T*>(args.output));
}

Refusal accepts(const MaxUnpoolArgs& args) {
  const bool counts = args.type == VK_F64 || args.pooled < int64_t{0xFFFFFFFF};
  return counts ? "" : "takes volumes of fewer than 2^32 - 1 values";
}

void runUnpool(const MaxUnpoolArgs& args, Context& context, const Workspace& workspace) {
  requireIndices("max_unpool", args, context, workspace);
  if (args.type == VK_F64) {
    unpool<double, unsigned long long>(args, context);
  } else {
    unpool<float, unsigned>(args, context);
  }
}

template <class T>
__global__ void __launch_bounds__(256) unpoolGradient(MaxUnpoolGradientArgs args) {
  forEachItem(args.volumes * args.pooled, [&](int64_t i) {
    const int64_t place = args.indices[i];
    const T* const upstream =
        static_cast<const T*>(args.upstream) + quotient(i, args.pooled) * args.unpooled;
    static_cast<T*>(args.gradient)[i] = place >= 0 ? upstream[place] : T(0);
  });
}

void runGradient(const MaxUnpoolGradientArgs& args, Context& context, const Workspace& workspace) {
  requireIndices("max_unpool_gradient", args, context, workspace);
  launch(context, gridOver(args.volumes * args.pooled),
         args.type == VK_F64 ? unpoolGradient<double> : unpoolGradient<float>, args);
}

}  // namespace

extern "C" CudaImplementations<MaxUnpoolArgs> max_unpoolCuda() {
  static const Implementation<MaxUnpoolArgs> rows[] = {
      cuda::row<MaxUnpoolArgs>(runUnpool, accepts, workspaceBytes)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<MaxUnpoolGradientArgs> max_unpool_gradientCuda() {
  static const Implementation<MaxUnpoolGradientArgs> rows[] = {
      cuda::row<MaxUnpoolGradientArgs>(runGradient, nullptr, workspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk::max_unpool_cuda
