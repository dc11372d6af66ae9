#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv3d/conv3d_winograd_depthwise_cpu.cpp"
#include "core/simd_begin.h"
#include "conv3d/conv3d_depthwise-inl.h"
#include "conv3d/conv3d_tile-inl.h"
#include "conv3d/conv3d_winograd-inl.h"
#include "conv3d/conv3d_winograd_depthwise.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** Vectors of a row that are computed together: all sums of two planes fit the registers. */
constexpr int kDepthwiseVectors = kRegisters == 32 ? 2 : 1;

/** Runs one task. Tiles of four output rows, two planes of input each, are transformed and
 * multiplied one after the other: the next one is transformed while this one is multiplied, so that
 * its loads and stores go on beside the products. */
class WinogradDepthwise {
 public:
  HWY_ATTR WinogradDepthwise(const Conv3dArgs& args, const WinogradDepthwiseTiling& tiling,
                             const Conv3dTask& task, const float* zeros, float* scratch)
      : args_(args),
        t_(tiling),
        task_(task),
        zeros_(zeros),
        partial_(scratch),
        streams_(conv3dStreams(args) && streamsInVectors(rowsOf(args, task, 0, 0, 0))) {
    const int64_t voxels = args.inSize[0] * args.inSize[1] * args.inSize[2];
    input_ =
        static_cast<const float*>(args.input) + (task.image * args.groups + task.group) * voxels;
    weights_ = static_cast<const float*>(args.packed) + task.group * kValues * 9;
    float* at = scratch + tiling.partialFloats;
    for (float*& values : values_) {
      values = at;
      at += kPlanes * kValues * tiling.pitch;
      // Also what stands for the padding along x, which nothing else writes.
      fillZero(values, at - values);
    }
  }

  HWY_ATTR void run() {
    for (int64_t y = 0; y < args_.outSize[1]; y += t_.bandRows) {
      const int64_t left = args_.outSize[1] - y;
      runBand(y, left < t_.bandRows ? left : t_.bandRows);
    }
    if (streams_) hwy::FlushStream();
  }

 private:
  static constexpr int kRows = static_cast<int>(kWinogradRows);
  static constexpr int kValues = static_cast<int>(kWinogradRowValues);
  static constexpr int kPlanes = static_cast<int>(kWinogradDepthwisePlanes);
  /** Planes from those that are transformed to those that are fetched. */
  static constexpr int64_t kAhead = 2;

  /** Four output rows of a band, and two planes of input from `plane` on, counted from the first
   * one that the task needs. */
  struct RowTile {
    int64_t y;
    int64_t plane;
    float* partial;
    float* values;
  };

  /** What the products of a tile need. */
  struct Products {
    /** Where the values of the first output's first tap lie, and where those of the next tile go.
     */
    const float* values;
    float* next;
    /** A copy of t_.pitch, which would be read anew after each store. */
    int64_t pitch;
    float* partial;
    /** Rows that are written, of each plane that is complete. */
    int64_t count;
    bool completes[kPlanes];
    Rows rows[kPlanes];
  };

  static HWY_ATTR int64_t lanes() { return static_cast<int64_t>(hn::Lanes(WinogradTag())); }

  HWY_ATTR void runBand(int64_t y, int64_t count) {
    fillZero(partial_, t_.partialFloats);
    const int64_t end = y + roundUp(count, kRows);
    const int64_t planes = roundUp(task_.planes + 2, kPlanes);
    RowTile tile{y, 0, partial_, values_[0]};
    setRows(tile);
    transformFrom(0, tile.values);
    while (tile.plane < planes) {
      RowTile next{tile.y + kRows, tile.plane, tile.partial + kPlanes * kValues * t_.width,
                   tile.values == values_[0] ? values_[1] : values_[0]};
      if (next.y == end) next = {y, tile.plane + kPlanes, partial_, next.values};
      setRows(next);
      multiply(tile, next.values);
      tile = next;
    }
  }

  /** The rows of input that a tile is transformed from, and those that are fetched. */
  HWY_ATTR void setRows(const RowTile& tile) {
    for (int p = 0; p < kPlanes; ++p) {
      for (int r = 0; r < kValues; ++r) from_[p][r] = rowAt(tile.plane + p, tile.y + r);
      for (int r = 0; r < kRows; ++r) {
        ahead_[p][r] = rowAt(tile.plane + p + kAhead, tile.y + r + 2);
      }
    }
  }

  /** The first row of input that output row y needs. */
  HWY_ATTR const float* rowAt(int64_t plane, int64_t y) const {
    const int64_t inZ = task_.plane + plane - args_.paddingBegin[0];
    const int64_t inY = y - args_.paddingBegin[1];
    if (inZ < 0 || inZ >= args_.inSize[0] || inY < 0 || inY >= args_.inSize[1]) return zeros_;
    return input_ + (inZ * args_.inSize[1] + inY) * args_.inSize[2];
  }

  /** A vector of the rows of a plane, to values; Whole if all of it lies in the rows. */
  template <bool Whole>
  HWY_ATTR HWY_INLINE void transform(int plane, int64_t x, float* values, int64_t pitch) const {
    const WinogradTag d;
    WinogradVec rows[kValues], value[kValues];
#pragma GCC unroll 6
    for (int r = 0; r < kValues; ++r) {
      rows[r] =
          Whole ? hn::LoadU(d, from_[plane][r] + x) : loadSome(from_[plane][r] + x, t_.columns - x);
    }
    transformInputs<kRows>(rows, 1, value);
    float* const to = values + plane * kValues * pitch + t_.lead + x;
#pragma GCC unroll 6
    for (int k = 0; k < kValues; ++k) hn::StoreU(value[k], d, to + k * pitch);
  }

  /** All vectors from column x on. */
  HWY_ATTR HWY_NOINLINE void transformFrom(int64_t x, float* values) const {
    for (; x + lanes() <= t_.columns; x += lanes()) {
      for (int p = 0; p < kPlanes; ++p) transform<true>(p, x, values, t_.pitch);
    }
    if (x == t_.columns) return;
    for (int p = 0; p < kPlanes; ++p) transform<false>(p, x, values, t_.pitch);
  }

  /** `count` voxels, fewer than a vector, and zeros. */
  HWY_ATTR HWY_INLINE static WinogradVec loadSome(const float* from, int64_t count) {
    const WinogradTag d;
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
    return hn::MaskedLoad(hn::FirstN(d, static_cast<size_t>(count)), d, from);
#else
    HWY_ALIGN float some[hn::MaxLanes(d)];
    hn::Store(hn::Zero(d), d, some);
    for (int64_t i = 0; i < count; ++i) some[i] = from[i];
    return hn::Load(d, some);
#endif
  }

  /** Multiplies a tile, writes what it completes, and transforms the next one. */
  HWY_ATTR HWY_NOINLINE void multiply(const RowTile& tile, float* next) const {
    Products products{};
    products.values = tile.values + t_.lead - args_.paddingBegin[2];
    products.next = next;
    products.pitch = t_.pitch;
    products.partial = tile.partial;
    products.count = args_.outSize[1] - tile.y;
    for (int p = 0; p < kPlanes; ++p) {
      const int64_t z = tile.plane + p - 2;
      products.completes[p] = z >= 0 && z < task_.planes;
      if (!products.completes[p]) continue;
      products.rows[p] = rowsOf(args_, task_, task_.plane + z, tile.y, 0);
    }
    constexpr int kTogether = kDepthwiseVectors;
    const int64_t width = args_.outSize[2];
    const int64_t inside = t_.columns < width ? t_.columns : width;
    int64_t x = 0;
    if (products.count >= kRows) {
      for (; x + kTogether * lanes() <= inside; x += kTogether * lanes()) {
        multiplyVectors<kTogether, true>(x, products);
      }
    }
    transformFrom(x, next);
    for (; x + lanes() < width; x += kTogether * lanes()) {
      multiplyVectors<kTogether, false>(x, products);
    }
    if (x < width) multiplyVectors<1, false>(x, products);
  }

  /** Some vectors of a tile; Whole if all of their outputs are written and the input has as many
   * columns: then these of the next tile are transformed, too. */
  template <int Vectors, bool Whole>
  HWY_ATTR HWY_INLINE void multiplyVectors(int64_t x, const Products& products) const {
    WinogradVec sums[kPlanes][Vectors][kValues];
    addPlanes<0, Vectors, Whole>(x, products, sums);
    addPlanes<1, Vectors, Whole>(x, products, sums);
    addPlanes<2, Vectors, Whole>(x, products, sums);
    addPlanes<3, Vectors, Whole>(x, products, sums);
    addPlanes<4, Vectors, Whole>(x, products, sums);
    addPlanes<5, Vectors, Whole>(x, products, sums);
#pragma GCC unroll 2
    for (int p = 0; p < kPlanes; ++p) {
      if (!products.completes[p]) continue;
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; ++v) {
        WinogradVec outputs[kRows];
        transformSums<kRows>(sums[p][v], 1, outputs);
        finishVectors<kRows, Whole>(outputs, x + v * lanes(), 0, products.count, streams_,
                                    products.rows[p]);
      }
    }
  }

  /** Adds what two planes of value K give to four planes of output, of which the first two are
   * complete then. */
  template <int K, int Vectors, bool Whole>
  HWY_ATTR HWY_INLINE void addPlanes(int64_t x, const Products& products,
                                     WinogradVec (&complete)[kPlanes][Vectors][kValues]) const {
    const WinogradTag d;
    if constexpr (Whole) {
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; ++v) {
        const int64_t at = x + v * lanes();
        if constexpr (K < kPlanes) transform<true>(K, at, products.next, products.pitch);
        if constexpr (K < kRows) {
#pragma GCC unroll 2
          for (int p = 0; p < kPlanes; ++p) __builtin_prefetch(ahead_[p][K] + at);
        }
      }
    }
    float* const partial = products.partial + (x * kValues + K * lanes()) * kPlanes;
    const auto partialAt = [&](int v, int p)
                               HWY_ATTR { return partial + (v * kValues * kPlanes + p) * lanes(); };
    WinogradVec sums[2 * kPlanes][Vectors];
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) {
#pragma GCC unroll 2
      for (int p = 0; p < kPlanes; ++p) {
        sums[p][v] = hn::Load(d, partialAt(v, p));
        sums[kPlanes + p][v] = hn::Zero(d);
      }
    }
    const float* const first = products.values + K * products.pitch + x;
    const float* const second = first + kValues * products.pitch;
#pragma GCC unroll 3
    for (int tap = 0; tap < 3; ++tap) {
      WinogradVec a[Vectors], b[Vectors];
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; ++v) {
        a[v] = hn::LoadU(d, first + tap + v * lanes());
        b[v] = hn::LoadU(d, second + tap + v * lanes());
        // Or each product would load them anew, and most lie across lines of the cache.
        settle(a[v]);
        settle(b[v]);
      }
#pragma GCC unroll 3
      for (int z = 2; z >= 0; --z) {
        const WinogradVec weight = hn::Set(d, weights_[K * 9 + z * 3 + tap]);
#pragma GCC unroll 2
        for (int v = 0; v < Vectors; ++v) {
          sums[2 - z][v] = hn::MulAdd(a[v], weight, sums[2 - z][v]);
          sums[3 - z][v] = hn::MulAdd(b[v], weight, sums[3 - z][v]);
        }
      }
    }
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) {
#pragma GCC unroll 2
      for (int p = 0; p < kPlanes; ++p) {
        hn::Store(sums[kPlanes + p][v], d, partialAt(v, p));
        // Or all products would be left until it is clear whether the plane is written.
        settle(sums[p][v]);
        complete[p][v][K] = sums[p][v];
      }
    }
  }

  /** Keeps the compiler from computing a vector anew, or later. */
  HWY_ATTR HWY_INLINE static void settle(WinogradVec& vector) {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
    asm("" : "+v"(vector.raw));
#else
    (void)vector;
#endif
  }

  const Conv3dArgs& args_;
  const WinogradDepthwiseTiling& t_;
  const Conv3dTask& task_;
  /** A row of them, for what lies outside the input. */
  const float* zeros_;
  /** Of four rows after four: [vector][value][plane], the two planes after those that are
   * complete. */
  float* partial_;
  /** Of this tile and the next one: [plane][value][pitch]. */
  float* values_[2];
  const float* from_[kPlanes][kValues];
  const float* ahead_[kPlanes][kRows];
  const float* input_;
  const float* weights_;
  bool streams_;
};

HWY_ATTR void conv3dWinogradDepthwiseCpu(const Conv3dArgs& args, Context& context,
                                         const Workspace& workspace) {
  const WinogradDepthwiseTiling tiling(args);
  forEachDepthwiseTask(args, context, workspace, tiling.scratchFloats,
                       [&](const Conv3dTask& task, const float* zeros, float* scratch) HWY_ATTR {
                         WinogradDepthwise(args, tiling, task, zeros, scratch).run();
                       });
}

/** Group by group: [value][kz][kx]. */
HWY_ATTR void conv3dWinogradDepthwisePackCpu(const Conv3dArgs& args, Context&, const Workspace&) {
  constexpr int kValues = static_cast<int>(kWinogradRowValues);
  const float* weights = static_cast<const float*>(args.weights);
  float* packed = static_cast<float*>(args.packed);
  for (int64_t group = 0; group < args.groups; ++group, weights += 27, packed += 9 * kValues) {
    for (int i = 0; i < 9; ++i) {
      // Plane of the kernel, and column.
      const float* const from = weights + i / 3 * 9 + i % 3;
      const double rows[] = {double(from[0]), double(from[3]), double(from[6])};
      double values[kValues] = {};
      transformWeights<static_cast<int>(kWinogradRows)>(rows, 1, values, 1);
      for (int k = 0; k < kValues; ++k) packed[k * 9 + i] = static_cast<float>(values[k]);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(conv3dWinogradDepthwiseCpu);
VK_SIMD_TABLE(conv3dWinogradDepthwisePackCpu);

}  // namespace vk
#endif
