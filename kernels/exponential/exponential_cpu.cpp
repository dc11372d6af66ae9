// Squarings on an interleaved field, which stays interleaved from one to the next. The adjoint of a
// squaring scatters into slabs of slices: a slab belongs to one chunk, which goes through the
// source rows that reach it in order, so no two threads add to a voxel and the order is fixed.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "exponential/exponential_cpu.cpp"
#include "core/simd_begin.h"
#include <hwy/cache_control.h>

#include "compose/field_sampler-inl.h"
#include "core/simd_quad.h"
#include "exponential/exponential.h"

#ifndef VK_EXPONENTIAL_LAYOUT
#define VK_EXPONENTIAL_LAYOUT
namespace vk {

/** Beyond this many bytes a field does not stay in cache; it is written around it. */
constexpr int64_t kExponentialStreamBytes = int64_t{16} << 20;
constexpr int64_t kExponentialSlabSlices = 16;

struct ExponentialLayout {
  InterleavedField fields[2];
  int64_t chunks;
  /** The largest squared displacement of each chunk, in voxels. */
  float* largest;
  int64_t bytes;

  ExponentialLayout(const int64_t size[3], Carver carver)
      : fields{InterleavedField(size, carver), InterleavedField(size, carver)},
        chunks(chunkCount(fields[0].rows(), kFieldRowsPerChunk)),
        largest(carver.take<float>(chunks)),
        bytes(carver.bytes()) {}
};

/** Squarings that bring the largest offset to half a voxel. */
int32_t exponentialStepsOf(const float* squaredOffsets, int64_t count);

/** The fields between the squarings: every `segment`-th is kept, the others of one segment are made
 * again when the way back reaches it. */
struct ExponentialGradientLayout {
  int32_t segment;
  int32_t kept;
  Carver pieces;
  InterleavedField gradients[2];
  /** First and last slice that each source row adds to. */
  int32_t* slices;
  int64_t bytes;

  ExponentialGradientLayout(const ExponentialGradientArgs& args, Carver carver)
      : segment(segmentOf(args.steps)),
        kept((args.steps + segment - 1) / segment),
        pieces(carver),
        gradients{InterleavedField(args.size, skip(carver, args, kept + segment - 1)),
                  InterleavedField(args.size, carver)},
        slices(carver.take<int32_t>(2 * gradients[0].rows())),
        bytes(carver.bytes()) {}

  /** The kept fields come first, then those of one segment. */
  InterleavedField field(const ExponentialGradientArgs& args, int32_t index) const {
    Carver carver = pieces;
    for (int32_t i = 0; i < index; ++i) InterleavedField(args.size, carver);
    return InterleavedField(args.size, carver);
  }

 private:
  static int32_t segmentOf(int32_t steps) {
    int32_t root = 1;
    while (root * root < steps) ++root;
    return root;
  }
  static Carver& skip(Carver& carver, const ExponentialGradientArgs& args, int32_t count) {
    for (int32_t i = 0; i < count; ++i) InterleavedField(args.size, carver);
    return carver;
  }
};

}  // namespace vk
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

struct OffsetMap {
  float m[9];
  explicit OffsetMap(const double map[9]) {
    for (int i = 0; i < 9; ++i) m[i] = float(map[i]);
  }
  /** Index offsets of displacements in mm. */
  HWY_ATTR HWY_INLINE void offsets(const FieldVector u[3], FieldVector delta[3]) const {
    const FieldTag d;
    for (int r = 0; r < 3; ++r) {
      auto sum = hn::Mul(hn::Set(d, m[3 * r]), u[0]);
      sum = hn::MulAdd(hn::Set(d, m[3 * r + 1]), u[1], sum);
      delta[r] = hn::MulAdd(hn::Set(d, m[3 * r + 2]), u[2], sum);
    }
  }
};

HWY_ATTR float largestSquaredOffset(const float* planar, int64_t stride, const OffsetMap& map,
                                    int64_t count) {
  const FieldTag d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  auto largest = hn::Zero(d);
  for (int64_t i = 0; i < count; i += lanes) {
    const auto within = lanesWithin(count - i);
    FieldVector v[3], delta[3];
    for (int c = 0; c < 3; ++c) v[c] = hn::MaskedLoad(within, d, planar + c * stride + i);
    map.offsets(v, delta);
    const auto squares =
        hn::MulAdd(delta[0], delta[0], hn::MulAdd(delta[1], delta[1], hn::Mul(delta[2], delta[2])));
    // Not Max: what is not a number must not get in.
    largest = hn::IfThenElse(hn::Gt(squares, largest), squares, largest);
  }
  return hn::GetLane(hn::MaxOfLanes(d, largest));
}

void interleaveField(Context& context, const float* planar, float scale,
                     const InterleavedField& field) {
  const int64_t width = field.size[0], voxels = width * field.rows();
  parallelFor(context, chunkCount(field.rows(), kFieldRowsPerChunk), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(field.rows(), kFieldRowsPerChunk, chunk);
    for (int64_t row = range.begin; row < range.end; ++row) {
      interleaveRow(planar + row * width, voxels, scale, width, field.row(row));
    }
  });
}

/** Components of a vector of voxels; may read up to a vector past the row. */
HWY_ATTR HWY_INLINE void loadVoxels(const float* from, FieldVector u[3]) {
  const FieldTag d;
  FieldVector pad;
  hn::LoadInterleaved4(d, from, u[0], u[1], u[2], pad);
}

/** One row of u + u(x + u), interleaved. */
template <bool kStream>
HWY_ATTR void squareRow(const InterleavedField& field, const OffsetMap& map, int64_t row,
                        float* out) {
  const FieldTag d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t width = field.size[0];
  const float y = float(row % field.size[1]), z = float(row / field.size[1]);
  const float* in = field.row(row);
  const FieldSteps steps(field);
  FieldCells cells;
  for (int64_t x = 0; x < width; x += lanes) {
    FieldVector u[3], delta[3];
    loadVoxels(in + 4 * x, u);
    map.offsets(u, delta);
    locateCells(field, hn::Iota(d, float(x)), y, z, delta, cells);
    prefetchNextRow(field, field.data, cells);
    const int64_t count = width - x < lanes ? width - x : lanes;
    for (int64_t i = 0; i < count; ++i) {
      sampleCell<kStream>(field.data, steps, cells, i, in + 4 * (x + i), out + 4 * (x + i));
    }
  }
  if (width == 1) {
    for (int64_t c = 0; c < 4; ++c) out[4 + c] = out[c];
  }
}

/** The same, planar. */
HWY_ATTR void squareRowPlanar(const InterleavedField& field, const OffsetMap& map, int64_t row,
                              float* out, int64_t stride) {
  const FieldTag d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t width = field.size[0];
  const float y = float(row % field.size[1]), z = float(row / field.size[1]);
  FieldCells cells;
  for (int64_t x = 0; x < width; x += lanes) {
    FieldVector u[3], delta[3], value[3];
    loadVoxels(field.row(row) + 4 * x, u);
    map.offsets(u, delta);
    locateCells(field, hn::Iota(d, float(x)), y, z, delta, cells);
    prefetchNextRow(field, field.data, cells);
    sampleCells(field, cells, value);
    for (int c = 0; c < 3; ++c) {
      const auto sum = hn::Add(value[c], u[c]);
      if (x + lanes <= width) {
        hn::StoreU(sum, d, out + c * stride + x);
      } else {
        hn::BlendedStore(sum, lanesWithin(width - x), d, out + c * stride + x);
      }
    }
  }
}

void squareField(Context& context, const InterleavedField& from, const OffsetMap& map,
                 const InterleavedField& to) {
  const bool stream = 16 * from.rowVoxels * from.rows() > kExponentialStreamBytes &&
                      reinterpret_cast<uintptr_t>(to.data) % 16 == 0 && from.size[0] > 1;
  parallelFor(context, chunkCount(from.rows(), kFieldRowsPerChunk), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(from.rows(), kFieldRowsPerChunk, chunk);
    for (int64_t row = range.begin; row < range.end; ++row) {
      if (stream) {
        squareRow<true>(from, map, row, to.row(row));
      } else {
        squareRow<false>(from, map, row, to.row(row));
      }
    }
    if (stream) hwy::FlushStream();
  });
}

void exponentialCpu(const ExponentialArgs& args, Context& context, const Workspace& workspace) {
  const ExponentialLayout layout(args.size, Carver(workspace.data));
  const OffsetMap map(args.displacementMap);
  const float* velocity = static_cast<const float*>(args.velocity);
  float* displacement = static_cast<float*>(args.displacement);
  const int64_t width = args.size[0], rows = layout.fields[0].rows(), voxels = width * rows;
  int32_t steps = args.steps;
  if (steps < 0) {
    parallelFor(context, layout.chunks, [&](int64_t chunk) HWY_ATTR {
      const Range range = chunkRange(voxels, kFieldRowsPerChunk * width, chunk);
      layout.largest[chunk] =
          largestSquaredOffset(velocity + range.begin, voxels, map, range.end - range.begin);
    });
    steps = exponentialStepsOf(layout.largest, layout.chunks);
  }
  if (args.stepsUsed != nullptr) *args.stepsUsed = steps;
  if (steps == 0) {
    parallelFor(context, layout.chunks, [&](int64_t chunk) HWY_ATTR {
      const Range range = chunkRange(3 * voxels, 3 * kFieldRowsPerChunk * width, chunk);
      for (int64_t i = range.begin; i < range.end; ++i) displacement[i] = velocity[i];
    });
    return;
  }
  float scale = 1;
  for (int32_t step = 0; step < steps; ++step) scale *= 0.5f;
  interleaveField(context, velocity, scale, layout.fields[0]);
  for (int32_t step = 0; step + 1 < steps; ++step) {
    squareField(context, layout.fields[step % 2], map, layout.fields[(step + 1) % 2]);
  }
  const InterleavedField& last = layout.fields[(steps - 1) % 2];
  parallelFor(context, layout.chunks, [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(rows, kFieldRowsPerChunk, chunk);
    for (int64_t row = range.begin; row < range.end; ++row) {
      squareRowPlanar(last, map, row, displacement + row * width, voxels);
    }
  });
}

#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
/** The four floats of as many voxels as a vector holds. */
using Blocks = FieldVector;
constexpr int64_t kBlocks = HWY_LANES(float) / 4;
HWY_INLINE Blocks mulAdd(Blocks a, Blocks b, Blocks sum) { return hn::MulAdd(a, b, sum); }
#else
using Blocks = Quad;
constexpr int64_t kBlocks = 1;
HWY_INLINE Blocks mulAdd(Blocks a, Blocks b, Blocks sum) { return quadMulAdd(a, b, sum); }
#endif

/** Those of the numbered voxels at `data`. */
HWY_ATTR HWY_INLINE Blocks blocksAt(const float* data, const int32_t* voxel) {
  const auto at = [&](int64_t k) HWY_ATTR { return quadAt(data + 4 * int64_t{voxel[k]}); };
#if HWY_TARGET == HWY_AVX3
  const auto pair = [&](int64_t k) HWY_ATTR {
    return _mm256_insertf128_ps(_mm256_castps128_ps256(at(k)), at(k + 1), 1);
  };
  return Blocks{_mm512_insertf32x8(_mm512_castps256_ps512(pair(0)), pair(2), 1)};
#elif HWY_TARGET == HWY_AVX2
  return Blocks{_mm256_insertf128_ps(_mm256_castps128_ps256(at(0)), at(1), 1)};
#else
  return at(0);
#endif
}

/** The floats of voxels behind one another. */
HWY_ATTR HWY_INLINE Blocks blocksFrom(const float* from) {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
  return hn::LoadU(FieldTag(), from);
#else
  return quadAt(from);
#endif
}

HWY_ATTR HWY_INLINE void storeBlocks(Blocks blocks, float* to) {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
  hn::StoreU(blocks, FieldTag(), to);
#else
  storeQuad(blocks, to);
#endif
}

/** One number for each voxel, in all its lanes. */
HWY_ATTR HWY_INLINE Blocks blocksOf(const float* numbers) {
#if HWY_TARGET == HWY_AVX3
  const __m512i each = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
  return Blocks{_mm512_permutexvar_ps(each, _mm512_castps128_ps512(_mm_loadu_ps(numbers)))};
#elif HWY_TARGET == HWY_AVX2
  return Blocks{_mm256_insertf128_ps(_mm256_castps128_ps256(_mm_set1_ps(numbers[0])),
                                     _mm_set1_ps(numbers[1]), 1)};
#else
  return Quad{numbers[0], numbers[0], numbers[0], numbers[0]};
#endif
}

/** Three numbers in the lanes of every voxel, and 0. */
HWY_ATTR HWY_INLINE Blocks sameBlocks(const float* three) {
  HWY_ALIGN float lanes[4 * kBlocks] = {};
  for (int64_t i = 0; i < kBlocks; ++i) {
    for (int64_t c = 0; c < 3; ++c) lanes[4 * i + c] = three[c];
  }
  return blocksFrom(lanes);
}

/** With a fourth float of 0, whatever it was. */
HWY_ATTR HWY_INLINE Blocks withoutFourth(Blocks blocks) {
#if HWY_TARGET == HWY_AVX3
  return Blocks{_mm512_maskz_mov_ps(0x7777, blocks.raw)};
#elif HWY_TARGET == HWY_AVX2
  return Blocks{_mm256_blend_ps(blocks.raw, _mm256_setzero_ps(), 0x88)};
#else
  blocks[3] = 0;
  return blocks;
#endif
}

/** The sum of each voxel's products, in all its lanes. */
HWY_ATTR HWY_INLINE Blocks dotBlocks(Blocks a, Blocks b) {
  const Blocks products = a * b;
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
  const Blocks pairs = products + hn::Shuffle2301(products);
  return pairs + hn::Shuffle1032(pairs);
#else
  const float sum = products[0] + products[1] + (products[2] + products[3]);
  return Quad{sum, sum, sum, sum};
#endif
}

/** The derivatives by position of the vectors sampled in some lanes. */
struct BlockSlopes {
  Blocks byX, byY, byZ;

  HWY_ATTR HWY_INLINE BlockSlopes(const float* data, FieldSteps steps, const FieldCells& cells,
                                  int64_t lane) {
    const Blocks fx = blocksOf(cells.fx + lane), fy = blocksOf(cells.fy + lane);
    const Blocks fz = blocksOf(cells.fz + lane);
    const auto lerp = [](Blocks a, Blocks b, Blocks f) HWY_ATTR { return mulAdd(f, b - a, a); };
    const int32_t* const voxel = cells.voxel + lane;
    const auto corner = [&](int64_t step) HWY_ATTR { return blocksAt(data + step, voxel); };
    const Blocks l00 = corner(0), r00 = corner(4);
    const Blocks l10 = corner(steps.y), r10 = corner(steps.y + 4);
    const Blocks l01 = corner(steps.z), r01 = corner(steps.z + 4);
    const Blocks l11 = corner(steps.y + steps.z), r11 = corner(steps.y + steps.z + 4);
    byX = lerp(lerp(r00 - l00, r10 - l10, fy), lerp(r01 - l01, r11 - l11, fy), fz);
    const Blocks m00 = lerp(l00, r00, fx), m10 = lerp(l10, r10, fx);
    const Blocks m01 = lerp(l01, r01, fx), m11 = lerp(l11, r11, fx);
    byY = lerp(m10 - m00, m11 - m01, fz);
    byZ = lerp(m01 - m00, m11 - m10, fy);
  }
};

/** out = upstream + what the squaring's positions pass on to their own voxels. */
HWY_ATTR void adjointOwnRow(const InterleavedField& u, const OffsetMap& map,
                            const InterleavedField& upstream, int64_t row, float* out) {
  const FieldTag d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t width = u.size[0];
  const float y = float(row % u.size[1]), z = float(row / u.size[1]);
  const float* const from = upstream.row(row);
  const FieldSteps steps(u);
  const Blocks rows[3] = {sameBlocks(map.m), sameBlocks(map.m + 3), sameBlocks(map.m + 6)};
  FieldCells cells;
  // 1 where a sample follows the position. To be multiplied by, so that NaN shows beyond the
  // border, too.
  HWY_ALIGN float follows[3][kFieldLanes];
  for (int64_t x = 0; x < width; x += lanes) {
    FieldVector own[3], delta[3];
    FieldMask moves[3];
    loadVoxels(u.row(row) + 4 * x, own);
    map.offsets(own, delta);
    locateCells(u, hn::Iota(d, float(x)), y, z, delta, cells, moves);
    prefetchNextRow(u, u.data, cells);
    for (int r = 0; r < 3; ++r) {
      hn::Store(hn::IfThenElseZero(moves[r], hn::Set(d, 1.0f)), d, follows[r]);
    }
    const int64_t count = width - x < lanes ? width - x : lanes;
    for (int64_t i = 0; i < count; i += kBlocks) {
      const BlockSlopes slopes(u.data, steps, cells, i);
      const Blocks g = blocksFrom(from + 4 * (x + i));
      Blocks sum = g;
      sum = mulAdd(rows[0], dotBlocks(slopes.byX, g) * blocksOf(follows[0] + i), sum);
      sum = mulAdd(rows[1], dotBlocks(slopes.byY, g) * blocksOf(follows[1] + i), sum);
      sum = mulAdd(rows[2], dotBlocks(slopes.byZ, g) * blocksOf(follows[2] + i), sum);
      sum = withoutFourth(sum);  // 0 times what is not finite is not 0
      float* const to = out + 4 * (x + i);
      if (HWY_LIKELY(i + kBlocks <= count)) {
        storeBlocks(sum, to);
      } else {
        HWY_ALIGN float results[4 * kBlocks];
        storeBlocks(sum, results);
        for (int64_t k = 0; k < 4 * (count - i); ++k) to[k] = results[k];
      }
    }
  }
  if (width == 1) {
    for (int64_t c = 0; c < 4; ++c) out[4 + c] = 0;
  }
}

/** First and last slice that a row scatters to. */
HWY_ATTR void reachOfRow(const InterleavedField& u, const OffsetMap& map, int64_t row,
                         int32_t reach[2]) {
  const FieldTag d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t width = u.size[0];
  const auto z = hn::Set(d, float(row / u.size[1]));
  auto low = hn::Set(d, float(u.size[2])), high = hn::Zero(d);
  for (int64_t x = 0; x < width; x += lanes) {
    FieldVector own[3], delta[3];
    loadVoxels(u.row(row) + 4 * x, own);
    map.offsets(own, delta);
    const auto cell = fieldAxisCell(z, delta[2], u.size[2]).cell;
    const auto within = lanesWithin(width - x);
    low = hn::IfThenElse(within, hn::Min(low, cell), low);
    high = hn::IfThenElse(within, hn::Max(high, cell), high);
  }
  reach[0] = static_cast<int32_t>(hn::GetLane(hn::MinOfLanes(d, low)));
  reach[1] = static_cast<int32_t>(hn::GetLane(hn::MaxOfLanes(d, high))) + (u.size[2] > 1 ? 1 : 0);
}

/** Adds to the cells of one row of samples, of which neighbours mostly lie in neighbouring cells:
 * what a cell's right corners get is kept until the next sample is known, as two additions to a
 * voxel right after each other would wait for its store. */
class CellRun {
 public:
  HWY_INLINE CellRun(float* data, FieldSteps steps) : data_(data), steps_(steps) {}

  /** corners += weights * g, of the cell's lower slice, of the upper one, or of both. */
  HWY_INLINE void add(const FieldCells& cells, int64_t i, bool lower, bool upper, const float* g) {
    const int64_t voxel = cells.voxel[i];
    if (HWY_UNLIKELY(voxel != next_)) finish();
    next_ = voxel + 1;
    lower_ = lower;
    upper_ = upper;
    const Quad value = quadAt(g);
    const Quad right = value * cells.fx[i];
    const Quad left = value - right;
    float* const corner = data_ + 4 * voxel;
    if (HWY_LIKELY(lower)) {
      addRow(corner, cells.w00[i], left, right, &carried_[0]);
      addRow(corner + steps_.y, cells.w10[i], left, right, &carried_[1]);
    }
    if (HWY_LIKELY(upper)) {
      addRow(corner + steps_.z, cells.w01[i], left, right, &carried_[2]);
      addRow(corner + steps_.z + steps_.y, cells.w11[i], left, right, &carried_[3]);
    }
  }

  /** Has to be called after the last sample. */
  HWY_INLINE void finish() {
    if (next_ < 0) return;
    float* const corner = data_ + 4 * next_;
    if (lower_) {
      addCarried(corner, &carried_[0]);
      addCarried(corner + steps_.y, &carried_[1]);
    }
    if (upper_) {
      addCarried(corner + steps_.z, &carried_[2]);
      addCarried(corner + steps_.z + steps_.y, &carried_[3]);
    }
    next_ = -1;
  }

 private:
  static HWY_INLINE void addRow(float* at, float weight, Quad left, Quad right, Quad* carried) {
    const Quad both = {weight, weight, weight, weight};
    storeQuad(quadAt(at) + quadMulAdd(both, left, *carried), at);
    *carried = both * right;
  }
  static HWY_INLINE void addCarried(float* at, Quad* carried) {
    storeQuad(quadAt(at) + *carried, at);
    *carried = Quad{};
  }

  float* const data_;
  const FieldSteps steps_;
  /** Of the voxel after the last cell's, or -1. */
  int64_t next_ = -1;
  bool lower_ = false, upper_ = false;
  Quad carried_[4] = {};
};

/** Adds what one source row passes on to the slices [begin, end). */
HWY_ATTR void scatterRow(const InterleavedField& u, const OffsetMap& map,
                         const InterleavedField& upstream, int64_t row, int64_t begin, int64_t end,
                         float* out) {
  const FieldTag d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t width = u.size[0];
  const float y = float(row % u.size[1]), z = float(row / u.size[1]);
  const FieldSteps steps(u);
  const float* g = upstream.row(row);
  FieldCells cells;
  CellRun run(out, steps);
  for (int64_t x = 0; x < width; x += lanes) {
    FieldVector own[3], delta[3];
    loadVoxels(u.row(row) + 4 * x, own);
    map.offsets(own, delta);
    locateCells(u, hn::Iota(d, float(x)), y, z, delta, cells);
    prefetchNextRow(u, out, cells);
    const int64_t count = width - x < lanes ? width - x : lanes;
    const hn::RebindToSigned<FieldTag> di;
    const auto slices = hn::Load(di, cells.slice);
    const auto inside = hn::And(hn::Gt(slices, hn::Set(di, int32_t(begin - 1))),
                                hn::Lt(slices, hn::Set(di, int32_t(end - 1))));
    if (HWY_LIKELY(count == lanes && steps.z != 0 && hn::AllTrue(di, inside))) {
      for (int64_t i = 0; i < lanes; ++i) run.add(cells, i, true, true, g + 4 * (x + i));
      continue;
    }
    for (int64_t i = 0; i < count; ++i) {
      const int64_t slice = cells.slice[i];
      const bool lower = slice >= begin && slice < end;
      const bool upper = steps.z != 0 && slice + 1 >= begin && slice + 1 < end;
      if (lower || upper) run.add(cells, i, lower, upper, g + 4 * (x + i));
    }
  }
  run.finish();
}

/** out = dL/du out of upstream = dL/d(u squared). */
void squareFieldAdjoint(Context& context, const InterleavedField& u, const OffsetMap& map,
                        const InterleavedField& upstream, int32_t* reach,
                        const InterleavedField& out) {
  const int64_t rows = u.rows(), height = u.size[1], depth = u.size[2];
  parallelFor(context, chunkCount(rows, kFieldRowsPerChunk), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(rows, kFieldRowsPerChunk, chunk);
    for (int64_t row = range.begin; row < range.end; ++row) {
      adjointOwnRow(u, map, upstream, row, out.row(row));
      reachOfRow(u, map, row, reach + 2 * row);
    }
  });
  const int64_t slabs = chunkCount(depth, kExponentialSlabSlices);
  parallelFor(context, slabs, [&](int64_t chunk) HWY_ATTR {
    const Range slab = chunkRange(depth, kExponentialSlabSlices, chunk);
    for (int64_t row = 0; row < height * depth; ++row) {
      if (reach[2 * row + 1] < slab.begin || reach[2 * row] >= slab.end) continue;
      scatterRow(u, map, upstream, row, slab.begin, slab.end, out.data);
    }
  });
}

void exponentialGradientCpu(const ExponentialGradientArgs& args, Context& context,
                            const Workspace& workspace) {
  const ExponentialGradientLayout layout(args, Carver(workspace.data));
  const OffsetMap map(args.displacementMap);
  const int64_t width = args.size[0], rows = layout.gradients[0].rows(), voxels = width * rows;
  float scale = 1;
  for (int32_t step = 0; step < args.steps; ++step) scale *= 0.5f;
  const auto within = [&](int32_t j) { return layout.field(args, layout.kept + j - 1); };
  if (args.steps > 0) {
    interleaveField(context, static_cast<const float*>(args.velocity), scale,
                    layout.field(args, 0));
  }
  for (int32_t s = 0; s + 1 < layout.kept; ++s) {
    for (int32_t j = 0; j < layout.segment; ++j) {
      squareField(context, j == 0 ? layout.field(args, s) : within(j), map,
                  j + 1 == layout.segment ? layout.field(args, s + 1) : within(j + 1));
    }
  }
  int32_t current = 0;
  interleaveField(context, static_cast<const float*>(args.displacementGradient), 1.0f,
                  layout.gradients[0]);
  for (int32_t s = layout.kept - 1; s >= 0; --s) {
    const int32_t left = args.steps - s * layout.segment;
    const int32_t length = left < layout.segment ? left : layout.segment;
    for (int32_t j = 1; j < length; ++j) {
      squareField(context, j == 1 ? layout.field(args, s) : within(j - 1), map, within(j));
    }
    for (int32_t j = length - 1; j >= 0; --j) {
      squareFieldAdjoint(context, j == 0 ? layout.field(args, s) : within(j), map,
                         layout.gradients[current], layout.slices, layout.gradients[1 - current]);
      current = 1 - current;
    }
  }
  float* out = static_cast<float*>(args.velocityGradient);
  const InterleavedField& result = layout.gradients[current];
  parallelFor(context, chunkCount(rows, kFieldRowsPerChunk), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(rows, kFieldRowsPerChunk, chunk);
    for (int64_t row = range.begin; row < range.end; ++row) {
      const float* in = result.row(row);
      for (int64_t c = 0; c < 3; ++c) {
        for (int64_t x = 0; x < width; ++x) {
          out[c * voxels + row * width + x] = scale * in[4 * x + c];
        }
      }
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <cmath>

namespace vk {

VK_SIMD_TABLE(exponentialCpu);
VK_SIMD_TABLE(exponentialGradientCpu);

int32_t exponentialStepsOf(const float* squaredOffsets, int64_t count) {
  double largest = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (squaredOffsets[i] > largest) largest = double(squaredOffsets[i]);
  }
  int32_t steps = 0;
  for (double offset = std::sqrt(largest); offset > 0.5 && steps < kExponentialMostSteps;) {
    offset /= 2;
    ++steps;
  }
  return steps;
}

int64_t exponentialCpuWorkspaceBytes(const ExponentialArgs& args) {
  return ExponentialLayout(args.size, Carver(nullptr)).bytes;
}

int64_t exponentialGradientCpuWorkspaceBytes(const ExponentialGradientArgs& args) {
  return ExponentialGradientLayout(args, Carver(nullptr)).bytes;
}

}  // namespace vk
#endif
