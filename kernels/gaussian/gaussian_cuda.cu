#include "core/carve.h"
#include "cuda/cuda_table.h"
#include "cuda/kernel.h"
#include "gaussian/gaussian.h"
#include "gaussian/gaussian_math.h"

// One axis after the other: z, then y, then x, on what decimation left. A block of 32 x 8 threads
// keeps in shared memory what its outputs weigh; kernels too wide for that read through the caches.

namespace vk::gaussian_cuda {
namespace {

using namespace cuda;

constexpr int kLanes = kWarpSize;
constexpr int kRows = 8;
/** Outputs of a thread, which share the load of a weight. */
constexpr int kEach = 4;
constexpr int64_t kTileBytes = 48 * 1024;

/** One axis. Output j weighs the inputs from first + factor * j on. */
template <class T>
struct Line {
  /** Sum to 1. */
  const T* weights;
  /** Of the weights before each, not normalised. */
  const double* sums;
  int64_t first;
  int64_t count;
  int64_t factor;
  int64_t size;
  int64_t outputSize;
  vk_gaussian_border border;

  /** Inputs that `outputs` neighbouring outputs weigh. */
  __host__ __device__ int64_t span(int64_t outputs) const { return (outputs - 1) * factor + count; }
  /** Of an output near the border, by which its sum grows. */
  __device__ T scaleOf(int64_t output) const {
    if (border != VK_GAUSSIAN_RENORMALISED) return 1;
    const int64_t begin = first + factor * output;
    const int64_t low = max(int64_t(0), -begin);
    const int64_t high = min(count, size - begin);
    if (low >= high || high - low == count) return 1;
    const double inside = sums[high] - sums[low];
    return inside > 0 ? T(sums[count] / inside) : T(1);
  }
};

/** What the first axis reads: the image where the mask counts, or the mask itself. */
template <class T>
struct Source {
  const T* image;
  const uint8_t* mask;

  __device__ T at(int64_t i) const {
    const bool counts = mask == nullptr || mask[i] != 0;
    if (image == nullptr) return counts ? T(1) : T(0);
    return counts ? image[i] : T(0);
  }
  /** Of index i along the line, which may lie outside the image. */
  __device__ T at(const Line<T>& line, int64_t start, int64_t i, int64_t stride) const {
    if (i >= 0 && i < line.size) return at(start + i * stride);
    if (line.border != VK_GAUSSIAN_CLAMP) return 0;
    return at(start + (i < 0 ? 0 : line.size - 1) * stride);
  }
};

/** Lines along y or z, a lane each: from (outer, size, inner) to (outer, outputSize, inner). */
template <class T, bool kTiled>
__global__ void __launch_bounds__(kLanes* kRows, 1)
    acrossLanes(Source<T> source, Line<T> line, int64_t outer, int64_t inner, T* to) {
  VK_DYNAMIC_SHARED(T, shared);
  T* const weights = shared;
  T* const tile = shared + line.count;
  const int lane = int(threadIdx.x), row = int(threadIdx.y);
  constexpr int64_t kOutputs = kRows * kEach;
  const int64_t groups = (inner + kLanes - 1) / kLanes;
  const int64_t pieces = (line.outputSize + kOutputs - 1) / kOutputs;
  for (int64_t t = row * kLanes + lane; kTiled && t < line.count; t += kLanes * kRows) {
    weights[t] = line.weights[t];
  }
  for (int64_t block = blockIdx.x; block < outer * pieces * groups; block += gridDim.x) {
    const int64_t column = block % groups * kLanes + lane;
    const int64_t piece = block / groups % pieces * kOutputs;
    const int64_t plane = block / groups / pieces;
    const int64_t start = plane * line.size * inner + column;
    const int64_t first = line.first + line.factor * piece;
    if (kTiled) {
      const int64_t span = line.span(min(kOutputs, line.outputSize - piece));
      __syncthreads();
      for (int64_t s = row; s < span; s += kRows) {
        tile[s * kLanes + lane] = column < inner ? source.at(line, start, first + s, inner) : T(0);
      }
      __syncthreads();
    }
    if (column >= inner) continue;
    T sums[kEach] = {};
    for (int64_t t = 0; t < line.count; ++t) {
      const T weight = kTiled ? weights[t] : line.weights[t];
      VK_UNROLL
      for (int r = 0; r < kEach; ++r) {
        const int64_t output = row + r * kRows;
        if (piece + output >= line.outputSize) break;
        const int64_t s = output * line.factor + t;
        const T value = kTiled ? tile[s * kLanes + lane] : source.at(line, start, first + s, inner);
        sums[r] = fma(weight, value, sums[r]);
      }
    }
    VK_UNROLL
    for (int r = 0; r < kEach; ++r) {
      const int64_t output = piece + row + r * kRows;
      if (output >= line.outputSize) break;
      to[(plane * line.outputSize + output) * inner + column] = sums[r] * line.scaleOf(output);
    }
  }
}

/** Lines along x, a row of threads each: from (lines, size) to (lines, outputSize). With `totals`,
 * the smoothed mask, sums are divided by it. */
template <class T, bool kTiled>
__global__ void __launch_bounds__(kLanes* kRows, 1)
    alongLanes(Source<T> source, Line<T> line, int64_t lines, const T* totals, T* to) {
  VK_DYNAMIC_SHARED(T, shared);
  constexpr int64_t kOutputs = kLanes * kEach;
  T* const weights = shared;
  const int lane = int(threadIdx.x), row = int(threadIdx.y);
  T* const tile = shared + line.count + row * line.span(kOutputs);
  const int64_t groups = (lines + kRows - 1) / kRows;
  const int64_t pieces = (line.outputSize + kOutputs - 1) / kOutputs;
  for (int64_t t = row * kLanes + lane; kTiled && t < line.count; t += kLanes * kRows) {
    weights[t] = line.weights[t];
  }
  for (int64_t block = blockIdx.x; block < pieces * groups; block += gridDim.x) {
    const int64_t index = block / pieces * kRows + row;
    const int64_t piece = block % pieces * kOutputs;
    const int64_t start = index * line.size;
    const int64_t first = line.first + line.factor * piece;
    if (kTiled) {
      const int64_t span = line.span(min(kOutputs, line.outputSize - piece));
      __syncthreads();
      for (int64_t s = lane; s < span && index < lines; s += kLanes) {
        tile[s] = source.at(line, start, first + s, 1);
      }
      __syncthreads();
    }
    if (index >= lines) continue;
    T sums[kEach] = {};
    for (int64_t t = 0; t < line.count; ++t) {
      const T weight = kTiled ? weights[t] : line.weights[t];
      VK_UNROLL
      for (int r = 0; r < kEach; ++r) {
        const int64_t output = lane + r * kLanes;
        if (piece + output >= line.outputSize) break;
        const int64_t s = output * line.factor + t;
        const T value = kTiled ? tile[s] : source.at(line, start, first + s, 1);
        sums[r] = fma(weight, value, sums[r]);
      }
    }
    VK_UNROLL
    for (int r = 0; r < kEach; ++r) {
      const int64_t output = piece + lane + r * kLanes;
      if (output >= line.outputSize) break;
      const int64_t i = index * line.outputSize + output;
      T result = sums[r] * line.scaleOf(output);
      if (totals != nullptr) result = totals[i] > 0 ? result / totals[i] : T(0);
      to[i] = result;
    }
  }
}

/** One block makes the table of an axis. */
template <class T>
__global__ void __launch_bounds__(256)
    weigh(double sigma, double offset, GaussianTaps taps, double* sums, T* weights) {
  for (int64_t t = threadIdx.x; t < taps.count; t += blockDim.x) {
    sums[t + 1] = gaussianWeight(sigma, offset, taps, t);
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    double sum = 0;
    sums[0] = 0;
    for (int64_t t = 1; t <= taps.count; ++t) sums[t] = sum += sums[t];
  }
  __syncthreads();
  const double whole = sums[taps.count];
  for (int64_t t = threadIdx.x; t < taps.count; t += blockDim.x) {
    weights[t] = T(gaussianWeight(sigma, offset, taps, t) / whole);
  }
}

/** The parts of the workspace, a channel's worth. */
template <class T>
struct Parts {
  GaussianTaps taps[3];
  double* sums[3];
  T* weights[3];
  T* afterZ;
  T* afterY;
  T* totals;
  int64_t bytes;

  Parts(const GaussianArgs& args, void* memory) {
    Carver carver(memory);
    for (int axis = 0; axis < 3; ++axis) {
      taps[axis] = gaussianTaps(args.sigma[axis], args.offset[axis]);
      sums[axis] = carver.take<double>(taps[axis].count + 1);
      weights[axis] = carver.take<T>(taps[axis].count);
    }
    const int64_t* const out = args.outputSize;
    afterZ = carver.take<T>(args.size[0] * args.size[1] * out[2]);
    afterY = carver.take<T>(args.size[0] * out[1] * out[2]);
    totals = args.mask == nullptr ? nullptr : carver.take<T>(out[0] * out[1] * out[2]);
    bytes = carver.bytes();
  }

  Line<T> line(const GaussianArgs& args, int axis) const {
    return {weights[axis],     sums[axis],      taps[axis].first,      taps[axis].count,
            args.factor[axis], args.size[axis], args.outputSize[axis], args.border};
  }
};

int64_t workspaceBytes(const GaussianArgs& args) {
  return args.type == VK_F64 ? Parts<double>(args, nullptr).bytes
                             : Parts<float>(args, nullptr).bytes;
}

Grid gridOfBlocks(int64_t blocks, int64_t sharedBytes) {
  return {dim3(blocksFor(blocks, 1)), dim3(kLanes, kRows), size_t(sharedBytes)};
}

template <class T>
void acrossLanesOf(Context& context, const Source<T>& source, const Line<T>& line, int64_t outer,
                   int64_t inner, T* to) {
  constexpr int64_t kOutputs = kRows * kEach;
  const int64_t blocks = outer * chunkCount(line.outputSize, kOutputs) * chunkCount(inner, kLanes);
  const int64_t bytes = (line.count + line.span(kOutputs) * kLanes) * int64_t(sizeof(T));
  const bool fits = bytes <= kTileBytes;
  launch(context, gridOfBlocks(blocks, fits ? bytes : 0),
         fits ? acrossLanes<T, true> : acrossLanes<T, false>, source, line, outer, inner, to);
}

template <class T>
void alongLanesOf(Context& context, const Source<T>& source, const Line<T>& line, int64_t lines,
                  const T* totals, T* to) {
  constexpr int64_t kOutputs = kLanes * kEach;
  const int64_t blocks = chunkCount(line.outputSize, kOutputs) * chunkCount(lines, kRows);
  const int64_t bytes = (line.count + line.span(kOutputs) * kRows) * int64_t(sizeof(T));
  const bool fits = bytes <= kTileBytes;
  launch(context, gridOfBlocks(blocks, fits ? bytes : 0),
         fits ? alongLanes<T, true> : alongLanes<T, false>, source, line, lines, totals, to);
}

template <class T>
void smooth(const GaussianArgs& args, Context& context, const Parts<T>& parts, Source<T> source,
            const T* totals, T* to) {
  const int64_t* const out = args.outputSize;
  const auto copies = [&](int axis) {
    return parts.taps[axis].count == 1 && parts.taps[axis].first == 0 && args.factor[axis] == 1 &&
           args.size[axis] == out[axis];
  };
  if (!copies(2)) {
    acrossLanesOf(context, source, parts.line(args, 2), 1, args.size[0] * args.size[1],
                  parts.afterZ);
    source = {parts.afterZ, nullptr};
  }
  if (!copies(1)) {
    acrossLanesOf(context, source, parts.line(args, 1), out[2], args.size[0], parts.afterY);
    source = {parts.afterY, nullptr};
  }
  alongLanesOf(context, source, parts.line(args, 0), out[1] * out[2], totals, to);
}

template <class T>
void gaussian(const GaussianArgs& args, Context& context, const Workspace& workspace) {
  const Parts<T> parts(args, workspace.data);
  const int64_t count = args.size[0] * args.size[1] * args.size[2];
  const int64_t outputCount = args.outputSize[0] * args.outputSize[1] * args.outputSize[2];
  if (count == 0) return;
  for (int axis = 0; axis < 3; ++axis) {
    launch(context, {dim3(1), dim3(256)}, weigh<T>, args.sigma[axis], args.offset[axis],
           parts.taps[axis], parts.sums[axis], parts.weights[axis]);
  }
  if (args.mask != nullptr) {
    smooth<T>(args, context, parts, {nullptr, args.mask}, nullptr, parts.totals);
  }
  for (int64_t channel = 0; channel < args.channels; ++channel) {
    smooth<T>(args, context, parts,
              {static_cast<const T*>(args.image) + channel * count, args.mask}, parts.totals,
              static_cast<T*>(args.smoothed) + channel * outputCount);
  }
}

void runGaussian(const GaussianArgs& args, Context& context, const Workspace& workspace) {
  withFloats(args.type, [&](auto number) { gaussian<decltype(number)>(args, context, workspace); });
}

}  // namespace

extern "C" CudaImplementations<GaussianArgs> gaussianCuda() {
  static const Implementation<GaussianArgs> rows[] = {
      cuda::row<GaussianArgs>(runGaussian, nullptr, workspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk::gaussian_cuda
