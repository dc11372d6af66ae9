#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "warp3d/warp3d_gradient_field_cpu.cpp"
#include "core/simd_begin.h"
#include "warp3d/warp3d_position_gradient-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace {

template <bool kCubic, bool kDense, bool kPoints, class Offset>
HWY_INLINE void fieldRow(const Frame& frame, int64_t row, int64_t begin, int64_t end) {
  float* out = static_cast<float*>(frame.args->gradient) + row * frame.args->domainSize.x;
  const VecF* m = frame.displacement;
  positionGradients<kCubic, kDense, kPoints, Offset>(
      frame, row, begin, end, [&](int64_t i, int64_t n, const Slope& g) HWY_ATTR {
        for (int c = 0; c < 3; ++c) {
          const VecF value =
              hn::MulAdd(m[c], g.x, hn::MulAdd(m[3 + c], g.y, hn::Mul(m[6 + c], g.z)));
          storeFirst(value, out + c * frame.domainCount + i, n);
        }
      });
}

template <bool kCubic, class Offset>
void gradientField(const Warp3dArgs& args, Context& context) {
  parallelFor(context, warp3dChunks(args), [&](int64_t number) HWY_ATTR {
    const Warp3dChunk chunk = warp3dChunkAt(args, number);
    forEachRow(args, chunk, [&](const Frame& frame, int64_t row) HWY_ATTR {
      if (args.points != nullptr) {
        fieldRow<kCubic, false, true, Offset>(frame, row, chunk.begin, chunk.end);
      } else if (args.displacement != nullptr) {
        fieldRow<kCubic, true, false, Offset>(frame, row, chunk.begin, chunk.end);
      } else {
        fieldRow<kCubic, false, false, Offset>(frame, row, chunk.begin, chunk.end);
      }
    });
  });
}

}  // namespace

void warp3dGradientFieldCpu(const Warp3dArgs& args, Context& context, const Workspace&) {
  if (args.interpolation == VK_CUBIC_BSPLINE) {
    gradientField<true, uint32_t>(args, context);
  } else if (args.movingSize.count() > INT32_MAX) {
    gradientField<false, int64_t>(args, context);
  } else {
    gradientField<false, uint32_t>(args, context);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(warp3dGradientFieldCpu);

}  // namespace vk
#endif
