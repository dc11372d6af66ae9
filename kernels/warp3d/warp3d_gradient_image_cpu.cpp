// The adjoint of the sampling with respect to the moving image. Every slab of slices of the moving
// image is one chunk, which goes through the samples that reach it in one order: no two threads
// write to one voxel, and a voxel's sum is added up in the same order whatever the thread count.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "warp3d/warp3d_gradient_image_cpu.cpp"
#include "core/simd_begin.h"
#include "warp3d/warp3d_sample-inl.h"
#include "warp3d/warp3d_scatter-inl.h"
#include "warp3d/warp3d_slabs.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace {

/** The slices of the moving image that one piece of a row reaches: [begin, end). */
struct Reach {
  int32_t begin;
  int32_t end;
};

/** One piece of work: voxels of a row, or points. */
struct Piece {
  int64_t row;
  int64_t begin;
  int64_t end;
};

HWY_INLINE Piece pieceAt(const Warp3dArgs& args, int64_t number) {
  const int64_t perRow = chunkCount(args.domainSize.x, kWarp3dPiece);
  const int64_t row = number / perRow;
  const Range range = chunkRange(args.domainSize.x, kWarp3dPiece, number % perRow);
  return {row, range.begin, range.end};
}

/** Taps of one sample, at most 64, whatever the border. */
template <bool kNearest>
HWY_INLINE void lanePosition(const CellLanes& lanes, const ExactCells& exact, int64_t lane,
                             double p[3]) {
  if (kNearest) {
    for (int r = 0; r < 3; ++r) p[r] = double(exact.nearest[r][lane]);
  } else {
    lanes.position(lane, p);
  }
}

/** Adds what one sample gives to the slices [slabBegin, slabEnd). */
inline HWY_NOINLINE void addSample(const Frame& frame, const double p[3], const float* upstream,
                                   Reach slab) {
  const Warp3dArgs& args = *frame.args;
  if (!warp3dIsSampled(p, frame.size, args.border)) return;
  const Warp3dTaps tx = warp3dTaps(p[0], frame.size[0], args.interpolation, args.border);
  const Warp3dTaps ty = warp3dTaps(p[1], frame.size[1], args.interpolation, args.border);
  const Warp3dTaps tz = warp3dTaps(p[2], frame.size[2], args.interpolation, args.border);
  for (int64_t channel = 0; channel < args.channels; ++channel) {
    float* gradient = static_cast<float*>(args.gradient) + channel * frame.volume;
    const double g = double(upstream[channel * frame.domainCount]);
    for (int c = 0; c < tz.count; ++c) {
      if (tz.index[c] < slab.begin || tz.index[c] >= slab.end) continue;
      for (int b = 0; b < ty.count; ++b) {
        float* row = gradient + (tz.index[c] * frame.size[1] + ty.index[b]) * frame.size[0];
        for (int a = 0; a < tx.count; ++a) {
          const double weight = tz.weight[c] * ty.weight[b] * tx.weight[a];
          if (weight != 0) row[tx.index[a]] += float(weight * g);
        }
      }
    }
  }
}

/** Slices one sample reaches. */
inline HWY_NOINLINE Reach reachOf(const Frame& frame, const double p[3]) {
  const Warp3dArgs& args = *frame.args;
  Reach reach = {INT32_MAX, 0};
  if (!warp3dIsSampled(p, frame.size, args.border)) return reach;
  const Warp3dTaps taps = warp3dTaps(p[2], frame.size[2], args.interpolation, args.border);
  for (int k = 0; k < taps.count; ++k) {
    const int32_t z = int32_t(taps.index[k]);
    reach.begin = z < reach.begin ? z : reach.begin;
    reach.end = z >= reach.end ? z + 1 : reach.end;
  }
  return reach;
}

HWY_INLINE Reach unite(Reach a, Reach b) {
  return {a.begin < b.begin ? a.begin : b.begin, a.end > b.end ? a.end : b.end};
}

/** Cells of one vector, for linear and cubic interpolation in f32, for nearest in f64. */
template <bool kNearest, bool kDense, bool kPoints>
HWY_INLINE Cells cellsFor(const Frame& frame, const Row& row, const Starts& starts, int64_t vector,
                          int64_t i, int64_t n, ExactCells* exact) {
  if (kNearest || kPoints) {
    exactCells(frame, row.number, i, n, exact);
    return toCells(*exact);
  }
  return gridCells<kDense>(frame, row, starts, vector, i, n);
}

/** Whether every sample has a cell, at a border a clamped one. */
HWY_INLINE bool takesCells(const Frame& frame) {
  return frame.args->interpolation == VK_LINEAR && !bordersAreSlow(frame);
}

template <bool kNearest, bool kDense, bool kPoints>
HWY_INLINE Reach reachOfPiece(const Frame& frame, const Piece& piece) {
  const I32 di;
  const Row row(frame, piece.row);
  const Starts starts(row, piece.begin, (piece.end - piece.begin + kLanes - 1) / kLanes);
  Reach reach = {INT32_MAX, 0};
  for (int64_t i = piece.begin, vector = 0; i < piece.end; i += kLanes, ++vector) {
    const int64_t n = piece.end - i < kLanes ? piece.end - i : kLanes;
    ExactCells exact;
    const Cells cells =
        cellsFor<kNearest, kDense, kPoints>(frame, row, starts, vector, i, n, &exact);
    if (takesCells(frame)) {
      const Clamped at = clampCells(frame, cells);
      const auto sampled = hn::RebindMask(di, at.sampled);
      const VecI first = hn::IfThenElse(sampled, at.cells.z, hn::Set(di, INT32_MAX));
      const VecI last = hn::IfThenElse(sampled, at.cells.z, hn::Set(di, -2));
      reach = unite(reach, {hn::GetLane(hn::MinOfLanes(di, first)),
                            hn::GetLane(hn::MaxOfLanes(di, last)) + 2});
      continue;
    }
    const CellLanes lanes(cells);
    for (int64_t k = 0; k < n; ++k) {
      double p[3];
      lanePosition<kNearest>(lanes, exact, k, p);
      reach = unite(reach, reachOf(frame, p));
    }
  }
  return reach;
}

/** dL/dwarped of n samples, 0 where the mask is. */
HWY_INLINE VecF upstreamOf(const float* upstream, const uint8_t* mask, int64_t first, int64_t n) {
  if (mask == nullptr) return loadFirst(upstream + first, n);
  const F32 d;
  HWY_ALIGN float values[kLanes] = {};
  for (int64_t k = 0; k < n; ++k) values[k] = mask[first + k] != 0 ? upstream[first + k] : 0;
  return hn::Load(d, values);
}

HWY_INLINE bool upstreamIsFinite(const Warp3dArgs& args, int64_t first, int64_t n) {
  const F32 d;
  VecF rest = hn::Zero(d);
  for (int64_t channel = 0; channel < args.channels; ++channel) {
    const VecF g =
        upstreamOf(static_cast<const float*>(args.upstream) + channel * args.domainSize.count(),
                   args.mask, first, n);
    rest = hn::Add(rest, hn::Sub(g, g));
  }
  return hn::AllTrue(d, hn::Eq(rest, hn::Zero(d)));
}

/** Adds a batch to all channels. */
template <class Batch>
HWY_INLINE void addBatch(const Frame& frame, const ScatterSlab& slab, Batch& batch) {
  const Warp3dArgs& args = *frame.args;
  for (int64_t channel = 0; channel < args.channels; ++channel) {
    const float* upstream = static_cast<const float*>(args.upstream) + channel * frame.domainCount;
    batch.addTo(
        slab, static_cast<float*>(args.gradient) + channel * frame.volume,
        [&](int64_t first, int64_t n)
            HWY_ATTR { return upstreamOf(upstream, args.mask, first, n); },
        // Vectors with such values are not in the batch.
        [](int64_t, float) HWY_ATTR {});
  }
  batch.count = 0;
}

/** Puts one vector into the batch if it reaches the slab. */
template <class Batch>
HWY_INLINE void addVector(const Frame& frame, const Cells& cells, int64_t first, int64_t n,
                          const ScatterSlab& slab, Batch& batch) {
  const F32 d;
  const I32 di;
  const Clamped at = clampCells(frame, cells);
  const auto reaches = hn::And(hn::Lt(at.cells.z, hn::Set(di, slab.end)),
                               hn::Gt(at.cells.z, hn::Set(di, slab.begin - 2)));
  if (hn::AllFalse(di, hn::And(reaches, hn::RebindMask(di, at.sampled)))) return;
  const auto sides = [&](VecI cell, VecF fraction) HWY_ATTR {
    // A position that is NaN has a fraction that is.
    const VecF f = hn::IfThenElseZero(at.sampled, fraction);
    return ScatterAxis{cell, {hn::IfThenElseZero(at.sampled, hn::Sub(hn::Set(d, 1.0f), f)), f}};
  };
  const VecF fz = frame.size[2] > 1 ? at.cells.fz : hn::Zero(d);
  batch.add(slab, sides(at.cells.x, at.cells.fx), sides(at.cells.z, fz),
            sides(at.cells.y, at.cells.fy), first, n,
            static_cast<const float*>(frame.args->gradient));
  if (batch.full()) addBatch(frame, slab, batch);
}

template <bool kNearest, bool kDense, bool kPoints, class Batch>
HWY_INLINE void addPiece(const Frame& frame, const Piece& piece, const ScatterSlab& slab,
                         Batch& batch) {
  const Warp3dArgs& args = *frame.args;
  const Row row(frame, piece.row);
  const Starts starts(row, piece.begin, (piece.end - piece.begin + kLanes - 1) / kLanes);
  const int64_t at = piece.row * args.domainSize.x;
  const float* upstream = static_cast<const float*>(args.upstream) + at;
  const uint8_t* mask = args.mask != nullptr ? args.mask + at : nullptr;
  for (int64_t i = piece.begin, vector = 0; i < piece.end; i += kLanes, ++vector) {
    const int64_t n = piece.end - i < kLanes ? piece.end - i : kLanes;
    ExactCells exact;
    const Cells cells =
        cellsFor<kNearest, kDense, kPoints>(frame, row, starts, vector, i, n, &exact);
    if (takesCells(frame) && HWY_LIKELY(upstreamIsFinite(args, at + i, n))) {
      addVector(frame, cells, at + i, n, slab, batch);
      continue;
    }
    const CellLanes lanes(cells);
    for (int64_t k = 0; k < n; ++k) {
      if (mask != nullptr && mask[i + k] == 0) continue;
      double p[3];
      lanePosition<kNearest>(lanes, exact, k, p);
      addSample(frame, p, upstream + i + k, {slab.begin, slab.end});
    }
  }
}

template <bool kNearest, bool kDense, bool kPoints, class Offset>
void gradientImage(const Warp3dArgs& args, Context& context, Reach* reaches) {
  const int64_t pieces = warp3dPieces(args);
  constexpr int64_t kPiecesAChunk = 64;
  parallelFor(context, chunkCount(pieces, kPiecesAChunk), [&](int64_t chunk) HWY_ATTR {
    const Frame frame = makeFrame(args);
    const Range range = chunkRange(pieces, kPiecesAChunk, chunk);
    for (int64_t k = range.begin; k < range.end; ++k) {
      reaches[k] = reachOfPiece<kNearest, kDense, kPoints>(frame, pieceAt(args, k));
    }
  });
  const int64_t slice = args.movingSize.x * args.movingSize.y;
  const int64_t slabSize = warp3dSlab(args);
  parallelFor(context, chunkCount(args.movingSize.z, slabSize), [&](int64_t chunk) HWY_ATTR {
    const Frame frame = makeFrame(args);
    const Range range = chunkRange(args.movingSize.z, slabSize, chunk);
    const Reach slab = {int32_t(range.begin), int32_t(range.end)};
    for (int64_t channel = 0; channel < args.channels; ++channel) {
      float* out = static_cast<float*>(args.gradient) + channel * frame.volume;
      for (int64_t i = range.begin * slice; i < range.end * slice; ++i) out[i] = 0;
    }
    const ScatterSlab scatter = {slab.begin, slab.end, slice, args.movingSize.x,
                                 stridesOf(frame).y};
    ScatterBatch<4, Offset> batch;
    for (int64_t k = 0; k < pieces; ++k) {
      if (reaches[k].begin >= slab.end || reaches[k].end <= slab.begin) continue;
      addPiece<kNearest, kDense, kPoints>(frame, pieceAt(args, k), scatter, batch);
    }
    addBatch(frame, scatter, batch);
  });
}

template <bool kNearest, class Offset>
void gradientImageOver(const Warp3dArgs& args, Context& context, Reach* reaches) {
  if (args.points != nullptr) {
    gradientImage<kNearest, false, true, Offset>(args, context, reaches);
  } else if (args.displacement != nullptr) {
    gradientImage<kNearest, true, false, Offset>(args, context, reaches);
  } else {
    gradientImage<kNearest, false, false, Offset>(args, context, reaches);
  }
}

}  // namespace

void warp3dGradientImageCpu(const Warp3dArgs& args, Context& context, const Workspace& workspace) {
  Reach* reaches = workspace.as<Reach>();
  if (args.interpolation == VK_NEAREST) {
    gradientImageOver<true, int64_t>(args, context, reaches);
  } else if (args.movingSize.count() > INT32_MAX) {
    gradientImageOver<false, int64_t>(args, context, reaches);
  } else {
    gradientImageOver<false, uint32_t>(args, context, reaches);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(warp3dGradientImageCpu);

int64_t warp3dPieces(const Warp3dArgs& args) {
  return chunkCount(args.domainSize.x, kWarp3dPiece) * args.domainSize.y * args.domainSize.z;
}

int64_t warp3dGradientImageWorkspaceBytes(const Warp3dArgs& args) {
  return warp3dPieces(args) * 2 * static_cast<int64_t>(sizeof(int32_t));
}

}  // namespace vk
#endif
