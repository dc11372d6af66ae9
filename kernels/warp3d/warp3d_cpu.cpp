#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "warp3d/warp3d_cpu.cpp"
#include "core/simd_begin.h"
#include "warp3d/warp3d_batch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace {

/** Writes the `inside` flags of one vector. */
HWY_INLINE void storeInside(const Frame& frame, const int32_t nearest[3][kLanes], int64_t n,
                            uint8_t* inside) {
  const uint8_t* mask = frame.args->movingMask;
  const int64_t* size = frame.size;
  for (int64_t k = 0; k < n; ++k) {
    const int64_t x = nearest[0][k];
    const int64_t y = nearest[1][k];
    const int64_t z = nearest[2][k];
    bool in = x >= 0 && x < size[0] && y >= 0 && y < size[1] && z >= 0 && z < size[2];
    if (in && mask != nullptr) in = mask[(z * size[1] + y) * size[0] + x] != 0;
    inside[k] = in ? 1 : 0;
  }
}

inline HWY_NOINLINE void storeInsideOf(const Frame& frame, const Cells& cells, int64_t n,
                                       uint8_t* inside) {
  const I32 di;
  HWY_ALIGN int32_t nearest[3][kLanes];
  hn::Store(nearestOf(cells.x, cells.fx), di, nearest[0]);
  hn::Store(nearestOf(cells.y, cells.fy), di, nearest[1]);
  hn::Store(nearestOf(cells.z, cells.fz), di, nearest[2]);
  storeInside(frame, nearest, n, inside);
}

/** What a row is written to, and where it is wanted. */
struct RowOutput {
  float* warped;
  uint8_t* inside;
  const uint8_t* mask;
  int64_t channelStride;
  int64_t channels;
  float fill;

  /** Makes voxels outside the mask outside. */
  HWY_INLINE void applyMask(int64_t i, int64_t n) const {
    for (int64_t k = i; k < i + n; ++k) {
      if (mask[k] != 0) continue;
      for (int64_t channel = 0; channel < channels; ++channel) {
        warped[channel * channelStride + k] = fill;
      }
      if (inside != nullptr) inside[k] = 0;
    }
  }
};

/** Vectors of which some lane is at a border or outside, clamped so that every lane is safe to
 * load. */
template <class Offset>
struct ClampedBatch {
  Batch<Offset> batch;
  /** 0 in lanes that take the fill value. */
  HWY_ALIGN int32_t sampled[kBatchVectors][kLanes];
  int64_t lanes[kBatchVectors];

  HWY_INLINE void add(const Frame& frame, const Cells& cells, int64_t i, int64_t n) {
    const I32 di;
    const Clamped at = clampCells(frame, cells);
    hn::Store(hn::VecFromMask(di, hn::RebindMask(di, at.sampled)), di, sampled[batch.count]);
    lanes[batch.count] = n;
    batch.add(frame, at.cells, i);
  }

  HWY_INLINE void store(int64_t k, VecF value, float fill, float* warped) const {
    const F32 d;
    const I32 di;
    const auto counts = hn::RebindMask(d, hn::Ne(hn::Load(di, sampled[k]), hn::Zero(di)));
    storeFirst(hn::IfThenElse(counts, value, hn::Set(d, fill)), warped + batch.first[k], lanes[k]);
  }
};

/** One vector that goes lane by lane. */
inline HWY_NOINLINE void interpolateSlowly(const Frame& frame, const Cells& cells,
                                           const RowOutput& output, int64_t i, int64_t n) {
  const float* moving = static_cast<const float*>(frame.args->moving);
  for (int64_t channel = 0; channel < frame.args->channels; ++channel) {
    storeFirst(slowValue(frame, moving + channel * frame.volume, cells),
               output.warped + channel * output.channelStride + i, n);
  }
}

/** Linear or cubic interpolation of the voxels [begin, end) of one row. */
template <bool kCubic, bool kDense, bool kPoints, class Offset>
HWY_INLINE void interpolateRow(const Frame& frame, int64_t row, int64_t begin, int64_t end) {
  const F32 d;
  const Warp3dArgs& args = *frame.args;
  const int64_t at = row * args.domainSize.x;
  const RowOutput output = {static_cast<float*>(args.warped) + at,
                            args.inside != nullptr ? args.inside + at : nullptr,
                            args.mask != nullptr ? args.mask + at : nullptr,
                            frame.domainCount,
                            args.channels,
                            float(args.fillValue)};
  const Strides strides = stridesOf(frame);
  const Row position(frame, row);
  const bool slow = kCubic || bordersAreSlow(frame);
  ClampedBatch<Offset> clamped;
  const auto interior = [&](const Cells& cells, int64_t i) HWY_ATTR {
    if (output.inside == nullptr) return;
    if (args.movingMask != nullptr) {
      storeInsideOf(frame, cells, kLanes, output.inside + i);
    } else {
      for (int64_t k = 0; k < kLanes; ++k) output.inside[i + k] = 1;
    }
  };
  const auto border = [&](const Cells& cells, int64_t i, int64_t n) HWY_ATTR {
    if (slow) {
      interpolateSlowly(frame, cells, output, i, n);
    } else {
      clamped.add(frame, cells, i, n);
    }
    if (output.inside != nullptr) storeInsideOf(frame, cells, n, output.inside + i);
  };
  const auto masked = [](int64_t, int64_t) HWY_ATTR {};
  for (int64_t first = begin; first < end; first += kBatchVoxels) {
    const int64_t last = end - first < kBatchVoxels ? end : first + kBatchVoxels;
    Batch<Offset> batch;
    clamped.batch.count = 0;
    collect<kDense, kPoints>(frame, position, first, last, !kCubic, output.mask, interior, border,
                             masked, &batch);
    for (int64_t channel = 0; channel < args.channels; ++channel) {
      const float* moving = static_cast<const float*>(args.moving) + channel * frame.volume;
      float* warped = output.warped + channel * output.channelStride;
      const bool more = channel + 1 < args.channels;
      for (int64_t k = 0; k < batch.count; ++k) {
        if (more) batch.prefetch(frame, moving + frame.volume, k);
        hn::StoreU(interiorValue(moving, strides, batch.offsets[k], batch.cells(k)), d,
                   warped + batch.first[k]);
      }
      for (int64_t k = 0; k < clamped.batch.count; ++k) {
        const VecF value =
            interiorValue(moving, strides, clamped.batch.offsets[k], clamped.batch.cells(k));
        clamped.store(k, value, output.fill, warped);
      }
    }
    if (output.mask != nullptr) output.applyMask(first, last - first);
  }
}

/** Copies the nearest voxels; Bits is an integer as wide as the element type. */
template <class Bits>
HWY_INLINE void nearestRow(const Frame& frame, Bits fill, int64_t row, int64_t begin, int64_t end) {
  const Warp3dArgs& args = *frame.args;
  const int64_t* size = frame.size;
  const Bits* moving = static_cast<const Bits*>(args.moving);
  Bits* warped = static_cast<Bits*>(args.warped) + row * args.domainSize.x;
  uint8_t* inside = args.inside != nullptr ? args.inside + row * args.domainSize.x : nullptr;
  ExactCells cells;
  int64_t offsets[kLanes];
  for (int64_t i = begin; i < end; i += kLanes) {
    const int64_t n = end - i < kLanes ? end - i : kLanes;
    exactCells(frame, row, i, n, &cells);
    const uint8_t* mask = args.mask != nullptr ? args.mask + row * args.domainSize.x + i : nullptr;
    for (int64_t k = 0; k < n; ++k) {
      int64_t x = cells.nearest[0][k];
      int64_t y = cells.nearest[1][k];
      int64_t z = cells.nearest[2][k];
      bool sampled = x >= 0 && x < size[0] && y >= 0 && y < size[1] && z >= 0 && z < size[2];
      if (!sampled && args.border != VK_BORDER_CONSTANT) {
        sampled = x <= kWarp3dFar && x >= -kWarp3dFar && y <= kWarp3dFar && y >= -kWarp3dFar &&
                  z <= kWarp3dFar && z >= -kWarp3dFar;
        x = warp3dFold(x, size[0], args.border);
        y = warp3dFold(y, size[1], args.border);
        z = warp3dFold(z, size[2], args.border);
      }
      if (mask != nullptr && mask[k] == 0) sampled = false;
      offsets[k] = sampled ? (z * size[1] + y) * size[0] + x : -1;
    }
    for (int64_t channel = 0; channel < args.channels; ++channel) {
      const Bits* from = moving + channel * frame.volume;
      Bits* to = warped + channel * frame.domainCount + i;
      for (int64_t k = 0; k < n; ++k) to[k] = offsets[k] >= 0 ? from[offsets[k]] : fill;
    }
    if (inside == nullptr) continue;
    storeInside(frame, cells.nearest, n, inside + i);
    for (int64_t k = 0; mask != nullptr && k < n; ++k) {
      if (mask[k] == 0) inside[i + k] = 0;
    }
  }
}

template <bool kCubic, class Offset>
void interpolate(const Warp3dArgs& args, Context& context) {
  parallelFor(context, warp3dChunks(args), [&](int64_t number) HWY_ATTR {
    const Warp3dChunk chunk = warp3dChunkAt(args, number);
    forEachRow(args, chunk, [&](const Frame& frame, int64_t row) HWY_ATTR {
      if (args.points != nullptr) {
        interpolateRow<kCubic, false, true, Offset>(frame, row, chunk.begin, chunk.end);
      } else if (args.displacement != nullptr) {
        interpolateRow<kCubic, true, false, Offset>(frame, row, chunk.begin, chunk.end);
      } else {
        interpolateRow<kCubic, false, false, Offset>(frame, row, chunk.begin, chunk.end);
      }
    });
  });
}

template <class Bits>
void copyNearest(const Warp3dArgs& args, Context& context) {
  Bits fill;
  warp3dFillBits(args, &fill);
  parallelFor(context, warp3dChunks(args), [&](int64_t number) HWY_ATTR {
    const Warp3dChunk chunk = warp3dChunkAt(args, number);
    forEachRow(args, chunk, [&](const Frame& frame, int64_t row) HWY_ATTR {
      nearestRow<Bits>(frame, fill, row, chunk.begin, chunk.end);
    });
  });
}

}  // namespace

void warp3dCpu(const Warp3dArgs& args, Context& context, const Workspace&) {
  if (args.interpolation == VK_NEAREST) {
    switch (elementSize(args.type)) {
      case 1:
        return copyNearest<uint8_t>(args, context);
      case 2:
        return copyNearest<uint16_t>(args, context);
      case 4:
        return copyNearest<uint32_t>(args, context);
      default:
        return copyNearest<uint64_t>(args, context);
    }
  }
  const bool wide = args.movingSize.count() > INT32_MAX;
  if (args.interpolation == VK_CUBIC_BSPLINE) {
    interpolate<true, uint32_t>(args, context);
  } else if (wide) {
    interpolate<false, int64_t>(args, context);
  } else {
    interpolate<false, uint32_t>(args, context);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(warp3dCpu);

}  // namespace vk
#endif
