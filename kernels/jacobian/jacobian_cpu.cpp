// Determinants row by row; the row then serves the statistics or the penalty. The penalty's
// gradient is gathered: a row looks at itself and its four neighbours, and only where one of them
// has a determinant below the limit, which in a healthy registration is almost nowhere.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "jacobian/jacobian_cpu.cpp"
#include "core/simd_begin.h"
#include <cmath>
#include <hwy/contrib/math/math-inl.h>
#include "core/carve.h"
#include "jacobian/jacobian.h"

#ifndef VK_JACOBIAN_LAYOUT
#define VK_JACOBIAN_LAYOUT
namespace vk {

constexpr int64_t kJacobianRowsPerChunk = 32;

/** One chunk's share of the statistics. */
struct JacobianPartial {
  int64_t count, numbers, positive;
  double minimum, maximum, sum, sumLog, sumLogSquared;
};

struct JacobianLayout {
  int64_t rows, chunks;
  JacobianPartial* partials;
  /** A row of determinants a chunk, where no map is wanted. */
  float* determinants;
  int64_t bytes;

  JacobianLayout(const JacobianArgs& args, Carver carver)
      : rows(args.size[1] * args.size[2]),
        chunks(chunkCount(rows, kJacobianRowsPerChunk)),
        partials(carver.take<JacobianPartial>(chunks)),
        determinants(carver.take<float>(chunks * args.size[0])),
        bytes(carver.bytes()) {}
};

struct PenaltyPartial {
  double sum;
  int64_t count;
};

struct JacobianPenaltyLayout {
  int64_t rows, chunks;
  PenaltyPartial* partials;
  /** Non-zero where a row has a determinant below the limit. */
  uint8_t* flags;
  /** Three rows a chunk. */
  float* scratch;
  int64_t bytes;

  JacobianPenaltyLayout(const JacobianPenaltyArgs& args, Carver carver)
      : rows(args.size[1] * args.size[2]),
        chunks(chunkCount(rows, kJacobianRowsPerChunk)),
        partials(carver.take<PenaltyPartial>(chunks)),
        flags(carver.take<uint8_t>(rows)),
        scratch(carver.take<float>(chunks * 3 * args.size[0])),
        bytes(carver.bytes()) {}
};

void jacobianCombine(const JacobianPartial* partials, int64_t chunks, vk_jacobian_statistics& out);

/** The difference along one axis at position i: u[i + after] - u[i + before], scaled. */
struct AxisDifference {
  int64_t before, after;
  float scale;
};

constexpr AxisDifference axisDifference(int64_t i, int64_t size) {
  if (size == 1) return {0, 0, 0.0f};
  if (i == 0) return {0, 1, 1.0f};
  if (i == size - 1) return {-1, 0, 1.0f};
  return {-1, 1, 0.5f};
}

}  // namespace vk
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** The displacement around one row of voxels. */
struct Row {
  const float* u[3];
  /** Element offsets of the neighbours along y and z. */
  int64_t yBefore, yAfter, zBefore, zAfter;
  /** gradient_map with the scales of the y and z differences in its columns. */
  float map[9];
};

Row rowAt(const int64_t size[3], const double gradientMap[9], const float* displacement,
          int64_t row) {
  const int64_t width = size[0], slice = size[0] * size[1];
  const AxisDifference y = axisDifference(row % size[1], size[1]);
  const AxisDifference z = axisDifference(row / size[1], size[2]);
  Row result;
  for (int c = 0; c < 3; ++c) result.u[c] = displacement + c * slice * size[2] + row * width;
  result.yBefore = y.before * width;
  result.yAfter = y.after * width;
  result.zBefore = z.before * slice;
  result.zAfter = z.after * slice;
  for (int a = 0; a < 3; ++a) {
    result.map[3 * a] = float(gradientMap[3 * a]);
    result.map[3 * a + 1] = float(gradientMap[3 * a + 1]) * y.scale;
    result.map[3 * a + 2] = float(gradientMap[3 * a + 2]) * z.scale;
  }
  return result;
}

template <bool kMasked, class D, class M>
HWY_ATTR HWY_INLINE hn::Vec<D> load(D d, M mask, const float* from) {
  if constexpr (kMasked) {
    return hn::MaskedLoad(mask, d, from);
  } else {
    return hn::LoadU(d, from);
  }
}

struct Whole {
  static constexpr bool kMasked = false;
};
struct Part {
  static constexpr bool kMasked = true;
};

/** Calls body(tag, mask, whether masked, x, difference along x) until the row is done. */
template <class Body>
HWY_ATTR HWY_INLINE void alongRow(int64_t width, Body&& body) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> d1;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  body(d1, hn::FirstN(d1, 1), Whole(), 0, axisDifference(0, width));
  if (width == 1) return;
  const AxisDifference inside{-1, 1, 0.5f};
  int64_t x = 1;
  for (; x + lanes < width; x += lanes) {
    body(d, hn::FirstN(d, static_cast<size_t>(lanes)), Whole(), x, inside);
  }
  if (x < width - 1) body(d, hn::FirstN(d, static_cast<size_t>(width - 1 - x)), Part(), x, inside);
  body(d1, hn::FirstN(d1, 1), Whole(), width - 1, axisDifference(width - 1, width));
}

/** The nine entries of I + du/dx at x, row-major by component. */
template <bool kMasked, class D, class M>
HWY_ATTR HWY_INLINE void jacobianMatrix(D d, M mask, const Row& row, int64_t x,
                                        AxisDifference along, hn::Vec<D> jacobian[9]) {
  for (int c = 0; c < 3; ++c) {
    const float* u = row.u[c] + x;
    const auto dx = hn::Mul(
        hn::Set(d, along.scale),
        hn::Sub(load<kMasked>(d, mask, u + along.after), load<kMasked>(d, mask, u + along.before)));
    const auto dy =
        hn::Sub(load<kMasked>(d, mask, u + row.yAfter), load<kMasked>(d, mask, u + row.yBefore));
    const auto dz =
        hn::Sub(load<kMasked>(d, mask, u + row.zAfter), load<kMasked>(d, mask, u + row.zBefore));
    for (int a = 0; a < 3; ++a) {
      auto sum = hn::MulAdd(hn::Set(d, row.map[3 * a]), dx, hn::Set(d, c == a ? 1.0f : 0.0f));
      sum = hn::MulAdd(hn::Set(d, row.map[3 * a + 1]), dy, sum);
      jacobian[3 * c + a] = hn::MulAdd(hn::Set(d, row.map[3 * a + 2]), dz, sum);
    }
  }
}

/** Cofactors of one row of the matrix: the cross product of the two others. */
template <class V>
HWY_ATTR HWY_INLINE void cross(const V* a, const V* b, V out[3]) {
  out[0] = hn::MulSub(a[1], b[2], hn::Mul(a[2], b[1]));
  out[1] = hn::MulSub(a[2], b[0], hn::Mul(a[0], b[2]));
  out[2] = hn::MulSub(a[0], b[1], hn::Mul(a[1], b[0]));
}

template <class V>
HWY_ATTR HWY_INLINE V dot3(const V* a, const V* b) {
  return hn::MulAdd(a[0], b[0], hn::MulAdd(a[1], b[1], hn::Mul(a[2], b[2])));
}

HWY_ATTR void determinantRow(const Row& row, int64_t width, float* out) {
  alongRow(width, [&](auto d, auto mask, auto part, int64_t x, AxisDifference along) HWY_ATTR {
    hn::Vec<decltype(d)> j[9], cofactors[3];
    jacobianMatrix<part.kMasked>(d, mask, row, x, along, j);
    cross(j + 3, j + 6, cofactors);
    const auto determinant = dot3(j, cofactors);
    if constexpr (part.kMasked) {
      hn::BlendedStore(determinant, mask, d, out + x);
    } else {
      hn::StoreU(determinant, d, out + x);
    }
  });
}

/** The lanes that count: inside the row and inside the mask. */
template <class D>
HWY_ATTR HWY_INLINE hn::Mask<D> counted(D d, const uint8_t* mask, int64_t left) {
  const hn::Rebind<uint8_t, D> d8;
  const hn::Rebind<int32_t, D> d32;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto inside = hn::FirstN(d, static_cast<size_t>(left < lanes ? left : lanes));
  if (mask == nullptr) return inside;
  if (left >= lanes) {
    return hn::RebindMask(d, hn::Ne(hn::PromoteTo(d32, hn::LoadU(d8, mask)), hn::Zero(d32)));
  }
  HWY_ALIGN int32_t tail[HWY_MAX_BYTES / 4] = {};
  for (int64_t i = 0; i < left; ++i) tail[i] = mask[i];
  return hn::RebindMask(d, hn::Ne(hn::Load(d32, tail), hn::Zero(d32)));
}

HWY_ATTR void addStatistics(const float* determinants, const uint8_t* mask, int64_t width,
                            JacobianPartial& partial) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  auto low = hn::Set(d, float(partial.minimum)), high = hn::Set(d, float(partial.maximum));
  auto sum = hn::Zero(d), sumLog = hn::Zero(d), sumLogSquared = hn::Zero(d);
  for (int64_t x = 0; x < width; x += lanes) {
    const int64_t left = width - x;
    const auto within = hn::FirstN(d, static_cast<size_t>(left < lanes ? left : lanes));
    const auto value = hn::MaskedLoad(within, d, determinants + x);
    const auto counts = counted(d, mask == nullptr ? nullptr : mask + x, left);
    const auto number = hn::And(counts, hn::Eq(value, value));
    const auto positive = hn::And(counts, hn::Gt(value, hn::Zero(d)));
    partial.count += static_cast<int64_t>(hn::CountTrue(d, counts));
    partial.numbers += static_cast<int64_t>(hn::CountTrue(d, number));
    partial.positive += static_cast<int64_t>(hn::CountTrue(d, positive));
    low = hn::IfThenElse(number, hn::Min(low, value), low);
    high = hn::IfThenElse(number, hn::Max(high, value), high);
    sum = hn::Add(sum, hn::IfThenElseZero(number, value));
    const auto logarithm = hn::Log(d, hn::IfThenElse(positive, value, hn::Set(d, 1.0f)));
    sumLog = hn::Add(sumLog, logarithm);
    sumLogSquared = hn::MulAdd(logarithm, logarithm, sumLogSquared);
  }
  partial.minimum = double(hn::GetLane(hn::MinOfLanes(d, low)));
  partial.maximum = double(hn::GetLane(hn::MaxOfLanes(d, high)));
  partial.sum += double(hn::GetLane(hn::SumOfLanes(d, sum)));
  partial.sumLog += double(hn::GetLane(hn::SumOfLanes(d, sumLog)));
  partial.sumLogSquared += double(hn::GetLane(hn::SumOfLanes(d, sumLogSquared)));
}

void jacobianCpu(const JacobianArgs& args, Context& context, const Workspace& workspace) {
  const JacobianLayout layout(args, Carver(workspace.data));
  const int64_t width = args.size[0];
  const float* displacement = static_cast<const float*>(args.displacement);
  float* map = static_cast<float*>(args.determinant);
  parallelFor(context, layout.chunks, [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(layout.rows, kJacobianRowsPerChunk, chunk);
    JacobianPartial partial{0, 0, 0, double(HUGE_VALF), -double(HUGE_VALF), 0, 0, 0};
    for (int64_t row = range.begin; row < range.end; ++row) {
      float* out = map != nullptr ? map + row * width : layout.determinants + chunk * width;
      determinantRow(rowAt(args.size, args.gradientMap, displacement, row), width, out);
      if (args.statistics == nullptr) continue;
      addStatistics(out, args.mask == nullptr ? nullptr : args.mask + row * width, width, partial);
    }
    layout.partials[chunk] = partial;
  });
  if (args.statistics != nullptr) {
    jacobianCombine(layout.partials, layout.chunks, *args.statistics);
  }
}

/** Sum of squares of what a row's determinants lack, and whether any lacks something. */
HWY_ATTR bool addPenalty(const float* determinants, const uint8_t* mask, int64_t width, float least,
                         PenaltyPartial& partial) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  auto sum = hn::Zero(d);
  bool any = false;
  for (int64_t x = 0; x < width; x += lanes) {
    const int64_t left = width - x;
    const auto within = hn::FirstN(d, static_cast<size_t>(left < lanes ? left : lanes));
    const auto counts = counted(d, mask == nullptr ? nullptr : mask + x, left);
    partial.count += static_cast<int64_t>(hn::CountTrue(d, counts));
    const auto lack = hn::Sub(hn::Set(d, least), hn::MaskedLoad(within, d, determinants + x));
    // Not "greater than 0": what is not a number has to show.
    const auto lacking = hn::AndNot(hn::Le(lack, hn::Zero(d)), counts);
    if (hn::AllFalse(d, lacking)) continue;
    any = true;
    const auto kept = hn::IfThenElseZero(lacking, lack);
    sum = hn::MulAdd(kept, kept, sum);
  }
  partial.sum += double(hn::GetLane(hn::SumOfLanes(d, sum)));
  return any;
}

/** Derivative of the penalty's sum by the index derivatives along `axis` of the three components,
 * for one row. */
HWY_ATTR void penaltyByDerivative(const JacobianPenaltyArgs& args, int64_t rowIndex, int axis,
                                  float* const out[3]) {
  const int64_t width = args.size[0];
  const Row row =
      rowAt(args.size, args.gradientMap, static_cast<const float*>(args.displacement), rowIndex);
  const uint8_t* mask = args.mask == nullptr ? nullptr : args.mask + rowIndex * width;
  const float column[3] = {float(args.gradientMap[axis]), float(args.gradientMap[3 + axis]),
                           float(args.gradientMap[6 + axis])};
  const float least = float(args.leastDeterminant);
  alongRow(width, [&](auto d, auto within, auto part, int64_t x, AxisDifference along) HWY_ATTR {
    using V = hn::Vec<decltype(d)>;
    V j[9], cofactors[9];
    jacobianMatrix<part.kMasked>(d, within, row, x, along, j);
    cross(j + 3, j + 6, cofactors);
    cross(j + 6, j, cofactors + 3);
    cross(j, j + 3, cofactors + 6);
    const V lack = hn::Sub(hn::Set(d, least), dot3(j, cofactors));
    const auto counts = counted(d, mask == nullptr ? nullptr : mask + x, width - x);
    const auto lacking = hn::AndNot(hn::Le(lack, hn::Zero(d)), counts);
    const V factor = hn::Mul(hn::Set(d, -2.0f), lack);
    const V map[3] = {hn::Set(d, column[0]), hn::Set(d, column[1]), hn::Set(d, column[2])};
    for (int c = 0; c < 3; ++c) {
      const V value = hn::IfThenElseZero(lacking, hn::Mul(factor, dot3(cofactors + 3 * c, map)));
      if constexpr (part.kMasked) {
        hn::BlendedStore(value, within, d, out[c] + x);
      } else {
        hn::StoreU(value, d, out[c] + x);
      }
    }
  });
}

/** gradient += weight * rows, for three components `stride` apart. */
HWY_ATTR void addRows(float* const rows[3], float weight, int64_t width, float* gradient,
                      int64_t stride) {
  for (int c = 0; c < 3; ++c) {
    for (int64_t x = 0; x < width; ++x) gradient[c * stride + x] += weight * rows[c][x];
  }
}

HWY_ATTR void penaltyGradientRow(const JacobianPenaltyArgs& args, const uint8_t* flags,
                                 int64_t rowIndex, float scale, float* scratch) {
  const int64_t width = args.size[0], height = args.size[1], depth = args.size[2];
  const int64_t voxels = width * height * depth;
  float* gradient = static_cast<float*>(args.gradient) + rowIndex * width;
  for (int c = 0; c < 3; ++c) {
    for (int64_t x = 0; x < width; ++x) gradient[c * voxels + x] = 0;
  }
  float* const rows[3] = {scratch, scratch + width, scratch + 2 * width};
  if (flags[rowIndex] && width > 1) {
    penaltyByDerivative(args, rowIndex, 0, rows);
    for (int c = 0; c < 3; ++c) {
      float* out = gradient + c * voxels;
      const float* q = rows[c];
      out[0] -= q[0];
      out[width - 1] += q[width - 1];
      for (int64_t x = 1; x < width; ++x) out[x] += axisDifference(x - 1, width).scale * q[x - 1];
      for (int64_t x = 0; x + 1 < width; ++x) {
        out[x] -= axisDifference(x + 1, width).scale * q[x + 1];
      }
    }
  }
  const int64_t at[2] = {rowIndex % height, rowIndex / height};
  const int64_t size[2] = {height, depth}, step[2] = {1, height};
  for (int axis = 0; axis < 2; ++axis) {
    if (size[axis] == 1) continue;
    // Row i + offset takes its difference from this one with this sign.
    for (int64_t offset = -1; offset <= 1; ++offset) {
      const int64_t i = at[axis] + offset;
      if (i < 0 || i >= size[axis]) continue;
      if (offset == 0 && i > 0 && i < size[axis] - 1) continue;
      const int64_t other = rowIndex + offset * step[axis];
      if (!flags[other]) continue;
      const bool isAfter = offset < 0 || (offset == 0 && i > 0);
      const float weight = axisDifference(i, size[axis]).scale;
      penaltyByDerivative(args, other, axis + 1, rows);
      addRows(rows, isAfter ? weight : -weight, width, gradient, voxels);
    }
  }
  for (int c = 0; c < 3; ++c) {
    for (int64_t x = 0; x < width; ++x) gradient[c * voxels + x] *= scale;
  }
}

void jacobianPenaltyCpu(const JacobianPenaltyArgs& args, Context& context,
                        const Workspace& workspace) {
  const JacobianPenaltyLayout layout(args, Carver(workspace.data));
  const int64_t width = args.size[0];
  const float* displacement = static_cast<const float*>(args.displacement);
  parallelFor(context, layout.chunks, [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(layout.rows, kJacobianRowsPerChunk, chunk);
    float* determinants = layout.scratch + chunk * 3 * width;
    PenaltyPartial partial{0, 0};
    for (int64_t row = range.begin; row < range.end; ++row) {
      determinantRow(rowAt(args.size, args.gradientMap, displacement, row), width, determinants);
      layout.flags[row] =
          addPenalty(determinants, args.mask == nullptr ? nullptr : args.mask + row * width, width,
                     float(args.leastDeterminant), partial);
    }
    layout.partials[chunk] = partial;
  });
  PenaltyPartial total{0, 0};
  for (int64_t chunk = 0; chunk < layout.chunks; ++chunk) {
    total.sum += layout.partials[chunk].sum;
    total.count += layout.partials[chunk].count;
  }
  *args.value = total.count > 0 ? total.sum / double(total.count) : 0;
  if (args.gradient == nullptr) return;
  const float scale = total.count > 0 ? float(1 / double(total.count)) : 0.0f;
  parallelFor(context, layout.chunks, [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(layout.rows, kJacobianRowsPerChunk, chunk);
    for (int64_t row = range.begin; row < range.end; ++row) {
      penaltyGradientRow(args, layout.flags, row, scale, layout.scratch + chunk * 3 * width);
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(jacobianCpu);
VK_SIMD_TABLE(jacobianPenaltyCpu);

int64_t jacobianCpuWorkspaceBytes(const JacobianArgs& args) {
  return JacobianLayout(args, Carver(nullptr)).bytes;
}

int64_t jacobianPenaltyCpuWorkspaceBytes(const JacobianPenaltyArgs& args) {
  return JacobianPenaltyLayout(args, Carver(nullptr)).bytes;
}

void jacobianCombine(const JacobianPartial* partials, int64_t chunks, vk_jacobian_statistics& out) {
  JacobianPartial total{0, 0, 0, HUGE_VAL, -HUGE_VAL, 0, 0, 0};
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    const JacobianPartial& partial = partials[chunk];
    total.count += partial.count;
    total.numbers += partial.numbers;
    total.positive += partial.positive;
    total.minimum = partial.minimum < total.minimum ? partial.minimum : total.minimum;
    total.maximum = partial.maximum > total.maximum ? partial.maximum : total.maximum;
    total.sum += partial.sum;
    total.sumLog += partial.sumLog;
    total.sumLogSquared += partial.sumLogSquared;
  }
  out = {};
  out.count = total.count;
  out.nonpositive = total.count - total.positive;
  if (total.numbers > 0) {
    out.minimum = total.minimum;
    out.maximum = total.maximum;
    out.mean = total.sum / double(total.numbers);
  }
  if (total.positive > 0) {
    const double mean = total.sumLog / double(total.positive);
    const double variance = total.sumLogSquared / double(total.positive) - mean * mean;
    // Rounding may leave the variance of equal values below 0; a NaN stays one.
    out.sd_log = variance < 0 ? 0 : std::sqrt(variance);
  }
}

}  // namespace vk
#endif
