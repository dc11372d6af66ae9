#include "core/carve.h"
#include "cuda/cuda_table.h"
#include "cuda/reduce.h"
#include "exponential/exponential.h"
#include "exponential/exponential_device.h"

namespace vk::exponential_cuda {
namespace {

using namespace cuda;

/** The square of the largest offset in voxels, as the bits of an f64, which order as it does. */
template <class T>
__global__ void __launch_bounds__(256) largestOffset(const T* velocity, FieldMap<double> map,
                                                     int64_t voxels, unsigned long long* largest) {
  double most = 0;
  forEachItem(voxels, [&](int64_t i) {
    double squares = 0;
    for (int r = 0; r < 3; ++r) {
      double offset = 0;
      for (int k = 0; k < 3; ++k) {
        offset += map.offsets[3 * r + k] * double(velocity[k * voxels + i]);
      }
      squares += offset * offset;
    }
    if (squares > most) most = squares;
  });
  most = warpReduce(most, Larger());
  if (threadIdx.x % kWarpSize == 0) {
    atomicMax(largest, static_cast<unsigned long long>(__double_as_longlong(most)));
  }
}

/** Least number of squarings that begin with offsets of half a voxel. Waits for the device. */
template <class T>
int32_t chosenSteps(const ExponentialArgs& args, Context& context, unsigned long long* largest) {
  check(cudaMemsetAsync(largest, 0, sizeof *largest, streamOf(context)));
  const int64_t voxels = exponentialVoxels(args.size);
  launch(context, {dim3(blocksFor(voxels, 256 * 16)), dim3(256)}, largestOffset<T>,
         static_cast<const T*>(args.velocity), FieldMap<double>(args.size, args.displacementMap),
         voxels, largest);
  double squared = 0;
  deliver(context, &squared, largest, sizeof squared);
  int32_t steps = 0;
  for (double offset = sqrt(squared); offset > 0.5 && steps < kExponentialMostSteps; offset /= 2) {
    ++steps;
  }
  return steps;
}

struct Layout {
  Carver carver;
  unsigned long long* largest;
  void* buffer;

  Layout(const ExponentialArgs& args, void* base)
      : carver(base),
        largest(carver.take<unsigned long long>(1)),
        buffer(carver.take<char>(3 * exponentialVoxels(args.size) * elementSize(args.type))) {}
};

int64_t workspaceBytes(const ExponentialArgs& args) { return Layout(args, nullptr).carver.bytes(); }

template <class T>
void exponential(const ExponentialArgs& args, Context& context, const Layout& layout) {
  const int64_t voxels = exponentialVoxels(args.size);
  const int32_t steps =
      args.steps >= 0 ? args.steps : chosenSteps<T>(args, context, layout.largest);
  if (args.stepsUsed != nullptr) *args.stepsUsed = steps;
  const FieldMap<T> map(args.size, args.displacementMap);
  T* const displacement = static_cast<T*>(args.displacement);
  const T* field = static_cast<const T*>(args.velocity);
  if (steps == 0) {
    check(cudaMemcpyAsync(displacement, field, size_t(3 * voxels) * sizeof(T), cudaMemcpyDefault,
                          streamOf(context)));
  }
  T scale = T(ldexp(1.0, -steps));
  for (int32_t left = steps - 1; left >= 0; --left) {
    T* const out = left % 2 == 0 ? displacement : static_cast<T*>(layout.buffer);
    launch(context, gridOver(voxels), exponentialSquare<T>, field, scale, map, Volume(args.size),
           voxels, out);
    field = out;
    scale = 1;
  }
}

void runExponential(const ExponentialArgs& args, Context& context, const Workspace& workspace) {
  const Layout layout(args, workspace.data);
  args.type == VK_F64 ? exponential<double>(args, context, layout)
                      : exponential<float>(args, context, layout);
}

}  // namespace

extern "C" CudaImplementations<ExponentialArgs> exponentialCuda() {
  static const Implementation<ExponentialArgs> rows[] = {
      cuda::row<ExponentialArgs>(runExponential, nullptr, workspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk::exponential_cuda
