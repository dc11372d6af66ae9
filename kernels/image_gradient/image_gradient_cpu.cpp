#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "image_gradient/image_gradient_cpu.cpp"
#include "core/simd_begin.h"
#include "image_gradient/image_gradient.h"
#include "image_gradient/image_gradient_math.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kRowsOfChunk = 32;

using One = HWY_CAPPED(float, 1);

/** One row of the image: the two rows that a difference along y, or along z, is made of. */
struct Row {
  int64_t start;
  int64_t other[3][2];
  float weight[3][2];
};

HWY_INLINE void setAxis(const DifferenceTaps& taps, int64_t start, int64_t at, int64_t stride,
                        int axis, Row& row) {
  for (int side = 0; side < 2; ++side) {
    row.other[axis][side] = start + (taps.index[side] - at) * stride;
    row.weight[axis][side] = taps.weight[side];
  }
}

template <class Taps>
HWY_INLINE Row rowOf(const ImageGradientArgs& args, int64_t index, Taps taps) {
  const int64_t width = args.size[0];
  const int64_t height = args.size[1];
  const int64_t y = index % height;
  const int64_t z = index / height;
  Row row;
  row.start = index * width;
  setAxis(taps(y, height), row.start, y, width, 1, row);
  setAxis(taps(z, args.size[2]), row.start, z, width * height, 2, row);
  return row;
}

/** The axes that have differences, so that an axis of one voxel does not bring 0 * NaN in. */
HWY_INLINE bool differs(const ImageGradientArgs& args, int axis) { return args.size[axis] > 1; }

template <class D>
HWY_INLINE hn::Vec<D> difference(D d, const float* image, int64_t below, int64_t above,
                                 float scale) {
  return hn::Mul(hn::Sub(hn::LoadU(d, image + above), hn::LoadU(d, image + below)),
                 hn::Set(d, scale));
}

/** The gradient at `x`, whose neighbours along x are those at `below` and `above`. */
template <class D>
HWY_INLINE void gradientAt(D d, const ImageGradientArgs& args, const Row& row, int64_t x,
                           int64_t below, int64_t above, float scale) {
  const float* image = static_cast<const float*>(args.image);
  float* output = static_cast<float*>(args.gradient) + row.start + x;
  const int64_t count = args.size[0] * args.size[1] * args.size[2];
  auto gx = hn::Zero(d);
  auto gy = gx;
  auto gz = gx;
  if (differs(args, 0)) gx = difference(d, image + row.start, below, above, scale);
  if (differs(args, 1)) {
    gy = difference(d, image + x, row.other[1][0], row.other[1][1], row.weight[1][1]);
  }
  if (differs(args, 2)) {
    gz = difference(d, image + x, row.other[2][0], row.other[2][1], row.weight[2][1]);
  }
  for (int c = 0; c < 3; ++c) {
    const double* map = args.map + 3 * c;
    auto sum = hn::Mul(hn::Set(d, static_cast<float>(map[0])), gx);
    sum = hn::MulAdd(hn::Set(d, static_cast<float>(map[1])), gy, sum);
    sum = hn::MulAdd(hn::Set(d, static_cast<float>(map[2])), gz, sum);
    hn::StoreU(sum, d, output + c * count);
  }
}

HWY_INLINE void gradientEdge(const ImageGradientArgs& args, const Row& row, int64_t x) {
  const DifferenceTaps taps = differenceTaps(x, args.size[0]);
  gradientAt(One(), args, row, x, taps.index[0], taps.index[1], taps.weight[1]);
}

HWY_NOINLINE void gradientRow(const ImageGradientArgs& args, const Row& row) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t width = args.size[0];
  gradientEdge(args, row, 0);
  int64_t x = 1;
  for (; x + lanes < width; x += lanes) gradientAt(d, args, row, x, x - 1, x + 1, 0.5f);
  if (x + 1 < width && width > lanes + 1) {
    x = width - 1 - lanes;
    gradientAt(d, args, row, x, x - 1, x + 1, 0.5f);
    x += lanes;
  }
  for (; x < width; ++x) gradientEdge(args, row, x);
}

/** Adds the component along `axis`, in index space, of the gradient at `at` times the weight. */
template <class D>
HWY_INLINE hn::Vec<D> addComponent(D d, const ImageGradientArgs& args, const float* gradient,
                                   int axis, float weight, hn::Vec<D> sum) {
  const int64_t count = args.size[0] * args.size[1] * args.size[2];
  for (int c = 0; c < 3; ++c) {
    const float factor = weight * static_cast<float>(args.map[3 * c + axis]);
    sum = hn::MulAdd(hn::Set(d, factor), hn::LoadU(d, gradient + c * count), sum);
  }
  return sum;
}

template <class D>
HWY_INLINE void adjointAt(D d, const ImageGradientArgs& args, const Row& row, int64_t x,
                          const DifferenceTaps& alongX) {
  const float* gradient = static_cast<const float*>(args.gradient);
  auto sum = hn::Zero(d);
  for (int side = 0; side < 2; ++side) {
    if (differs(args, 0)) {
      sum = addComponent(d, args, gradient + row.start + alongX.index[side], 0, alongX.weight[side],
                         sum);
    }
    for (int axis = 1; axis < 3; ++axis) {
      if (!differs(args, axis)) continue;
      sum = addComponent(d, args, gradient + row.other[axis][side] + x, axis,
                         row.weight[axis][side], sum);
    }
  }
  hn::StoreU(sum, d, static_cast<float*>(args.image) + row.start + x);
}

HWY_INLINE void adjointEdge(const ImageGradientArgs& args, const Row& row, int64_t x) {
  adjointAt(One(), args, row, x, differenceAdjointTaps(x, args.size[0]));
}

/** The differences at the two voxels of either end are one-sided or held with another weight. */
HWY_NOINLINE void adjointRow(const ImageGradientArgs& args, const Row& row) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t width = args.size[0];
  const int64_t end = width - 2;
  int64_t x = 0;
  for (; x < 2 && x < width; ++x) adjointEdge(args, row, x);
  for (; x + lanes <= end; x += lanes) {
    adjointAt(d, args, row, x, {{x - 1, x + 1}, {0.5f, -0.5f}});
  }
  if (x < end && end - 2 >= lanes) {
    x = end - lanes;
    adjointAt(d, args, row, x, {{x - 1, x + 1}, {0.5f, -0.5f}});
    x = end;
  }
  for (; x < width; ++x) adjointEdge(args, row, x);
}

template <class Taps, class Body>
HWY_INLINE void forEachRow(const ImageGradientArgs& args, Context& context, Taps taps, Body body) {
  if (args.size[0] * args.size[1] * args.size[2] == 0) return;
  const int64_t rows = args.size[1] * args.size[2];
  parallelFor(context, chunkCount(rows, kRowsOfChunk), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(rows, kRowsOfChunk, chunk);
    for (int64_t row = range.begin; row < range.end; ++row) body(args, rowOf(args, row, taps));
  });
}

void imageGradientCpu(const ImageGradientArgs& args, Context& context, const Workspace&) {
  forEachRow(args, context, differenceTaps, gradientRow);
}

void imageGradientAdjointCpu(const ImageGradientArgs& args, Context& context, const Workspace&) {
  forEachRow(args, context, differenceAdjointTaps, adjointRow);
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(imageGradientCpu);
VK_SIMD_TABLE(imageGradientAdjointCpu);

}  // namespace vk
#endif
