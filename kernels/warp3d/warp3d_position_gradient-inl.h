// dL/dp, the derivative of the loss with respect to the sample positions, which the gradients by
// the linear map and by the displacement share. Included once an instruction set.
#if defined(VK_WARP3D_POSITION_GRADIENT_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_WARP3D_POSITION_GRADIENT_INL
#undef VK_WARP3D_POSITION_GRADIENT_INL
#else
#define VK_WARP3D_POSITION_GRADIENT_INL
#endif

#include "warp3d/warp3d_batch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace {

/** dL/dwarped of one row, 0 where the mask is. */
struct Upstream {
  const float* values;
  const uint8_t* mask;
  int64_t channelStride;

  HWY_INLINE Upstream(const Frame& frame, int64_t row)
      : values(static_cast<const float*>(frame.args->upstream) + row * frame.args->domainSize.x),
        mask(frame.args->mask != nullptr ? frame.args->mask + row * frame.args->domainSize.x
                                         : nullptr),
        channelStride(frame.domainCount) {}

  HWY_INLINE hn::Mask<F32> counts(int64_t i, int64_t n) const {
    const F32 d;
    const I32 di;
    HWY_ALIGN int32_t wide[kLanes] = {};
    for (int64_t k = 0; k < n; ++k) wide[k] = mask[i + k];
    return hn::RebindMask(d, hn::Ne(hn::Load(di, wide), hn::Zero(di)));
  }

  HWY_INLINE VecF at(int64_t channel, int64_t i, int64_t n) const {
    const VecF g = loadFirst(values + channel * channelStride + i, n);
    return mask == nullptr ? g : hn::IfThenElseZero(counts(i, n), g);
  }
};

HWY_INLINE Slope noSlope() {
  const F32 d;
  return {hn::Zero(d), hn::Zero(d), hn::Zero(d)};
}

HWY_INLINE Slope addScaled(VecF g, const Slope& slope, const Slope& sum) {
  return {hn::MulAdd(g, slope.x, sum.x), hn::MulAdd(g, slope.y, sum.y),
          hn::MulAdd(g, slope.z, sum.z)};
}

/** One vector of which some lane is at a border or outside. */
template <bool kCubic, class Offset>
inline HWY_NOINLINE Slope borderGradient(const Frame& frame, const Cells& cells,
                                         const Upstream& upstream, int64_t i, int64_t n) {
  const Strides strides = stridesOf(frame);
  const float* moving = static_cast<const float*>(frame.args->moving);
  const BorderCells<Offset> border(frame, cells, kCubic);
  Slope sum = noSlope();
  for (int64_t channel = 0; channel < frame.args->channels; ++channel) {
    sum = addScaled(upstream.at(channel, i, n),
                    border.slope(frame, moving + channel * frame.volume, strides), sum);
  }
  return sum;
}

/** Adds the channels after the first of one vector in the interior. */
template <class Offset>
inline HWY_NOINLINE Slope addChannels(const Frame& frame, const Cells& cells, const Offset* offsets,
                                      const Upstream& upstream, int64_t i, Slope sum) {
  const Strides strides = stridesOf(frame);
  const float* moving = static_cast<const float*>(frame.args->moving);
  for (int64_t channel = 1; channel < frame.args->channels; ++channel) {
    sum = addScaled(upstream.at(channel, i, kLanes),
                    interiorSlope(moving + channel * frame.volume, strides, offsets, cells), sum);
  }
  return sum;
}

/** Gives consume(i, n, dL/dp) every vector of [begin, end) of a row, in an order that depends on
 * the positions only. */
template <bool kCubic, bool kDense, bool kPoints, class Offset, class Consume>
HWY_INLINE void positionGradients(const Frame& frame, int64_t row, int64_t begin, int64_t end,
                                  const Consume& consume) {
  const Strides strides = stridesOf(frame);
  const Row position(frame, row);
  const Upstream upstream(frame, row);
  const float* moving = static_cast<const float*>(frame.args->moving);
  const auto interior = [](const Cells&, int64_t) HWY_ATTR {};
  const auto border = [&](const Cells& cells, int64_t i, int64_t n) HWY_ATTR {
    consume(i, n, borderGradient<kCubic, Offset>(frame, cells, upstream, i, n));
  };
  const auto masked = [&](int64_t i, int64_t n) HWY_ATTR { consume(i, n, noSlope()); };
  for (int64_t first = begin; first < end; first += kBatchVoxels) {
    const int64_t last = end - first < kBatchVoxels ? end : first + kBatchVoxels;
    Batch<Offset> batch;
    collect<kDense, kPoints>(frame, position, first, last, !kCubic, upstream.mask, interior, border,
                             masked, &batch);
    for (int64_t k = 0; k < batch.count; ++k) {
      const int64_t i = batch.first[k];
      const Cells cells = batch.cells(k);
      const Slope slope = interiorSlope(moving, strides, batch.offsets[k], cells);
      Slope sum = addScaled(upstream.at(0, i, kLanes), slope, noSlope());
      if (frame.args->channels > 1) {
        sum = addChannels(frame, cells, batch.offsets[k], upstream, i, sum);
      }
      consume(i, kLanes, sum);
    }
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif
