// The transpose of pool_rows-inl.h, for gradients: the rows of outputs that see a row of the input
// are added up, then every voxel of the row gathers the outputs that see it. Nothing is scattered,
// so that rows are independent. Included after pool_rows-inl.h, once an instruction set.
#include "pool/pool_window.h"

#if defined(VK_POOL_SPREAD_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_POOL_SPREAD_INL_H
#undef VK_POOL_SPREAD_INL_H
#else
#define VK_POOL_SPREAD_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** Where a scratch area has the row of outputs: behind zeros for the outputs that there are not. */
HWY_ATTR inline float* spreadOutputs(const PoolArgs& args, float* scratch) {
  return scratch + poolSpreadMargin(args);
}

/** Calls body(row, scratch) for each row of the input; a task's scratch memory, whose part for
 * spreading is cleared, goes through begin(scratch) first. */
template <class Begin, class Body>
HWY_ATTR void eachInputRow(const PoolArgs& args, Context& context, const Workspace& workspace,
                           int64_t floats, const Begin& begin, const Body& body) {
  if (args.volumes * poolVoxels(args.inSize) == 0) return;
  const int64_t total = args.volumes * args.inSize[0] * args.inSize[1];
  const int64_t each = poolSpreadRowsEach(args);
  eachPoolTask(context, args.threads, workspace, poolSpreadTasks(args), floats,
               [&](int64_t task, float* scratch) HWY_ATTR {
                 fillRow(scratch, poolSpreadFloats(args), 0);
                 begin(scratch);
                 eachPoolRow(chunkRange(total, each, task), args.inSize,
                             [&](const PoolRow& row) HWY_ATTR {
                               fillRow(spreadOutputs(args, scratch), args.outSize[2], 0);
                               body(row, scratch);
                             });
               });
}

/** The output whose window begins at `first`, or -1: without a division where there is none to do,
 * as this is done for each row. */
HWY_ATTR inline int64_t outputAt(int64_t first, int64_t stride, int64_t size) {
  if (first < 0) return -1;
  const int64_t output = stride == 1 ? first : stride == 2 ? first >> 1 : first / stride;
  return output * stride == first && output < size ? output : -1;
}

/** Calls body(z, y, index) for the rows of outputs with a tap on this row of the input. */
template <class Body>
HWY_ATTR void eachRowAbove(const PoolArgs& args, const PoolRow& row, const Body& body) {
  const PoolWindow& window = args.window;
  for (int64_t kz = window.kernel[0]; kz-- > 0;) {
    const int64_t z = row.z + window.paddingBegin[0] - kz * window.dilation[0];
    const int64_t outZ = outputAt(z, window.stride[0], args.outSize[0]);
    if (outZ < 0) continue;
    for (int64_t ky = window.kernel[1]; ky-- > 0;) {
      const int64_t y = row.y + window.paddingBegin[1] - ky * window.dilation[1];
      const int64_t outY = outputAt(y, window.stride[1], args.outSize[1]);
      if (outY < 0) continue;
      body(outZ, outY, (row.volume * args.outSize[0] + outZ) * args.outSize[1] + outY);
    }
  }
}

/** Stores the first `count` lanes, or all where there are more. */
template <class D>
HWY_ATTR void storeWithin(D d, hn::Vec<D> value, int64_t count, float* to) {
  if (count >= static_cast<int64_t>(hn::Lanes(d))) {
    hn::StoreU(value, d, to);
  } else {
    hn::BlendedStore(value, hn::FirstN(d, static_cast<size_t>(count)), d, to);
  }
}

/** sums[x] += scaled(from[x], x). */
template <class Scaled>
HWY_ATTR void addScaled(const float* from, int64_t width, float* sums, const Scaled& scaled) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t x = 0; x < width; x += lanes) {
    const int64_t left = width - x;
    const auto value = left >= lanes
                           ? hn::LoadU(d, from + x)
                           : hn::MaskedLoad(hn::FirstN(d, static_cast<size_t>(left)), d, from + x);
    storeWithin(d, hn::Add(hn::LoadU(d, sums + x), scaled(value, x)), left, sums + x);
  }
}

/** Sum of the outputs, at `outputs`, that see the input voxels phase + stride i, i from `i` on. A
 * stride of 1 or 2, so that neither remainder nor quotient is a division. */
template <class D>
HWY_ATTR hn::Vec<D> gatherPhase(D d, const PoolWindow& window, const float* outputs, int64_t phase,
                                int64_t i) {
  const int64_t shift = window.stride[2] - 1;
  auto sum = hn::Zero(d);
  for (int64_t k = window.kernel[2]; k-- > 0;) {
    const int64_t at = phase + window.paddingBegin[2] - k * window.dilation[2];
    if ((at & shift) == 0) sum = hn::Add(sum, hn::LoadU(d, outputs + i + (at >> shift)));
  }
  return sum;
}

/** Writes a row of the input's gradient from the row of outputs. */
HWY_ATTR inline void spreadRow(const PoolArgs& args, const float* scratch, float* to) {
  const PoolWindow& window = args.window;
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t width = args.inSize[2];
  const int64_t stride = window.stride[2];
  const float* const outputs = scratch + poolSpreadMargin(args);
  if (stride == 1) {
    for (int64_t x = 0; x < width; x += lanes) {
      storeWithin(d, gatherPhase(d, window, outputs, 0, x), width - x, to + x);
    }
  } else if (stride == 2) {
    for (int64_t x = 0; x < width; x += 2 * lanes) {
      const auto even = gatherPhase(d, window, outputs, 0, x / 2);
      const auto odd = gatherPhase(d, window, outputs, 1, x / 2);
      if (width - x >= 2 * lanes) {
        hn::StoreInterleaved2(even, odd, d, to + x);
      } else {
        HWY_ALIGN float last[32];
        hn::StoreInterleaved2(even, odd, d, last);
        for (int64_t i = 0; i < width - x; ++i) to[x + i] = last[i];
      }
    }
  } else {
    fillRow(to, width, 0);
    for (int64_t phase = 0; phase < stride && phase < width; ++phase) {
      for (int64_t k = window.kernel[2]; k-- > 0;) {
        const int64_t at = phase + window.paddingBegin[2] - k * window.dilation[2];
        if (at % stride != 0) continue;
        const float* const from = outputs + at / stride;
        for (int64_t i = 0; phase + i * stride < width; ++i) to[phase + i * stride] += from[i];
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
