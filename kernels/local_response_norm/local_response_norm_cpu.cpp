#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "local_response_norm/local_response_norm_cpu.cpp"
#include "core/simd_begin.h"
#include "core/scratch.h"
#include "core/simd_math.h"
#include "local_response_norm/local_response_norm.h"

#ifndef VK_LOCAL_RESPONSE_NORM_ONCE
#define VK_LOCAL_RESPONSE_NORM_ONCE
namespace vk {

/** Positions that are worked on together, through all channels: a few KB a channel at most, so that
 * a window is read from the first-level cache. */
constexpr int64_t kLocalResponseTile = 256;

}  // namespace vk
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace {

/** Channels [first, last) of the window about one, `before` and `after` it. */
struct Window {
  int64_t first;
  int64_t last;
};

HWY_ATTR Window windowOf(const LocalResponseNormArgs& args, int64_t channel, int64_t before,
                         int64_t after) {
  const int64_t first = channel - before;
  const int64_t last = channel + after + 1;
  return {first < 0 ? 0 : first, last > args.channels ? args.channels : last};
}

/** s^-beta; the usual 3/4 by square roots. */
template <class D, class V>
HWY_ATTR HWY_INLINE V powerOf(D d, V s, double beta) {
  if (beta == 0.75) {
    const V inverse = hn::Div(hn::Set(d, 1.0f), hn::Sqrt(s));
    return hn::Mul(inverse, hn::Sqrt(inverse));
  }
  return expOf(d, hn::Mul(logOf(d, s), hn::Set(d, float(-beta))));
}

/** bias + alpha / size times the sum of squares in the window, at x + i. */
template <class D, class Vector>
HWY_ATTR HWY_INLINE hn::Vec<D> baseOf(D d, const LocalResponseNormArgs& args, const float* x,
                                      int64_t channel, int64_t i, const Vector& vector) {
  const Window window = windowOf(args, channel, args.before, args.after);
  auto sum = hn::Zero(d);
  for (int64_t c = window.first; c < window.last; ++c) {
    const auto value = vector.load(x + c * args.length + i);
    sum = hn::MulAdd(value, value, sum);
  }
  return hn::MulAdd(sum, hn::Set(d, float(args.alphaEach())), hn::Set(d, float(args.bias)));
}

struct Tile {
  int64_t begin;
  int64_t width;
};

HWY_ATTR Tile tileOf(const LocalResponseNormArgs& args, int64_t tiles, int64_t task) {
  const Range range = chunkRange(args.length, kLocalResponseTile, task % tiles);
  return {task / tiles * args.channels * args.length + range.begin, range.end - range.begin};
}

}  // namespace

void localResponseNormCpu(const LocalResponseNormArgs& args, Context& context, const Workspace&) {
  const int64_t tiles = chunkCount(args.length, kLocalResponseTile);
  parallelFor(context, args.batch * tiles, [&](int64_t task) HWY_ATTR {
    const hn::ScalableTag<float> d;
    const Tile tile = tileOf(args, tiles, task);
    const float* const x = static_cast<const float*>(args.input) + tile.begin;
    float* const y = static_cast<float*>(args.output) + tile.begin;
    for (int64_t channel = 0; channel < args.channels; ++channel) {
      forEachVector(d, tile.width, [&](int64_t i, auto vector) HWY_ATTR {
        const auto base = baseOf(d, args, x, channel, i, vector);
        vector.store(
            hn::Mul(vector.load(x + channel * args.length + i), powerOf(d, base, args.beta)),
            y + channel * args.length + i);
      });
    }
  });
}

void localResponseNormGradientCpu(const LocalResponseNormArgs& args, Context& context,
                                  const Workspace& workspace) {
  const int64_t tiles = chunkCount(args.length, kLocalResponseTile);
  const int64_t each = args.channels * kLocalResponseTile;
  ScratchSlots slots(args.threads);
  parallelFor(context, args.batch * tiles, [&](int64_t task) HWY_ATTR {
    const hn::ScalableTag<float> d;
    const Tile tile = tileOf(args, tiles, task);
    const float* const x = static_cast<const float*>(args.input) + tile.begin;
    const float* const g = static_cast<const float*>(args.outputGradient) + tile.begin;
    float* const result = static_cast<float*>(args.output) + tile.begin;
    const int32_t slot = slots.acquire();
    // Of every channel s^-beta, and g x s^(-beta - 1), which its window's channels share.
    float* const powers = workspace.as<float>() + slot * 2 * each;
    float* const terms = powers + each;
    for (int64_t channel = 0; channel < args.channels; ++channel) {
      forEachVector(d, tile.width, [&](int64_t i, auto vector) HWY_ATTR {
        const auto base = baseOf(d, args, x, channel, i, vector);
        const auto power = powerOf(d, base, args.beta);
        const auto product = hn::Mul(vector.load(g + channel * args.length + i),
                                     vector.load(x + channel * args.length + i));
        vector.store(power, powers + channel * kLocalResponseTile + i);
        vector.store(hn::Mul(product, hn::Div(power, base)),
                     terms + channel * kLocalResponseTile + i);
      });
    }
    const auto factor = hn::Set(d, float(-2 * args.alphaEach() * args.beta));
    for (int64_t channel = 0; channel < args.channels; ++channel) {
      // The channels whose window holds this one: the window turned about.
      const Window window = windowOf(args, channel, args.after, args.before);
      forEachVector(d, tile.width, [&](int64_t i, auto vector) HWY_ATTR {
        auto sum = hn::Zero(d);
        for (int64_t c = window.first; c < window.last; ++c) {
          sum = hn::Add(sum, vector.load(terms + c * kLocalResponseTile + i));
        }
        const int64_t at = channel * args.length + i;
        const auto direct =
            hn::Mul(vector.load(g + at), vector.load(powers + channel * kLocalResponseTile + i));
        vector.store(hn::MulAdd(hn::Mul(vector.load(x + at), factor), sum, direct), result + at);
      });
    }
    slots.release(slot);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(localResponseNormCpu);
VK_SIMD_TABLE(localResponseNormGradientCpu);

int64_t localResponseNormGradientCpuWorkspaceBytes(const LocalResponseNormArgs& args) {
  return args.threads * 2 * args.channels * kLocalResponseTile * int64_t{sizeof(float)};
}

}  // namespace vk
#endif
