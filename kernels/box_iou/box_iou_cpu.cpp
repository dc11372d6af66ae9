#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "box_iou/box_iou_cpu.cpp"
#include "core/simd_begin.h"
#include "box_iou/box_columns-inl.h"
#include "box_iou/box_iou.h"
#include "box_iou/box_iou_math.h"
#include "core/scratch.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
constexpr int64_t kPairs = 256;
constexpr int64_t kTransposed = 4096;
/** Overlaps of one chunk of the pairwise table. */
constexpr int64_t kChunk = 65536;

HWY_ATTR HWY_INLINE void store(BoxVector value, float* to, int64_t count) {
  const BoxTag d;
  if (count >= static_cast<int64_t>(hn::Lanes(d))) {
    hn::StoreU(value, d, to);
  } else {
    hn::BlendedStore(value, hn::FirstN(d, static_cast<size_t>(count)), d, to);
  }
}

template <int kDimensions, vk_box_overlap kKind>
HWY_ATTR void rows(const BoxIouArgs& args, const BoxLanes& b, int64_t begin, int64_t end) {
  const BoxTag d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  float values[7];
  const BoxLanes single{
      {values, values + 1, values + 2}, {values + 3, values + 4, values + 5}, values + 6};
  for (int64_t i = begin; i < end; ++i) {
    transposeBoxes(args.a, i, i + 1, single);
    BoxVector aLow[kDimensions], aHigh[kDimensions];
    for (int axis = 0; axis < kDimensions; ++axis) {
      aLow[axis] = hn::Set(d, *single.low[axis]);
      aHigh[axis] = hn::Set(d, *single.high[axis]);
    }
    const BoxVector aVolume = hn::Set(d, *single.volume);
    float* const row = static_cast<float*>(args.overlap) + i * args.b.count;
    for (int64_t j = 0; j < args.b.count; j += lanes) {
      BoxVector bLow[kDimensions], bHigh[kDimensions];
      for (int axis = 0; axis < kDimensions; ++axis) {
        bLow[axis] = hn::LoadU(d, b.low[axis] + j);
        bHigh[axis] = hn::LoadU(d, b.high[axis] + j);
      }
      store(boxOverlap<kDimensions, kKind>(aLow, aHigh, aVolume, bLow, bHigh,
                                           hn::LoadU(d, b.volume + j)),
            row + j, args.b.count - j);
    }
  }
}

template <int kDimensions, vk_box_overlap kKind>
HWY_ATTR void pairs(const BoxIouArgs& args, int64_t begin, int64_t end) {
  const BoxTag d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  float memory[2][7][kPairs];
  BoxLanes columns[2];
  for (int side = 0; side < 2; ++side) {
    for (int axis = 0; axis < 3; ++axis) {
      columns[side].low[axis] = memory[side][axis];
      columns[side].high[axis] = memory[side][3 + axis];
    }
    columns[side].volume = memory[side][6];
    // The lanes beyond the last pair are computed too, and thrown away.
    for (auto& column : memory[side]) {
      for (int64_t i = (end - begin) / kBoxLine * kBoxLine; i < kPairs; ++i) column[i] = 0;
    }
  }
  transposeBoxes(args.a, begin, end, columns[0]);
  transposeBoxes(args.b, begin, end, columns[1]);
  for (int64_t i = 0; i < end - begin; i += lanes) {
    BoxVector low[2][kDimensions], high[2][kDimensions];
    for (int side = 0; side < 2; ++side) {
      for (int axis = 0; axis < kDimensions; ++axis) {
        low[side][axis] = hn::LoadU(d, columns[side].low[axis] + i);
        high[side][axis] = hn::LoadU(d, columns[side].high[axis] + i);
      }
    }
    store(boxOverlap<kDimensions, kKind>(low[0], high[0], hn::LoadU(d, columns[0].volume + i),
                                         low[1], high[1], hn::LoadU(d, columns[1].volume + i)),
          static_cast<float*>(args.overlap) + begin + i, end - begin - i);
  }
}

/** The members of the first or second template above for the arguments' dimensions and kind. */
using Rows = void (*)(const BoxIouArgs&, const BoxLanes&, int64_t, int64_t);
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

void boxIouCpu(const BoxIouArgs& args, Context& context, const Workspace& workspace) {
  const int64_t m = args.b.count;
  if (args.a.count == 0 || m == 0) return;
  WorkspaceLayout layout(workspace.data);
  const BoxLanes b = boxLanesOf(layout, m);
  for (int64_t i = m / kBoxLine * kBoxLine; i < (m + kBoxLine - 1) / kBoxLine * kBoxLine; ++i) {
    for (int axis = 0; axis < 3; ++axis) b.low[axis][i] = b.high[axis][i] = 0;
    b.volume[i] = 0;
  }
  parallelFor(context, chunkCount(m, kTransposed), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(m, kTransposed, chunk);
    BoxLanes part = b;
    for (int axis = 0; axis < 3; ++axis) {
      part.low[axis] += range.begin;
      part.high[axis] += range.begin;
    }
    part.volume += range.begin;
    transposeBoxes(args.b, range.begin, range.end, part);
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
  HWY_STATIC_DISPATCH(boxLanesOf)(layout, args.b.count);
  return layout.bytes();
}

}  // namespace vk
#endif
