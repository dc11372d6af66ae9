// Linear interpolation of an interleaved vector field, a vector of voxels at a time: cells and
// weights for all lanes at once, then each voxel's corners with short vectors. Included once per
// instruction set, like the kernels that use it.
#if defined(VK_COMPOSE_FIELD_SAMPLER_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_COMPOSE_FIELD_SAMPLER_INL
#undef VK_COMPOSE_FIELD_SAMPLER_INL
#else
#define VK_COMPOSE_FIELD_SAMPLER_INL
#endif

#include <hwy/highway.h>

#include "compose/interleaved_field.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using FieldTag = hn::ScalableTag<float>;
using FieldVector = hn::Vec<FieldTag>;
using FieldMask = hn::Mask<FieldTag>;
constexpr int64_t kFieldLanes = HWY_MAX_BYTES / 4;

/** The cells that a vector of voxels samples. */
struct FieldCells {
  HWY_ALIGN int32_t voxel[kFieldLanes];
  /** Position between left and right; weights of the cell's four rows, named by y and z. */
  HWY_ALIGN float fx[kFieldLanes];
  HWY_ALIGN float w00[kFieldLanes];
  HWY_ALIGN float w10[kFieldLanes];
  HWY_ALIGN float w01[kFieldLanes];
  HWY_ALIGN float w11[kFieldLanes];
  /** Position between the rows and between the slices, and the lower slice. */
  HWY_ALIGN float fy[kFieldLanes];
  HWY_ALIGN float fz[kFieldLanes];
  HWY_ALIGN int32_t slice[kFieldLanes];
};

/** Cell and fraction along one axis of the position index + delta, clamped to the field; a position
 * that is no number gives voxel 0. The index is whole, so the fraction is as exact as delta. */
struct FieldAxisCell {
  FieldVector cell, fraction;
  /** Where the sample follows the position, which it does not beyond the border. */
  FieldMask moves;
};

HWY_ATTR HWY_INLINE FieldAxisCell fieldAxisCell(FieldVector index, FieldVector delta,
                                                int64_t size) {
  const FieldTag d;
  const auto floored = hn::Floor(delta);
  auto fraction = hn::Sub(delta, floored);
  auto cell = hn::Add(index, floored);
  const auto above = hn::Ge(cell, hn::Zero(d));
  const auto end = hn::Set(d, float(size - 1));
  const auto inside =
      hn::Or(hn::Lt(cell, end), hn::And(hn::Eq(cell, end), hn::Eq(fraction, hn::Zero(d))));
  const auto moves = hn::And(hn::And(above, inside), hn::FirstN(d, size > 1 ? hn::Lanes(d) : 0));
  cell = hn::IfThenElseZero(above, cell);
  fraction = hn::IfThenElseZero(above, fraction);
  const auto last = hn::Set(d, size > 1 ? float(size - 2) : 0.0f);
  const auto beyond = hn::Gt(cell, last);
  cell = hn::IfThenElse(beyond, last, cell);
  fraction = hn::IfThenElse(beyond, hn::Set(d, 1.0f), fraction);
  if (size == 1) fraction = hn::Zero(d);
  return {cell, fraction, moves};
}

/** Cells of the positions (x, y, z) + delta; `moves`, where not null, says where along each axis
 * the samples follow the positions. */
HWY_ATTR HWY_INLINE void locateCells(const InterleavedField& field, FieldVector x, float y, float z,
                                     const FieldVector delta[3], FieldCells& cells,
                                     FieldMask* moves = nullptr) {
  const FieldTag d;
  const hn::RebindToSigned<FieldTag> di;
  const FieldAxisCell ax = fieldAxisCell(x, delta[0], field.size[0]);
  const FieldAxisCell ay = fieldAxisCell(hn::Set(d, y), delta[1], field.size[1]);
  const FieldAxisCell az = fieldAxisCell(hn::Set(d, z), delta[2], field.size[2]);
  const auto row =
      hn::Add(hn::Mul(hn::ConvertTo(di, az.cell), hn::Set(di, static_cast<int32_t>(field.size[1]))),
              hn::ConvertTo(di, ay.cell));
  const auto voxel = hn::Add(hn::Mul(row, hn::Set(di, static_cast<int32_t>(field.rowVoxels))),
                             hn::ConvertTo(di, ax.cell));
  const auto one = hn::Set(d, 1.0f);
  const auto gy = hn::Sub(one, ay.fraction), gz = hn::Sub(one, az.fraction);
  hn::Store(voxel, di, cells.voxel);
  hn::Store(ax.fraction, d, cells.fx);
  hn::Store(hn::Mul(gy, gz), d, cells.w00);
  hn::Store(hn::Mul(ay.fraction, gz), d, cells.w10);
  hn::Store(hn::Mul(gy, az.fraction), d, cells.w01);
  hn::Store(hn::Mul(ay.fraction, az.fraction), d, cells.w11);
  hn::Store(ay.fraction, d, cells.fy);
  hn::Store(az.fraction, d, cells.fz);
  hn::Store(hn::ConvertTo(di, az.cell), di, cells.slice);
  if (moves == nullptr) return;
  moves[0] = ax.moves;
  moves[1] = ay.moves;
  moves[2] = az.moves;
}

/** Asks for what the next row is going to read first of `data`, a field or what is like one: of the
 * cells' second slice the row beyond. The hardware does not follow these rows by itself. */
HWY_ATTR HWY_INLINE void prefetchNextRow(const InterleavedField& field, const float* data,
                                         const FieldCells& cells) {
  constexpr int64_t kLineVoxels = 4;
  const float* const next = data + 4 * field.rowVoxels * (field.size[1] + 2);
  for (int64_t i = 0; i < static_cast<int64_t>(hn::Lanes(FieldTag())); i += kLineVoxels) {
    __builtin_prefetch(next + 4 * int64_t{cells.voxel[i]});
  }
}

/** Element steps to a cell's next row and next slice. */
struct FieldSteps {
  int64_t y, z;
  explicit FieldSteps(const InterleavedField& field)
      : y(field.size[1] > 1 ? 4 * field.rowVoxels : 0),
        z(field.size[2] > 1 ? 4 * field.rowVoxels * field.size[1] : 0) {}
};

/** The sampled vector of lane i, plus `added`, to `out`; four floats each. `added` may be null. */
template <bool kStream>
HWY_ATTR HWY_INLINE void sampleCell(const float* data, FieldSteps steps, const FieldCells& cells,
                                    int64_t i, const float* added, float* out) {
  const float* corner = data + 4 * int64_t{cells.voxel[i]};
  const hn::CappedTag<float, 8> d8;
  const hn::CappedTag<float, 4> d4;
#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_NEON
  auto sum = hn::Mul(hn::Set(d8, cells.w00[i]), hn::LoadU(d8, corner));
  sum = hn::MulAdd(hn::Set(d8, cells.w10[i]), hn::LoadU(d8, corner + steps.y), sum);
  sum = hn::MulAdd(hn::Set(d8, cells.w01[i]), hn::LoadU(d8, corner + steps.z), sum);
  sum = hn::MulAdd(hn::Set(d8, cells.w11[i]), hn::LoadU(d8, corner + steps.y + steps.z), sum);
  const auto left = hn::LowerHalf(d4, sum), right = hn::UpperHalf(d4, sum);
  auto value = hn::MulAdd(hn::Set(d4, cells.fx[i]), hn::Sub(right, left), left);
  if (added != nullptr) value = hn::Add(value, hn::LoadU(d4, added));
  if constexpr (kStream) {
    hn::Stream(value, d4, out);
  } else {
    hn::StoreU(value, d4, out);
  }
#else
  (void)d8;
  for (int64_t c = 0; c < 4; c += static_cast<int64_t>(hn::Lanes(d4))) {
    const float* at = corner + c;
    const auto side = [&](int64_t x) HWY_ATTR {
      auto sum = hn::Mul(hn::Set(d4, cells.w00[i]), hn::LoadU(d4, at + x));
      sum = hn::MulAdd(hn::Set(d4, cells.w10[i]), hn::LoadU(d4, at + x + steps.y), sum);
      sum = hn::MulAdd(hn::Set(d4, cells.w01[i]), hn::LoadU(d4, at + x + steps.z), sum);
      return hn::MulAdd(hn::Set(d4, cells.w11[i]), hn::LoadU(d4, at + x + steps.y + steps.z), sum);
    };
    const auto left = side(0), right = side(4);
    auto value = hn::MulAdd(hn::Set(d4, cells.fx[i]), hn::Sub(right, left), left);
    if (added != nullptr) value = hn::Add(value, hn::LoadU(d4, added + c));
    hn::StoreU(value, d4, out + c);
  }
#endif
}

/** All lanes; components of the sampled vectors. */
HWY_ATTR HWY_INLINE void sampleCells(const InterleavedField& field, const FieldCells& cells,
                                     FieldVector value[3]) {
  const FieldTag d;
  const FieldSteps steps(field);
  HWY_ALIGN float vectors[4 * kFieldLanes];
  for (int64_t i = 0; i < static_cast<int64_t>(hn::Lanes(d)); ++i) {
    sampleCell<false>(field.data, steps, cells, i, nullptr, vectors + 4 * i);
  }
  FieldVector pad;
  hn::LoadInterleaved4(d, vectors, value[0], value[1], value[2], pad);
}

/** One planar row, times `scale`, to a row of the field; components are `stride` apart. */
HWY_ATTR inline void interleaveRow(const float* planar, int64_t stride, float scale, int64_t width,
                                   float* out) {
  const FieldTag d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto factor = hn::Set(d, scale);
  int64_t x = 0;
  for (; x + lanes <= width; x += lanes) {
    hn::StoreInterleaved4(hn::Mul(factor, hn::LoadU(d, planar + x)),
                          hn::Mul(factor, hn::LoadU(d, planar + stride + x)),
                          hn::Mul(factor, hn::LoadU(d, planar + 2 * stride + x)), hn::Zero(d), d,
                          out + 4 * x);
  }
  for (; x < width; ++x) {
    for (int64_t c = 0; c < 3; ++c) out[4 * x + c] = scale * planar[c * stride + x];
    out[4 * x + 3] = 0;
  }
  if (width == 1) {
    for (int64_t c = 0; c < 4; ++c) out[4 + c] = out[c];
  }
}

/** The lanes that lie in the row, from x on. */
HWY_ATTR HWY_INLINE FieldMask lanesWithin(int64_t left) {
  const FieldTag d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  return hn::FirstN(d, static_cast<size_t>(left < lanes ? left : lanes));
}

/** The affine part of a row's positions relative to the voxel index, and the map of displacements.
 */
struct RowDeltas {
  float base[3];
  float slope[3];
  float map[9];

  /** indexMap is row-major 3 x 4. */
  RowDeltas(const double indexMap[12], const double displacementMap[9], int64_t y, int64_t z) {
    const double index[3] = {0, double(y), double(z)};
    for (int r = 0; r < 3; ++r) {
      const double* row = indexMap + 4 * r;
      base[r] = float(row[1] * double(y) + row[2] * double(z) + row[3] - index[r]);
      slope[r] = float(row[0] - (r == 0 ? 1.0 : 0.0));
    }
    for (int i = 0; i < 9; ++i) map[i] = float(displacementMap[i]);
  }

  HWY_ATTR HWY_INLINE void at(FieldVector x, const FieldVector displacement[3],
                              FieldVector delta[3]) const {
    const FieldTag d;
    for (int r = 0; r < 3; ++r) {
      auto sum = hn::MulAdd(hn::Set(d, slope[r]), x, hn::Set(d, base[r]));
      for (int c = 0; c < 3; ++c) {
        sum = hn::MulAdd(hn::Set(d, map[3 * r + c]), displacement[c], sum);
      }
      delta[r] = sum;
    }
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif
