#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "corner_pool/corner_pool_cpu.cpp"
#include "core/simd_begin.h"
#include "corner_pool/corner_pool.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** Lines beside each other that one task has: their values are neighbours in memory. */
constexpr int64_t kLines = 64;
/** Lines of one value apart, along x, that one task has. */
constexpr int64_t kRows = 64;

/** Larger, or the first NaN: once there is one it stays. */
template <class V>
HWY_ATTR auto takes(V value, V found) {
  const auto firstNan = hn::And(hn::Not(hn::Eq(value, value)), hn::Eq(found, found));
  return hn::Or(hn::Gt(value, found), firstNan);
}

HWY_ATTR bool takesOne(float value, float found) {
  return value > found || (value != value && found == found);
}

/** Calls body(first, lines) for runs of lines beside each other. */
template <class Body>
HWY_ATTR void eachRun(const CornerArgs& args, Context& context, const Body& body) {
  if (args.outer * args.length * args.inner == 0) return;
  if (args.inner == 1) {
    parallelFor(context, chunkCount(args.outer, kRows), [&](int64_t task) HWY_ATTR {
      const Range rows = chunkRange(args.outer, kRows, task);
      for (int64_t row = rows.begin; row < rows.end; ++row) body(row * args.length, int64_t{1});
    });
    return;
  }
  const int64_t runs = chunkCount(args.inner, kLines);
  parallelFor(context, args.outer * runs, [&](int64_t task) HWY_ATTR {
    const Range lines = chunkRange(args.inner, kLines, task % runs);
    body(task / runs * args.length * args.inner + lines.begin, lines.end - lines.begin);
  });
}

HWY_ATTR int64_t stepAt(const CornerArgs& args, int64_t i) {
  return (args.fromEnd ? args.length - 1 - i : i) * args.inner;
}

HWY_ATTR void cornerPoolCpu(const CornerPoolArgs& args, Context& context, const Workspace&) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  eachRun(args, context, [&](int64_t first, int64_t lines) HWY_ATTR {
    const float* const input = static_cast<const float*>(args.input) + first;
    float* const output = static_cast<float*>(args.output) + first;
    int64_t previous = stepAt(args, 0);
    for (int64_t line = 0; line < lines; ++line) output[previous + line] = input[previous + line];
    for (int64_t i = 1; i < args.length; ++i) {
      const int64_t at = stepAt(args, i);
      int64_t line = 0;
      for (; line + lanes <= lines; line += lanes) {
        const auto found = hn::LoadU(d, output + previous + line);
        const auto value = hn::LoadU(d, input + at + line);
        hn::StoreU(hn::IfThenElse(takes(value, found), value, found), d, output + at + line);
      }
      for (; line < lines; ++line) {
        const float found = output[previous + line], value = input[at + line];
        output[at + line] = takesOne(value, found) ? value : found;
      }
      previous = at;
    }
  });
}

/** Runs along the lines as the pool does; a place that is no longer the largest keeps its sum. */
HWY_ATTR void cornerPoolGradientCpu(const CornerPoolGradientArgs& args, Context& context,
                                    const Workspace&) {
  eachRun(args, context, [&](int64_t first, int64_t lines) HWY_ATTR {
    const float* const input = static_cast<const float*>(args.input) + first;
    const float* const upstream = static_cast<const float*>(args.upstream) + first;
    float* const gradient = static_cast<float*>(args.gradient) + first;
    float found[kLines];
    int64_t place[kLines];
    for (int64_t line = 0; line < lines; ++line) {
      place[line] = stepAt(args, 0) + line;
      found[line] = input[place[line]];
      gradient[place[line]] = upstream[place[line]];
    }
    for (int64_t i = 1; i < args.length; ++i) {
      for (int64_t line = 0; line < lines; ++line) {
        const int64_t at = stepAt(args, i) + line;
        gradient[at] = 0;
        if (takesOne(input[at], found[line])) {
          found[line] = input[at];
          place[line] = at;
        }
        gradient[place[line]] += upstream[at];
      }
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(cornerPoolCpu);
VK_SIMD_TABLE(cornerPoolGradientCpu);

}  // namespace vk
#endif
