#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "box_iou/box_iou_cpu.cpp"
#include "box_iou/box_iou.h"
#include "box_iou/box_iou_math.h"
#include "core/scratch.h"
#include "core/simd_begin.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

/** Boxes turned into one array a coordinate are padded to a multiple of this, the most lanes there
 * are. */
constexpr int64_t kLine = 16;
constexpr int64_t kPairs = 256;
constexpr int64_t kTransposed = 4096;
/** Overlaps of one chunk of the pairwise table. */
constexpr int64_t kChunk = 65536;

struct Columns {
  float* low[3];
  float* high[3];
  /** NaN where a coordinate is NaN or out of range. */
  float* volume;
};

HWY_ATTR void transpose(const Boxes& boxes, int64_t begin, int64_t end, const Columns& to) {
  const int n = boxes.dimensions;
  for (int64_t i = begin; i < end; ++i) {
    const float* const box = static_cast<const float*>(boxes.data) + i * 2 * n;
    float volume = 1;
    bool usable = true;
    for (int axis = 0; axis < n; ++axis) {
      const float low = box[axis], high = box[n + axis];
      constexpr float kLargest = static_cast<float>(kLargestBoxCoordinate);
      usable =
          usable && low >= -kLargest && low <= kLargest && high >= -kLargest && high <= kLargest;
      to.low[axis][i - begin] = low;
      to.high[axis][i - begin] = high;
      volume *= high > low ? high - low : 0.0f;
    }
    to.volume[i - begin] = usable ? volume : __builtin_nanf("");
  }
}

template <int kDimensions, vk_box_overlap kKind>
HWY_ATTR HWY_INLINE V overlap(const V* aLow, const V* aHigh, V aVolume, const V* bLow,
                              const V* bHigh, V bVolume) {
  const D d;
  const V zero = hn::Zero(d);
  V common = hn::Set(d, 1.0f), hull = common, diagonal = zero, distance = zero;
  for (int axis = 0; axis < kDimensions; ++axis) {
    const V inner = hn::Sub(hn::Min(aHigh[axis], bHigh[axis]), hn::Max(aLow[axis], bLow[axis]));
    common = hn::Mul(common, hn::Max(inner, zero));
    if (kKind == VK_BOX_IOU) continue;
    const V outer =
        hn::Max(hn::Sub(hn::Max(aHigh[axis], bHigh[axis]), hn::Min(aLow[axis], bLow[axis])), zero);
    hull = hn::Mul(hull, outer);
    if (kKind == VK_BOX_GIOU) continue;
    // Differences first: coordinates may be large beside the extents.
    const V between = hn::Add(hn::Sub(aLow[axis], bLow[axis]), hn::Sub(aHigh[axis], bHigh[axis]));
    distance = hn::MulAdd(between, between, distance);
    diagonal = hn::MulAdd(outer, outer, diagonal);
  }
  const V both = hn::Sub(hn::Add(aVolume, bVolume), common);
  // NaN stays: it is not less than or equal to 0.
  const V iou = hn::IfThenZeroElse(hn::Le(both, zero), hn::Div(common, both));
  if (kKind == VK_BOX_GIOU) {
    const V share = hn::Div(hn::Sub(hull, both), hull);
    return hn::Sub(iou, hn::IfThenZeroElse(hn::Le(hull, zero), share));
  }
  if (kKind == VK_BOX_DIOU) {
    const V share = hn::Div(hn::Mul(hn::Set(d, 0.25f), distance), diagonal);
    return hn::Sub(iou, hn::IfThenZeroElse(hn::Le(diagonal, zero), share));
  }
  return iou;
}

HWY_ATTR HWY_INLINE void store(V value, float* to, int64_t count) {
  const D d;
  if (count >= static_cast<int64_t>(hn::Lanes(d))) {
    hn::StoreU(value, d, to);
  } else {
    hn::BlendedStore(value, hn::FirstN(d, static_cast<size_t>(count)), d, to);
  }
}

template <int kDimensions, vk_box_overlap kKind>
HWY_ATTR void rows(const BoxIouArgs& args, const Columns& b, int64_t begin, int64_t end) {
  const D d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  float values[7];
  const Columns single{
      {values, values + 1, values + 2}, {values + 3, values + 4, values + 5}, values + 6};
  for (int64_t i = begin; i < end; ++i) {
    transpose(args.a, i, i + 1, single);
    V aLow[kDimensions], aHigh[kDimensions];
    for (int axis = 0; axis < kDimensions; ++axis) {
      aLow[axis] = hn::Set(d, *single.low[axis]);
      aHigh[axis] = hn::Set(d, *single.high[axis]);
    }
    const V aVolume = hn::Set(d, *single.volume);
    float* const row = static_cast<float*>(args.overlap) + i * args.b.count;
    for (int64_t j = 0; j < args.b.count; j += lanes) {
      V bLow[kDimensions], bHigh[kDimensions];
      for (int axis = 0; axis < kDimensions; ++axis) {
        bLow[axis] = hn::LoadU(d, b.low[axis] + j);
        bHigh[axis] = hn::LoadU(d, b.high[axis] + j);
      }
      store(overlap<kDimensions, kKind>(aLow, aHigh, aVolume, bLow, bHigh,
                                        hn::LoadU(d, b.volume + j)),
            row + j, args.b.count - j);
    }
  }
}

template <int kDimensions, vk_box_overlap kKind>
HWY_ATTR void pairs(const BoxIouArgs& args, int64_t begin, int64_t end) {
  const D d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  float memory[2][7][kPairs];
  Columns columns[2];
  for (int side = 0; side < 2; ++side) {
    for (int axis = 0; axis < 3; ++axis) {
      columns[side].low[axis] = memory[side][axis];
      columns[side].high[axis] = memory[side][3 + axis];
    }
    columns[side].volume = memory[side][6];
    // The lanes beyond the last pair are computed too, and thrown away.
    for (auto& column : memory[side]) {
      for (int64_t i = (end - begin) / kLine * kLine; i < kPairs; ++i) column[i] = 0;
    }
  }
  transpose(args.a, begin, end, columns[0]);
  transpose(args.b, begin, end, columns[1]);
  for (int64_t i = 0; i < end - begin; i += lanes) {
    V low[2][kDimensions], high[2][kDimensions];
    for (int side = 0; side < 2; ++side) {
      for (int axis = 0; axis < kDimensions; ++axis) {
        low[side][axis] = hn::LoadU(d, columns[side].low[axis] + i);
        high[side][axis] = hn::LoadU(d, columns[side].high[axis] + i);
      }
    }
    store(overlap<kDimensions, kKind>(low[0], high[0], hn::LoadU(d, columns[0].volume + i), low[1],
                                      high[1], hn::LoadU(d, columns[1].volume + i)),
          static_cast<float*>(args.overlap) + begin + i, end - begin - i);
  }
}

/** The members of the first or second template above for the arguments' dimensions and kind. */
using Rows = void (*)(const BoxIouArgs&, const Columns&, int64_t, int64_t);
using Pairs = void (*)(const BoxIouArgs&, int64_t, int64_t);

HWY_ATTR Rows rowsFor(const BoxIouArgs& args) {
  const bool flat = args.a.dimensions == 2;
  switch (args.kind) {
    case VK_BOX_GIOU:
      return flat ? rows<2, VK_BOX_GIOU> : rows<3, VK_BOX_GIOU>;
    case VK_BOX_DIOU:
      return flat ? rows<2, VK_BOX_DIOU> : rows<3, VK_BOX_DIOU>;
    default:
      return flat ? rows<2, VK_BOX_IOU> : rows<3, VK_BOX_IOU>;
  }
}

HWY_ATTR Pairs pairsFor(const BoxIouArgs& args) {
  const bool flat = args.a.dimensions == 2;
  switch (args.kind) {
    case VK_BOX_GIOU:
      return flat ? pairs<2, VK_BOX_GIOU> : pairs<3, VK_BOX_GIOU>;
    case VK_BOX_DIOU:
      return flat ? pairs<2, VK_BOX_DIOU> : pairs<3, VK_BOX_DIOU>;
    default:
      return flat ? pairs<2, VK_BOX_IOU> : pairs<3, VK_BOX_IOU>;
  }
}

HWY_ATTR Columns columnsOf(WorkspaceLayout& layout, int64_t count) {
  const int64_t padded = (count + kLine - 1) / kLine * kLine;
  Columns columns;
  for (int axis = 0; axis < 3; ++axis) columns.low[axis] = layout.take<float>(padded);
  for (int axis = 0; axis < 3; ++axis) columns.high[axis] = layout.take<float>(padded);
  columns.volume = layout.take<float>(padded);
  return columns;
}

void boxIouCpu(const BoxIouArgs& args, Context& context, const Workspace& workspace) {
  const int64_t m = args.b.count;
  if (args.a.count == 0 || m == 0) return;
  WorkspaceLayout layout(workspace.data);
  const Columns b = columnsOf(layout, m);
  for (int64_t i = m / kLine * kLine; i < (m + kLine - 1) / kLine * kLine; ++i) {
    for (int axis = 0; axis < 3; ++axis) b.low[axis][i] = b.high[axis][i] = 0;
    b.volume[i] = 0;
  }
  parallelFor(context, chunkCount(m, kTransposed), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(m, kTransposed, chunk);
    Columns part = b;
    for (int axis = 0; axis < 3; ++axis) {
      part.low[axis] += range.begin;
      part.high[axis] += range.begin;
    }
    part.volume += range.begin;
    transpose(args.b, range.begin, range.end, part);
  });
  const Rows run = rowsFor(args);
  const int64_t rowsAChunk = m < kChunk ? kChunk / m : 1;
  parallelFor(context, chunkCount(args.a.count, rowsAChunk), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(args.a.count, rowsAChunk, chunk);
    run(args, b, range.begin, range.end);
  });
}

void boxIouPairedCpu(const BoxIouArgs& args, Context& context, const Workspace&) {
  const Pairs run = pairsFor(args);
  parallelFor(context, chunkCount(args.a.count, kTransposed), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(args.a.count, kTransposed, chunk);
    for (int64_t i = range.begin; i < range.end; i += kPairs) {
      run(args, i, i + kPairs < range.end ? i + kPairs : range.end);
    }
  });
}

HWY_ATTR void gradientOfPair(const BoxIouGradientArgs& args, int64_t pair) {
  const int n = 2 * args.a.dimensions;
  const float* const a = static_cast<const float*>(args.a.data) + pair * n;
  const float* const b = static_cast<const float*>(args.b.data) + pair * n;
  double wide[2][6], gradient[12];
  bool usable = true;
  for (int i = 0; i < n; ++i) {
    wide[0][i] = static_cast<double>(a[i]);
    wide[1][i] = static_cast<double>(b[i]);
    for (const auto& box : wide) {
      usable = usable && box[i] >= -kLargestBoxCoordinate && box[i] <= kLargestBoxCoordinate;
    }
  }
  if (usable) {
    boxOverlapGradient(wide[0], wide[1], args.a.dimensions, args.kind,
                       static_cast<double>(static_cast<const float*>(args.gradientOverlap)[pair]),
                       gradient);
  } else {
    for (double& value : gradient) value = __builtin_nan("");
  }
  float* const to[2] = {static_cast<float*>(args.gradientA), static_cast<float*>(args.gradientB)};
  for (int side = 0; side < 2; ++side) {
    if (to[side] == nullptr) continue;
    for (int i = 0; i < n; ++i) to[side][pair * n + i] = static_cast<float>(gradient[side * n + i]);
  }
}

void boxIouGradientCpu(const BoxIouGradientArgs& args, Context& context, const Workspace&) {
  parallelFor(context, chunkCount(args.a.count, kTransposed), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(args.a.count, kTransposed, chunk);
    for (int64_t i = range.begin; i < range.end; ++i) gradientOfPair(args, i);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(boxIouCpu);
VK_SIMD_TABLE(boxIouPairedCpu);
VK_SIMD_TABLE(boxIouGradientCpu);

int64_t boxIouCpuWorkspaceBytes(const BoxIouArgs& args) {
  WorkspaceLayout layout(nullptr);
  HWY_STATIC_DISPATCH(columnsOf)(layout, args.b.count);
  return layout.bytes();
}

}  // namespace vk
#endif
