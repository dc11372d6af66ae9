// Convolution with few channels on one side, down to depthwise: the input that a box of output
// voxels needs lies in shared memory, some channels at a time, beside the weights of kOuts output
// channels. A thread computes four voxels, one above the other, of these channels in registers. All
// taps read the box, so the input is read about once.
#include <algorithm>

#include "conv3d/conv3d_cuda.h"

namespace vk {
namespace {

using namespace cuda;

constexpr int kThreads = 256;
constexpr int kVoxels = 4;
/** Of shared memory: more than one block shall fit a multiprocessor. */
constexpr int64_t kFloats = 24 * 1024 / sizeof(float);
constexpr int64_t kMostFloats = 48 * 1024 / sizeof(float);

struct Boxes {
  /** Outputs of a box along z, y, x. */
  int size[3];
  /** Rows that a thread's voxels are apart where they are not planes. */
  int rows;
  /** Input channels at a time. */
  int channels;
  /** Threads that read a row of the input, a power of two. */
  int lanes;
  /** Boxes along each axis of the largest lattice. */
  int64_t along[3];
  /** Groups of kOuts output channels. */
  int64_t outs;
  int64_t count;
};

struct Axis {
  Conv3dAxis lattice;
  /** First output of the box. */
  int64_t begin;
  /** Input of the box: where it begins and how long it is. */
  int origin, extent;
  /** Steps between taps; the first is the highest where they go backwards. */
  int step, firstTap;
};

/** Kept in shared memory, since sums need the registers. */
struct Box {
  Axis axes[3];
  int64_t firstOut;
  int64_t group;
  /** Image and group. */
  int64_t volume;

  __device__ int extent(int axis) const { return axes[axis].extent; }
  __device__ int taps(int axis) const { return int(axes[axis].lattice.taps); }
  __device__ int allTaps() const { return taps(0) * taps(1) * taps(2); }
};

__device__ Axis axisOf(const Conv3dProblem& problem, const Boxes& boxes, int axis, int64_t lattice,
                       int64_t box) {
  const Conv3dAxis found = conv3dAxisOf(problem, axis, lattice);
  const int reach = found.taps > 0 ? int((found.taps - 1) * found.tapStep) : 0;
  const int64_t begin = box * boxes.size[axis];
  return {found,
          begin,
          int(found.inFirst + begin * found.inStep) + (reach < 0 ? reach : 0),
          int((boxes.size[axis] - 1) * found.inStep) + (reach < 0 ? -reach : reach) + 1,
          int(found.tapStep),
          reach < 0 ? -reach : 0};
}

/** Three threads describe a box. */
__device__ void describe(const Conv3dProblem& problem, const Boxes& boxes, int64_t number, int outs,
                         int axis, Box* box) {
  const Conv3dArgs& args = problem.args;
  int64_t rest = number / boxes.outs;
  int64_t place = rest, lattice = 0;
  rest /= boxes.along[0] * boxes.along[1] * boxes.along[2];
  lattice = rest / (args.batch * args.groups);
  for (int other = 2; other > axis; --other) {
    place /= boxes.along[other];
    lattice /= problem.lattices[other];
  }
  box->axes[axis] =
      axisOf(problem, boxes, axis, lattice % problem.lattices[axis], place % boxes.along[axis]);
  if (axis > 0) return;
  box->firstOut = number % boxes.outs * outs;
  box->volume = rest % (args.batch * args.groups);
  box->group = box->volume % args.groups;
}

/** Weights of `channels` input channels from c0 on: channel, tap, output channel. */
__device__ void readWeights(const Conv3dArgs& args, const Box& box, int outs, int64_t c0,
                            int channels, float* weights) {
  const int taps = box.allTaps();
  for (int i = int(threadIdx.x); i < channels * taps * outs; i += kThreads) {
    const int out = i % outs, tap = i / outs % taps, c = i / outs / taps;
    const Conv3dAxis lattices[3] = {box.axes[0].lattice, box.axes[1].lattice, box.axes[2].lattice};
    const int64_t kernel = conv3dKernelIndex(args, lattices, tap / (box.taps(2) * box.taps(1)),
                                             tap / box.taps(2) % box.taps(1), tap % box.taps(2));
    const int64_t from =
        ((box.group * conv3dVolume(args.kernel) + kernel) * args.inChannels + c0 + c) *
            args.outChannels +
        box.firstOut + out;
    weights[i] =
        box.firstOut + out < args.outChannels ? static_cast<const float*>(args.packed)[from] : 0.0f;
  }
}

/** The box's input of these channels, zeros outside: some threads a row. */
__device__ void readInput(const Conv3dArgs& args, const Box& box, int lanes, int64_t c0,
                          int channels, float* input) {
  const int rows = channels * box.extent(0) * box.extent(1);
  for (int r = int(threadIdx.x) / lanes; r < rows; r += kThreads / lanes) {
    const int y = box.axes[1].origin + r % box.extent(1);
    const int z = box.axes[0].origin + r / box.extent(1) % box.extent(0);
    const int64_t channel = box.volume * args.inChannels + c0 + r / box.extent(1) / box.extent(0);
    const bool inside = z >= 0 && z < args.inSize[0] && y >= 0 && y < args.inSize[1];
    const int64_t from = ((channel * args.inSize[0] + z) * args.inSize[1] + y) * args.inSize[2];
    for (int i = int(threadIdx.x) % lanes; i < box.extent(2); i += lanes) {
      const int x = box.axes[2].origin + i;
      input[r * box.extent(2) + i] = inside && x >= 0 && x < args.inSize[2]
                                         ? static_cast<const float*>(args.input)[from + x]
                                         : 0.0f;
    }
  }
}

/** Adds one channel's taps: `value` is the first voxel's input at the first tap, the others are
 * `apart`. */
template <int kOuts>
__device__ void addTaps(const Box& box, const float* value, int apart, const float* weight,
                        float (&sums)[kVoxels][kOuts]) {
  const int taps[3] = {box.taps(0), box.taps(1), box.taps(2)};
  const int nextX = box.axes[2].step;
  const int nextRow = box.axes[1].step * box.extent(2);
  const int nextPlane = box.axes[0].step * box.extent(1) * box.extent(2);
  for (int tz = 0; tz < taps[0]; ++tz) {
    for (int ty = 0; ty < taps[1]; ++ty) {
      const float* at = value + tz * nextPlane + ty * nextRow;
      for (int tx = 0; tx < taps[2]; ++tx, at += nextX, weight += kOuts) {
        float values[kVoxels], factors[kOuts];
        VK_UNROLL
        for (int v = 0; v < kVoxels; ++v) values[v] = at[v * apart];
        if constexpr (kOuts % 4 == 0) {
          VK_UNROLL
          for (int o = 0; o < kOuts; o += 4) {
            const float4 four = *reinterpret_cast<const float4*>(weight + o);
            factors[o] = four.x;
            factors[o + 1] = four.y;
            factors[o + 2] = four.z;
            factors[o + 3] = four.w;
          }
        } else {
          factors[0] = *weight;
        }
        VK_UNROLL
        for (int v = 0; v < kVoxels; ++v) {
          VK_UNROLL
          for (int o = 0; o < kOuts; ++o) sums[v][o] = fmaf(factors[o], values[v], sums[v][o]);
        }
      }
    }
  }
}

/** The same for one output channel and three taps along z, a plane from one to the next, as the
 * voxels are: they share six inputs, so that 9 values are read for 12 products and not 15. */
__device__ void addTriples(const Box& box, const float* value, int plane, const float* weight,
                           float (&sums)[kVoxels][1]) {
  const int rows = box.taps(1), columns = box.taps(2), each = rows * columns;
  const bool backwards = box.axes[0].step < 0;
  // The lowest plane that the first voxel needs.
  const float* const lowest = value - (backwards ? 2 * plane : 0);
  for (int ty = 0; ty < rows; ++ty) {
    for (int tx = 0; tx < columns; ++tx, ++weight) {
      const float* const at =
          lowest + ty * box.axes[1].step * box.extent(2) + tx * box.axes[2].step;
      float values[kVoxels + 2];
      VK_UNROLL
      for (int v = 0; v < kVoxels + 2; ++v) values[v] = at[v * plane];
      const float low = weight[backwards ? 2 * each : 0], middle = weight[each];
      const float high = weight[backwards ? 0 : 2 * each];
      VK_UNROLL
      for (int v = 0; v < kVoxels; ++v) {
        sums[v][0] = fmaf(low, values[v], sums[v][0]);
        sums[v][0] = fmaf(middle, values[v + 1], sums[v][0]);
        sums[v][0] = fmaf(high, values[v + 2], sums[v][0]);
      }
    }
  }
}

template <int kOuts>
__global__ void __launch_bounds__(kThreads, 2)
    conv3dDirect(Conv3dProblem problem, Boxes boxes, Conv3dFinish<float> finish) {
  VK_SHARED(Box, shared, 1);
  VK_DYNAMIC_SHARED(float, memory);
  const Conv3dArgs& args = problem.args;
  const Box& box = *shared;
  const int column = int(threadIdx.x) % boxes.size[2], row = int(threadIdx.x) / boxes.size[2];
  for (int64_t number = blockIdx.x; number < boxes.count; number += gridDim.x) {
    __syncthreads();  // of the box before
    if (threadIdx.x < 3) describe(problem, boxes, number, kOuts, int(threadIdx.x), shared);
    __syncthreads();
    float sums[kVoxels][kOuts] = {};
    for (int64_t c0 = 0; c0 < args.inChannels; c0 += boxes.channels) {
      const int channels = int(min(int64_t(boxes.channels), args.inChannels - c0));
      float* const input = memory + boxes.channels * box.allTaps() * kOuts;
      if (c0 > 0) __syncthreads();  // of the channels before
      readWeights(args, box, kOuts, c0, channels, memory);
      readInput(args, box, boxes.lanes, c0, channels, input);
      __syncthreads();
      const int first = (box.axes[0].firstTap * box.extent(1) +
                         row * int(box.axes[1].lattice.inStep) + box.axes[1].firstTap) *
                            box.extent(2) +
                        column * int(box.axes[2].lattice.inStep) + box.axes[2].firstTap;
      const int apart =
          box.extent(2) * (boxes.rows == 0 ? int(box.axes[0].lattice.inStep) * box.extent(1)
                                           : int(box.axes[1].lattice.inStep) * boxes.rows);
      const int step = box.axes[0].step;
      const bool triples = boxes.rows == 0 && box.taps(0) == 3 && (step == 1 || step == -1) &&
                           box.axes[0].lattice.inStep == 1;
      for (int c = 0; c < channels; ++c) {
        const float* const value =
            input + first + c * box.extent(0) * box.extent(1) * box.extent(2);
        const float* const weight = memory + c * box.allTaps() * kOuts;
        if constexpr (kOuts == 1) {
          if (triples) {
            addTriples(box, value, apart, weight, sums);
            continue;
          }
        }
        addTaps<kOuts>(box, value, apart, weight, sums);
      }
    }
    const Conv3dAxis& alongZ = box.axes[0].lattice;
    const Conv3dAxis& alongY = box.axes[1].lattice;
    const Conv3dAxis& alongX = box.axes[2].lattice;
    const int64_t x = box.axes[2].begin + column;
    VK_UNROLL
    for (int v = 0; v < kVoxels; ++v) {
      const int64_t z = box.axes[0].begin + (boxes.rows == 0 ? v : 0);
      const int64_t y = box.axes[1].begin + row + v * boxes.rows;
      if (z >= alongZ.count || y >= alongY.count || x >= alongX.count) continue;
      const int64_t place =
          ((box.volume * args.outChannels * args.outSize[0] + alongZ.first + z * alongZ.step) *
               args.outSize[1] +
           alongY.first + y * alongY.step) *
              args.outSize[2] +
          alongX.first + x * alongX.step;
      VK_UNROLL
      for (int o = 0; o < kOuts; ++o) {
        const int64_t out = box.firstOut + o;
        if (out < args.outChannels) {
          finish.write(sums[v][o], box.group * args.outChannels + out,
                       place + out * conv3dVolume(args.outSize));
        }
      }
    }
  }
}

/** Channels that a thread computes. */
int outsOf(const Conv3dProblem& problem) {
  const int64_t out = problem.args.outChannels;
  return out == 1 ? 1 : out <= 4 ? 4 : out <= 8 ? 8 : 16;
}

/** Empty boxes where not even one channel fits. */
Boxes boxesOf(const Conv3dProblem& problem, int64_t* sharedFloats) {
  const Conv3dArgs& args = problem.args;
  const int64_t outputs[3] = {problem.mostOutputs(0), problem.mostOutputs(1),
                              problem.mostOutputs(2)};
  Boxes boxes{};
  boxes.size[2] = outputs[2] > 16 ? 32 : outputs[2] > 8 ? 16 : 8;
  const int rows = kThreads / boxes.size[2];
  const bool planes = outputs[0] > 2;
  boxes.rows = planes ? 0 : rows;
  boxes.size[0] = planes ? kVoxels : 1;
  boxes.size[1] = planes ? rows : rows * kVoxels;
  const int outs = outsOf(problem);
  int64_t inputs = 1, taps = 1;
  for (int axis = 0; axis < 3; ++axis) {
    const int64_t most = problem.mostTaps(axis);
    const int64_t step = problem.transposed
                             ? problem.tapEvery[axis] * args.dilation[axis] / args.stride[axis]
                             : args.dilation[axis];
    const int64_t extent = (boxes.size[axis] - 1) * (problem.transposed ? 1 : args.stride[axis]) +
                           (most - 1) * step + 1;
    if (axis == 2) boxes.lanes = extent > 16 ? 32 : extent > 8 ? 16 : 8;
    // One axis alone may be too long for a product of all.
    inputs = extent > kMostFloats / inputs ? kMostFloats + 1 : inputs * extent;
    taps = most > kMostFloats / taps ? kMostFloats + 1 : taps * most;
    boxes.along[axis] = chunkCount(outputs[axis], boxes.size[axis]);
  }
  const int64_t each = inputs + taps * outs;
  if (each > kMostFloats) return {};
  boxes.channels = int(std::max<int64_t>(1, std::min(args.inChannels, kFloats / each)));
  *sharedFloats = boxes.channels * each;
  boxes.outs = chunkCount(args.outChannels, outs);
  boxes.count = problem.latticeCount() * args.batch * args.groups * boxes.along[0] *
                boxes.along[1] * boxes.along[2] * boxes.outs;
  return boxes;
}

template <int kOuts>
void run(const Conv3dProblem& problem, Context& context) {
  int64_t floats = 0;
  const Boxes boxes = boxesOf(problem, &floats);
  const Grid grid{dim3(blocksFor(boxes.count, 1)), dim3(kThreads), size_t(floats) * sizeof(float)};
  launch(context, grid, conv3dDirect<kOuts>, problem, boxes, Conv3dFinish<float>(problem.args));
}

}  // namespace

Refusal conv3dDirectAccepts(const Conv3dProblem& problem) {
  const Conv3dArgs& args = problem.args;
  if (args.inChannels > 4 && args.outChannels > 8) {
    return "takes up to 4 input channels or up to 8 output channels of a group";
  }
  const Refusal refusal = conv3dFitsInt(problem);
  if (!refusal.empty()) return refusal;
  int64_t floats = 0;
  if (boxesOf(problem, &floats).channels == 0) return "takes no kernels that reach so far";
  return {};
}

void conv3dRunDirect(const Conv3dProblem& problem, Context& context, const Workspace&) {
  switch (outsOf(problem)) {
    case 1:
      return run<1>(problem, context);
    case 4:
      return run<4>(problem, context);
    case 8:
      return run<8>(problem, context);
    default:
      return run<16>(problem, context);
  }
}

}  // namespace vk
