#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "box_coder/box_coder_cpu.cpp"
#include "box_coder/box_coder.h"
#include "box_coder/box_coder_math.h"
#include "core/simd_begin.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kChunk = 4096;

const float* floats(const void* values) { return static_cast<const float*>(values); }
double wide(const float* values, int64_t i) { return static_cast<double>(values[i]); }

/** axis(low, high, a) for the coordinates of axis a of each box. */
template <class Axis>
HWY_ATTR void forAxes(const BoxCoderArgs& args, Context& context, Axis&& axis) {
  const int n = args.dimensions;
  parallelFor(context, chunkCount(args.count, kChunk), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(args.count, kChunk, chunk);
    for (int64_t i = range.begin; i < range.end; ++i) {
      for (int a = 0; a < n; ++a) axis(i * 2 * n + a, i * 2 * n + n + a, a);
    }
  });
}

void boxEncodeCpu(const BoxCoderArgs& args, Context& context, const Workspace&) {
  const float *boxes = floats(args.input), *anchors = floats(args.anchors);
  float* const deltas = static_cast<float*>(args.output);
  forAxes(args, context, [&](int64_t low, int64_t high, int axis) HWY_ATTR {
    encodeAxis(wide(boxes, low), wide(boxes, high), wide(anchors, low), wide(anchors, high),
               args.weights[axis], args.weights[3 + axis], deltas + low, deltas + high);
  });
}

void boxDecodeCpu(const BoxCoderArgs& args, Context& context, const Workspace&) {
  const float *deltas = floats(args.input), *anchors = floats(args.anchors);
  float* const boxes = static_cast<float*>(args.output);
  forAxes(args, context, [&](int64_t low, int64_t high, int axis) HWY_ATTR {
    decodeAxis(wide(deltas, low) / args.weights[axis], wide(deltas, high) / args.weights[3 + axis],
               wide(anchors, low), wide(anchors, high), args.logScaleLimit, boxes + low,
               boxes + high);
  });
}

void boxDecodeGradientCpu(const BoxCoderArgs& args, Context& context, const Workspace&) {
  const float *deltas = floats(args.input), *anchors = floats(args.anchors);
  const float* const from = floats(args.gradientBoxes);
  float* const to = static_cast<float*>(args.output);
  forAxes(args, context, [&](int64_t low, int64_t high, int axis) HWY_ATTR {
    decodeGradientAxis(wide(deltas, high) / args.weights[3 + axis], wide(anchors, low),
                       wide(anchors, high), args.logScaleLimit, wide(from, low), wide(from, high),
                       args.weights[axis], args.weights[3 + axis], to + low, to + high);
  });
}

/** In two dimensions and in three the extents repeat every 6 coordinates. */
void boxClipCpu(const BoxClipArgs& args, Context& context, const Workspace&) {
  const int64_t count = args.count * 2 * args.dimensions;
  const float* const boxes = floats(args.boxes);
  float* const clipped = static_cast<float*>(args.clipped);
  constexpr int64_t kMostLanes = 16;
  float most[6 + kMostLanes];
  for (int64_t i = 0; i < 6 + kMostLanes; ++i) {
    most[i] = static_cast<float>(args.extent[i % args.dimensions]);
  }
  constexpr int64_t kCoordinates = 6 * kChunk;
  parallelFor(context, chunkCount(count, kCoordinates), [&](int64_t chunk) HWY_ATTR {
    const hn::ScalableTag<float> d;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
    const Range range = chunkRange(count, kCoordinates, chunk);
    int64_t i = range.begin;
    for (int64_t phase = 0; i + lanes <= range.end; i += lanes, phase = (phase + lanes) % 6) {
      const auto value = hn::LoadU(d, boxes + i);
      const auto inside = hn::Min(hn::Max(value, hn::Zero(d)), hn::LoadU(d, most + phase));
      hn::StoreU(hn::IfThenElse(hn::IsNaN(value), value, inside), d, clipped + i);
    }
    for (; i < range.end; ++i) {
      const float value = boxes[i], end = most[i % args.dimensions];
      clipped[i] = value > end ? end : value < 0 ? 0.0f : value;
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(boxEncodeCpu);
VK_SIMD_TABLE(boxDecodeCpu);
VK_SIMD_TABLE(boxDecodeGradientCpu);
VK_SIMD_TABLE(boxClipCpu);

}  // namespace vk
#endif
