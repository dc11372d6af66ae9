// Pooling by rows: the rows of the input that a row of outputs sees are first combined into one
// row, then the values of that row that an output sees. So the first part, which has nearly all of
// the work, is the same for every stride and dilation along x. Included after core/simd_begin.h,
// once an instruction set.
#include "pool/pool_window.h"
#include <hwy/cache_control.h>

#if defined(VK_POOL_ROWS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_POOL_ROWS_INL_H
#undef VK_POOL_ROWS_INL_H
#else
#define VK_POOL_ROWS_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** Rows of the input that lie inside it, seen by one row of outputs; steps in floats. */
struct TapRows {
  const float* first;
  int64_t planes;
  int64_t planeStep;
  int64_t rows;
  int64_t rowStep;
};

HWY_ATTR inline TapRows tapRows(const PoolArgs& args, const float* input, int64_t volume, int64_t z,
                                int64_t y) {
  const PoolWindow& window = args.window;
  const Range planes = poolTaps(window, 0, z, args.inSize[0]);
  const Range rows = poolTaps(window, 1, y, args.inSize[1]);
  const int64_t plane = args.inSize[1] * args.inSize[2];
  const int64_t firstPlane =
      z * window.stride[0] - window.paddingBegin[0] + planes.begin * window.dilation[0];
  const int64_t firstRow =
      y * window.stride[1] - window.paddingBegin[1] + rows.begin * window.dilation[1];
  TapRows taps{};
  taps.planes = planes.end - planes.begin;
  taps.rows = rows.end - rows.begin;
  if (taps.planes == 0 || taps.rows == 0) return {};
  taps.first = input + (volume * args.inSize[0] + firstPlane) * plane + firstRow * args.inSize[2];
  taps.planeStep = window.dilation[0] * plane;
  taps.rowStep = window.dilation[1] * args.inSize[2];
  return taps;
}

/** Floats ahead in each row that are asked for: processors do not see that short rows of several
 * planes, read in turn, go on. It may lie beyond the tensor, where asking does nothing. */
constexpr int64_t kAhead = 768;
/** What the next plane of outputs needs may take: a part of the second-level cache. */
constexpr int64_t kAheadBytes = 256 * 1024;
/** A tensor of which nothing would still be in a cache when it is read again. */
constexpr int64_t kLargeBytes = 16 << 20;

/** `Vectors` vectors at x of all rows, combined. A kind has load(value), combine(so far, value)
 * and `outside`, which changes nothing. */
template <int Vectors, class Kind, class V>
HWY_ATTR HWY_INLINE void combineVectors(const Kind& kind, const TapRows& taps, int64_t x,
                                        V (&sum)[Vectors]) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  V plane[Vectors];
  for (int i = 0; i < Vectors; ++i) sum[i] = hn::Set(d, Kind::kOutside);
  for (int64_t z = 0; z < taps.planes; ++z) {
    // Plane by plane, so that the error of a sum grows with planes plus rows, not with their
    // product.
    for (int i = 0; i < Vectors; ++i) plane[i] = hn::Set(d, Kind::kOutside);
    const float* from = taps.first + z * taps.planeStep + x;
    for (int64_t y = 0; y < taps.rows; ++y, from += taps.rowStep) {
      for (int i = 0; i < Vectors; ++i) {
        __builtin_prefetch(from + i * lanes + kAhead);
        plane[i] = kind.combine(d, plane[i], kind.load(d, hn::LoadU(d, from + i * lanes)));
      }
    }
    for (int i = 0; i < Vectors; ++i) sum[i] = kind.combine(d, sum[i], plane[i]);
  }
}

/** The same, written to a row. */
template <int Vectors, class Kind>
HWY_ATTR void combineInto(const Kind& kind, const TapRows& taps, int64_t x, float* row) {
  const hn::ScalableTag<float> d;
  hn::Vec<decltype(d)> sum[Vectors];
  combineVectors(kind, taps, x, sum);
  for (int i = 0; i < Vectors; ++i) {
    hn::StoreU(sum[i], d, row + x + i * static_cast<int64_t>(hn::Lanes(d)));
  }
}

/** row[x] becomes what all rows have at x, from `begin` to the width; up to a vector of `outside`
 * follows. */
template <class Kind>
HWY_ATTR void combineRows(const Kind& kind, const TapRows& taps, int64_t begin, int64_t width,
                          float* row) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t x = begin;
  for (; x + 4 * lanes <= width; x += 4 * lanes) combineInto<4>(kind, taps, x, row);
  for (; x + lanes <= width; x += lanes) combineInto<1>(kind, taps, x, row);
  if (x == width) return;
  const auto within = hn::FirstN(d, static_cast<size_t>(width - x));
  auto sum = hn::Set(d, Kind::kOutside);
  for (int64_t z = 0; z < taps.planes; ++z) {
    auto plane = hn::Set(d, Kind::kOutside);
    const float* from = taps.first + z * taps.planeStep + x;
    for (int64_t y = 0; y < taps.rows; ++y, from += taps.rowStep) {
      plane = kind.combine(d, plane, kind.load(d, hn::MaskedLoad(within, d, from)));
    }
    sum = kind.combine(d, sum, plane);
  }
  hn::StoreU(hn::IfThenElse(within, sum, hn::Set(d, Kind::kOutside)), d, row + x);
}

/** Calls body(d, x, count) over [begin, width) of outputs by vectors, the last of which has
 * `count` lanes of use. With strides of 3 and more, where neighbours lie apart, by single lanes. */
template <class Body>
HWY_ATTR void eachOutputVector(int64_t begin, int64_t width, int64_t stride, const Body& body) {
  if (stride > 2) {
    const hn::CappedTag<float, 1> one;
    for (int64_t x = begin; x < width; ++x) body(one, x, int64_t{1});
    return;
  }
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t x = begin; x < width; x += lanes) {
    body(d, x, lanes < width - x ? lanes : width - x);
  }
}

/** Values at `from`, one every `stride`. */
template <class D>
HWY_ATTR hn::Vec<D> loadStrided(D d, const float* from, int64_t stride) {
  if (stride != 2) return hn::LoadU(d, from);
  auto even = hn::Undefined(d), odd = hn::Undefined(d);
  hn::LoadInterleaved2(d, from, even, odd);
  return even;
}

/** out[x] = finish(what the kernel along x sees of the combined row, x) from `begin` on; `row`
 * begins with the padding. */
template <class Kind, class Finish>
HWY_ATTR void reduceRow(const Kind& kind, const PoolArgs& args, const float* row, int64_t begin,
                        float* out, const Finish& finish) {
  const int64_t kernel = args.window.kernel[2];
  const int64_t stride = args.window.stride[2];
  const int64_t dilation = args.window.dilation[2];
  eachOutputVector(begin, args.outSize[2], stride, [&](auto d, int64_t x, int64_t count) HWY_ATTR {
    const float* from = row + x * stride;
    auto sum = hn::Set(d, Kind::kOutside);
    int64_t k = 0;
    if (stride == 2 && dilation == 1) {
      for (; k + 2 <= kernel; k += 2) {
        auto even = hn::Undefined(d), odd = hn::Undefined(d);
        hn::LoadInterleaved2(d, from + k, even, odd);
        sum = kind.combine(d, kind.combine(d, sum, even), odd);
      }
    }
    for (; k < kernel; ++k) {
      sum = kind.combine(d, sum, loadStrided(d, from + k * dilation, stride));
    }
    sum = finish(d, sum, x);
    if (count == static_cast<int64_t>(hn::Lanes(d))) {
      hn::StoreU(sum, d, out + x);
    } else {
      hn::BlendedStore(sum, hn::FirstN(d, static_cast<size_t>(count)), d, out + x);
    }
  });
}

/** Even and odd places of two vectors, one behind the other. */
template <class D, class V = hn::Vec<D>>
HWY_ATTR void separate(D d, V low, V high, V& even, V& odd) {
#if HWY_TARGET == HWY_SCALAR
  (void)d;
  even = low;
  odd = high;
#else
  even = hn::ConcatEven(d, high, low);
  odd = hn::ConcatOdd(d, high, low);
#endif
}

/** Whether pairs of neighbours along x, side by side, are the windows. */
inline bool poolsPairs(const PoolArgs& args) {
  return args.window.kernel[2] == 2 && args.window.stride[2] == 2 && args.window.dilation[2] == 1 &&
         args.window.paddingBegin[2] == 0 && 2 * args.outSize[2] <= args.inSize[2];
}

/** The whole vectors of a row of outputs where poolsPairs, never stored in between; gives how many
 * outputs that are. */
template <class Kind, class Finish>
HWY_ATTR int64_t reducePairs(const Kind& kind, const TapRows& taps, int64_t width, bool streams,
                             float* out, const Finish& finish) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t x = 0;
  for (; x + lanes <= width; x += lanes) {
    hn::Vec<decltype(d)> both[2], even, odd;
    combineVectors(kind, taps, 2 * x, both);
    separate(d, both[0], both[1], even, odd);
    const auto value = finish(d, kind.combine(d, even, odd), x);
    if (streams) {
      hn::Stream(value, d, out + x);
    } else {
      hn::StoreU(value, d, out + x);
    }
  }
  return x;
}

/** Whether outputs are written past the caches, where vectors of pairs make whole rows. */
inline bool poolStreams(const PoolArgs& args) {
  return args.volumes * poolVoxels(args.outSize) * static_cast<int64_t>(sizeof(float)) >
         kLargeBytes;
}

/** A row of a tensor; `index` counts them over all volumes. */
struct PoolRow {
  int64_t volume;
  int64_t z;
  int64_t y;
  int64_t index;
};

/** Calls body(row) for some rows of volumes of `size`, without a division for each. */
template <class Body>
HWY_ATTR void eachPoolRow(Range range, const int64_t (&size)[3], const Body& body) {
  const int64_t plane = range.begin / size[1];
  PoolRow row{plane / size[0], plane % size[0], range.begin % size[1], range.begin};
  for (; row.index < range.end; ++row.index) {
    body(row);
    if (++row.y < size[1]) continue;
    row.y = 0;
    if (++row.z < size[0]) continue;
    row.z = 0;
    ++row.volume;
  }
}

/** Calls body(row, scratch) for each row of outputs. A task's scratch memory of `floats` floats
 * goes through begin(scratch) first. */
template <class Begin, class Body>
HWY_ATTR void eachOutputRow(const PoolArgs& args, Context& context, const Workspace& workspace,
                            int64_t floats, const Begin& begin, const Body& body) {
  if (args.volumes * poolVoxels(args.outSize) == 0) return;
  const int64_t total = args.volumes * args.outSize[0] * args.outSize[1];
  const int64_t each = poolRowsEach(args);
  eachPoolTask(context, args.threads, workspace, poolRowTasks(args), floats,
               [&](int64_t task, float* scratch) HWY_ATTR {
                 begin(scratch);
                 eachPoolRow(chunkRange(total, each, task), args.outSize,
                             [&](const PoolRow& row) HWY_ATTR { body(row, scratch); });
                 if (poolStreams(args)) hwy::FlushStream();
               });
}

/** A row of outputs after the other. */
class PoolRows {
 public:
  HWY_ATTR PoolRows(const PoolArgs& args, const float* input, float* output)
      : args_(args),
        input_(input),
        output_(output),
        pairs_(poolsPairs(args)),
        streams_(poolStreams(args) &&
                 reinterpret_cast<uintptr_t>(output) % static_cast<size_t>(vectorBytes()) == 0 &&
                 args.outSize[2] * kSize % vectorBytes() == 0) {
    if (args.volumes * poolVoxels(args.inSize) * kSize <= kLargeBytes) return;
    const PoolWindow& window = args.window;
    // Else it would be asked for what no window sees.
    const bool gapless = window.dilation[0] == 1 && window.dilation[1] == 1 &&
                         window.kernel[0] >= window.stride[0] &&
                         window.kernel[1] >= window.stride[1];
    const int64_t newFloats = window.stride[0] * args.inSize[1] * args.inSize[2];
    asksPlanes_ = gapless && newFloats * kSize <= kAheadBytes;
    asksRows_ = !asksPlanes_;
    share_ = newFloats / args.outSize[1];
  }

  /** Scratch is a row of the input with its padding, filled with `outside`. */
  template <class Kind, class Finish>
  HWY_ATTR void pool(const Kind& kind, const PoolRow& row, float* scratch,
                     const Finish& finish) const {
    fetchAhead(row);
    const TapRows taps = tapRows(args_, input_, row.volume, row.z, row.y);
    const int64_t width = args_.outSize[2];
    float* const out = output_ + row.index * width;
    const int64_t done = pairs_ ? reducePairs(kind, taps, width, streams_, out, finish) : 0;
    if (done == width) return;
    combineRows(kind, taps, 2 * done, args_.inSize[2], scratch + args_.window.paddingBegin[2]);
    reduceRow(kind, args_, scratch, done, out, finish);
  }

 private:
  static constexpr int64_t kSize = static_cast<int64_t>(sizeof(float));
  static constexpr int64_t kLineFloats = 16;
  static constexpr int64_t kRowsAhead = 2;

  static HWY_ATTR int64_t vectorBytes() {
    return static_cast<int64_t>(hn::Lanes(hn::ScalableTag<float>())) * kSize;
  }

  /** The memory is fastest in long runs, and the rows of several planes in turn are short ones. So
   * with each row of outputs a share of the planes that only the next plane of them sees is asked
   * for, in the order of memory, or, where these would leave the second-level cache, the rows that
   * the row after the next one is the first to see. */
  HWY_ATTR HWY_INLINE void fetchAhead(const PoolRow& row) const {
    const PoolWindow& window = args_.window;
    if (asksPlanes_) {
      // Where the volume ends there, it is the next one's.
      const int64_t plane = row.z * window.stride[0] - window.paddingBegin[0] + window.kernel[0];
      const int64_t end = args_.inSize[0] + (row.volume + 1 < args_.volumes ? 1 : 0);
      if (plane < 0 || plane >= end) return;
      const int64_t first = row.volume * args_.inSize[0] + plane;
      fetch(input_ + first * args_.inSize[1] * args_.inSize[2] + row.y * share_, share_);
    }
    if (!asksRows_ || row.y + kRowsAhead >= args_.outSize[1]) return;
    const TapRows taps = tapRows(args_, input_, row.volume, row.z, row.y + kRowsAhead);
    const int64_t seen = taps.rows > window.stride[1] ? taps.rows - window.stride[1] : 0;
    for (int64_t z = 0; z < taps.planes; ++z) {
      for (int64_t y = seen; y < taps.rows; ++y) {
        fetch(taps.first + z * taps.planeStep + y * taps.rowStep, args_.inSize[2]);
      }
    }
  }

  HWY_ATTR HWY_INLINE static void fetch(const float* from, int64_t count) {
    for (int64_t i = 0; i < count; i += kLineFloats) __builtin_prefetch(from + i, 0, 2);
  }

  const PoolArgs& args_;
  const float* input_;
  float* output_;
  bool pairs_;
  bool streams_;
  bool asksPlanes_ = false;
  bool asksRows_ = false;
  /** Floats of the planes that are new to a plane of outputs, for each of its rows. */
  int64_t share_ = 0;
};

HWY_ATTR inline void fillRow(float* row, int64_t floats, float value) {
  for (int64_t i = 0; i < floats; ++i) row[i] = value;
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
