// What the boxes of a batch have along their axes, in a device's memory: which voxels each bin
// looks at, and with which weights. Whether a sample lies inside, and its weights, are products
// over the axes, so these few numbers are all that there is to know of a box.
#pragma once

#include "core/carve.h"
#include "cuda/divide.h"
#include "cuda/kernel.h"
#include "cuda/reduce.h"
#include "roi_align/roi_align_math.h"

namespace vk::cuda {

/** Voxels [begin, end); empty where the bin has no sample inside or the box no sample at all. */
struct RoiRange {
  int32_t begin;
  int32_t end;
  __device__ bool has(int64_t voxel) const { return voxel >= begin && voxel < end; }
};

template <class T>
struct RoiTables {
  /** Of the batch: its first box and how many there are. */
  int64_t firstBox;
  int64_t boxes;
  int64_t bins[3];
  int64_t size[3];
  /** Of each box its bins along z, then y, then x. */
  RoiRange* ranges;
  /** Of each box the ranges of its bins together. */
  RoiRange* seen;
  /** Of each box and bin one for each voxel of the axis, together with the share of a sample. */
  T* weights;

  VK_HD int64_t binsOfBox() const { return bins[0] + bins[1] + bins[2]; }
  VK_HD int64_t weightsOfBox() const {
    return bins[0] * size[0] + bins[1] * size[1] + bins[2] * size[2];
  }
  /** The ranges of a box of the batch along an axis. */
  VK_HD RoiRange* rangesOf(int64_t box, int axis) const {
    RoiRange* const of = ranges + box * binsOfBox();
    return axis == 0 ? of : of + bins[0] + (axis == 2 ? bins[1] : 0);
  }
  VK_HD T* weightsOf(int64_t box, int axis) const {
    T* const of = weights + box * weightsOfBox();
    return axis == 0 ? of : of + bins[0] * size[0] + (axis == 2 ? bins[1] * size[1] : 0);
  }
};

/** Boxes whose tables are in memory at a time: these many bytes of them, about. */
constexpr int64_t kRoiTableBytes = int64_t{64} << 20;

/** Tables of up to `boxes` boxes, in memory of the carver. */
template <class T>
RoiTables<T> roiTablesAt(const RoiAlignArgs& args, int64_t boxes, Carver& carver) {
  RoiTables<T> tables{};
  tables.boxes = boxes;
  for (int axis = 0; axis < 3; ++axis) {
    tables.bins[axis] = args.outSize[axis];
    tables.size[axis] = args.inSize[axis];
  }
  tables.ranges = carver.take<RoiRange>(boxes * tables.binsOfBox());
  tables.seen = carver.take<RoiRange>(boxes * 3);
  tables.weights = carver.take<T>(boxes * tables.weightsOfBox());
  return tables;
}

/** How many boxes a batch has, where each takes `more` bytes beside its tables. */
template <class T>
int64_t roiBatch(const RoiAlignArgs& args, int64_t more) {
  Carver carver(nullptr);
  roiTablesAt<T>(args, 1, carver);
  const int64_t boxes = kRoiTableBytes / (carver.bytes() + more);
  return boxes < 1 ? 1 : boxes < args.boxCount ? boxes : args.boxCount;
}

struct JoinRanges {
  __device__ RoiRange operator()(const RoiRange& a, const RoiRange& b) const {
    return {min(a.begin, b.begin), max(a.end, b.end)};
  }
};

constexpr int kRoiTableThreads = 128;
constexpr RoiRange kNothing{0x7FFFFFFF, 0};

/** The weight of a voxel in a bin, and whether a sample looks at it at all. */
struct RoiWeight {
  double weight;
  bool seen;
};

__device__ inline RoiWeight roiWeightOf(const RoiSide& side, int64_t bin, int64_t voxel) {
  RoiWeight result{0, false};
  const RoiNumbers near = roiNumbersWithin(side, bin, double(voxel - 1), double(voxel + 1));
  for (double k = near.begin > 0 ? near.begin - 1 : 0; k < near.end; ++k) {
    const double position = side.position(bin, k);
    if (!side.isInside(position)) continue;
    const RoiVoxels at = roiVoxelsAt(position, side.size);
    if (at.low == voxel) result = {result.weight + (1 - at.weight), true};
    if (at.high == voxel) result = {result.weight + at.weight, true};
  }
  result.weight /= side.grid;
  return result;
}

/** A block an axis of a box, a warp a bin, lanes its voxels. */
template <class T>
__global__ void __launch_bounds__(kRoiTableThreads, 1)
    fillRoiTables(RoiAlignArgs args, RoiTables<T> tables) {
  constexpr int kWarps = kRoiTableThreads / kWarpSize;
  VK_SHARED(RoiRange, shared, kWarps);
  const int warp = int(threadIdx.x) / kWarpSize, lane = int(threadIdx.x) % kWarpSize;
  for (int64_t task = blockIdx.x; task < tables.boxes * 3; task += gridDim.x) {
    const int64_t box = task / 3;
    const int axis = int(task % 3);
    bool sampled = true;
    for (int each = 0; each < 3; ++each) {
      sampled = sampled && roiSideOf<T>(args, tables.firstBox + box, each).grid >= 1;
    }
    const RoiSide side = roiSideOf<T>(args, tables.firstBox + box, axis);
    RoiRange all = kNothing;
    for (int64_t bin = warp; bin < tables.bins[axis]; bin += kWarps) {
      RoiRange range = kNothing;
      T* const weights = tables.weightsOf(box, axis) + bin * side.size;
      for (int64_t voxel = lane; voxel < side.size; voxel += kWarpSize) {
        const RoiWeight found = sampled ? roiWeightOf(side, bin, voxel) : RoiWeight{0, false};
        weights[voxel] = T(found.weight);
        if (found.seen) range = JoinRanges()(range, {int32_t(voxel), int32_t(voxel + 1)});
      }
      __syncwarp();
      range = warpReduce(range, JoinRanges());
      all = JoinRanges()(all, range);
      if (lane == 0) tables.rangesOf(box, axis)[bin] = range;
    }
    all = blockReduce<kRoiTableThreads>(all, shared, JoinRanges());
    if (threadIdx.x == 0) tables.seen[task] = all;
  }
}

}  // namespace vk::cuda
