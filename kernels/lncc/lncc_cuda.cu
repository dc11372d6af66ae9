#include <cmath>

#include "core/carve.h"
#include "cuda/cuda_table.h"
#include "cuda/kernel.h"
#include "lncc/lncc.h"
#include "lncc/lncc_cuda_statistics.h"

// Sums are f64, as on the CPU: a variance is a small difference of large sums. The volume goes slab
// by slab through three kernels, whose buffers then stay in the second-level cache: sums slide
// along z, then along y, and the last kernel adds up along x.

namespace vk::lncc_cuda {
namespace {

using namespace cuda;

constexpr int kThreads = kLnccThreads;
constexpr int64_t kWindowChunk = 4 * kThreads;
/** Of the two buffers of a slab. */
constexpr int64_t kSlabBytes = int64_t{64} << 20;
constexpr int64_t kMostSlices = 32;
constexpr int64_t kLeastSlices = 4;

struct Shape {
  int64_t size[3];
  int64_t radius[3];
  int64_t slice;
  int64_t voxels;

  /** Voxels within the radius of this position along an axis, inside the image. */
  __device__ double reach(int axis, int64_t at) const {
    return double(min(size[axis], at + radius[axis] + 1) - max(int64_t(0), at - radius[axis]));
  }
};

/** Slices of the image whose windows are summed together. */
struct Slab {
  int64_t begin;
  int64_t slices;
};

// --- what is summed

template <class T>
struct Images {
  const T* fixed;
  const T* warped;
  const uint8_t* mask;
  const LnccWholeImages* statistics;

  __device__ bool counts(int64_t i) const { return mask == nullptr || mask[i] != 0; }
  __device__ double fixedAt(int64_t i) const {
    return fma(double(fixed[i]), statistics->fixedScale, statistics->fixedShift);
  }
  __device__ double warpedAt(int64_t i) const {
    return fma(double(warped[i]), statistics->warpedScale, statistics->warpedShift);
  }
};

/** Of every counted voxel f, w, f f, w w, f w, and with a mask how many there are. */
template <class T, bool kMasked>
struct Products {
  static constexpr int kSums = kMasked ? 6 : 5;
  Images<T> images;

  __device__ void add(int64_t i, double sign, double* sums) const {
    if (kMasked && images.mask[i] == 0) return;
    const double f = images.fixedAt(i);
    const double w = images.warpedAt(i);
    sums[0] = fma(sign, f, sums[0]);
    sums[1] = fma(sign, w, sums[1]);
    sums[2] = fma(sign * f, f, sums[2]);
    sums[3] = fma(sign * w, w, sums[3]);
    sums[4] = fma(sign * f, w, sums[4]);
    if constexpr (kMasked) sums[5] += sign;
  }
};

/** The derivative of a window with respect to one of its voxels is a f - b w + c, with f and w the
 * voxel's intensities: an image each of a, b, c. */
template <class T>
struct Coefficients {
  static constexpr int kSums = 3;
  const T* images;
  int64_t voxels;

  __device__ void add(int64_t i, double sign, double* sums) const {
    for (int k = 0; k < kSums; ++k) sums[k] = fma(sign, double(images[k * voxels + i]), sums[k]);
  }
};

// --- the windows

/** A thread one of the `parts` of a column of the slab, `length` slices long. sums: (kSums, slices,
 * H, W). */
template <class Source>
__global__ void __launch_bounds__(kThreads)
    slideAlongZ(Source source, Shape shape, Slab slab, int64_t parts, int64_t length,
                double* sums) {
  const int64_t reach = shape.radius[2];
  forEachItem(shape.slice * parts, [&](int64_t item) {
    const int64_t column = item % shape.slice;
    const int64_t begin = slab.begin + item / shape.slice * length;
    const int64_t end = min(slab.begin + slab.slices, begin + length);
    double s[Source::kSums] = {};
    for (int64_t z = max(int64_t(0), begin - reach); z < min(shape.size[2], begin + reach); ++z) {
      source.add(z * shape.slice + column, 1, s);
    }
    for (int64_t z = begin; z < end; ++z) {
      const int64_t entering = z + reach;
      const int64_t leaving = z - reach - 1;
      if (entering < shape.size[2]) source.add(entering * shape.slice + column, 1, s);
      if (z > begin && leaving >= 0) source.add(leaving * shape.slice + column, -1, s);
      VK_UNROLL
      for (int k = 0; k < Source::kSums; ++k) {
        sums[(k * slab.slices + z - slab.begin) * shape.slice + column] = s[k];
      }
    }
  });
}

/** A thread one of the `parts` of a column of one of the `planes`, each (H, W). */
__global__ void __launch_bounds__(kThreads)
    slideAlongY(const double* from, Shape shape, int64_t planes, int64_t parts, int64_t length,
                double* to) {
  const int64_t width = shape.size[0];
  const int64_t height = shape.size[1];
  const int64_t reach = shape.radius[1];
  forEachItem(planes * parts * width, [&](int64_t item) {
    const int64_t part = item / width;
    const int64_t column = part / parts * shape.slice + item % width;
    const int64_t begin = part % parts * length;
    const int64_t end = min(height, begin + length);
    double sum = 0;
    for (int64_t y = max(int64_t(0), begin - reach); y < min(height, begin + reach); ++y) {
      sum += from[column + y * width];
    }
    for (int64_t y = begin; y < end; ++y) {
      const int64_t entering = y + reach;
      const int64_t leaving = y - reach - 1;
      if (entering < height) sum += from[column + entering * width];
      if (y > begin && leaving >= 0) sum -= from[column + leaving * width];
      to[column + y * width] = sum;
    }
  });
}

/** Of voxel i of the slab, whose position along x is this, the sum along x of each quantity. */
template <int kSums>
__device__ void sumAlongX(const double* from, const Shape& shape, const Slab& slab, int64_t i,
                          int64_t x, double* sums) {
  const int64_t first = i - min(x, shape.radius[0]);
  const int64_t last = i + min(shape.size[0] - 1 - x, shape.radius[0]);
  VK_UNROLL
  for (int k = 0; k < kSums; ++k) sums[k] = 0;
  for (int64_t at = first; at <= last; ++at) {
    VK_UNROLL
    for (int k = 0; k < kSums; ++k) sums[k] += from[k * slab.slices * shape.slice + at];
  }
}

struct Partial {
  double sum;
  /** Of what the value changes by when the warped image is scaled against the floor. */
  double byScale;
};

/** The measure of each window, a partial a chunk of the slab, and the window's coefficients. */
template <class T, bool kMasked>
__global__ void __launch_bounds__(kThreads)
    measureWindows(Images<T> images, Shape shape, Slab slab, int64_t chunks, double varianceFloor,
                   const double* from, Partial* partials, T* coefficients) {
  VK_SHARED(double, shared, kThreads / kWarpSize);
  constexpr int kSums = Products<T, kMasked>::kSums;
  const int64_t count = slab.slices * shape.slice;
  for (int64_t chunk = blockIdx.x; chunk < chunks; chunk += gridDim.x) {
    const int64_t end = min(count, (chunk + 1) * kWindowChunk);
    Partial partial{0, 0};
    for (int64_t i = chunk * kWindowChunk + threadIdx.x; i < end; i += kThreads) {
      const int64_t x = i % shape.size[0];
      const int64_t row = i / shape.size[0];
      const int64_t voxel = slab.begin * shape.slice + i;
      T abc[3] = {};
      if (images.counts(voxel)) {
        double s[kSums];
        sumAlongX<kSums>(from, shape, slab, i, x, s);
        double n;
        if constexpr (kMasked) {
          n = s[5];
        } else {
          n = shape.reach(0, x) * shape.reach(1, row % shape.size[1]) *
              shape.reach(2, slab.begin + row / shape.size[1]);
        }
        const double fMean = s[0] / n;
        const double wMean = s[1] / n;
        const double floor = n * varianceFloor;
        const double cross = fma(-fMean, s[1], s[4]);
        const double ff = fmax(fma(-fMean, s[0], s[2]), 0.0) + floor;
        const double ww = fmax(fma(-wMean, s[1], s[3]), 0.0) + floor;
        const double half = cross / (ff * ww);
        const double squared = cross * half;
        partial.sum += squared;
        partial.byScale += 2 * squared * floor / ww;
        const double a = 2 * half;
        const double b = a * cross / ww;
        abc[0] = T(a);
        abc[1] = T(b);
        abc[2] = T(b * wMean - a * fMean);
      }
      for (int k = 0; coefficients != nullptr && k < 3; ++k) {
        coefficients[k * shape.voxels + voxel] = abc[k];
      }
    }
    partial.sum = blockSum<kThreads>(partial.sum, shared);
    partial.byScale = blockSum<kThreads>(partial.byScale, shared);
    if (threadIdx.x == 0) partials[chunk] = partial;
  }
}

struct Total {
  double value;
  double byScale;
};

__global__ void __launch_bounds__(kThreads)
    totalOfPartials(const Partial* partials, int64_t count, const LnccWholeImages* statistics,
                    Total* total) {
  VK_SHARED(double, shared, kThreads / kWarpSize);
  Partial all{0, 0};
  for (int64_t i = threadIdx.x; i < count; i += kThreads) {
    all.sum += partials[i].sum;
    all.byScale += partials[i].byScale;
  }
  const double sum = blockSum<kThreads>(all.sum, shared);
  const double byScale = blockSum<kThreads>(all.byScale, shared);
  if (threadIdx.x != 0) return;
  const double counted = statistics->counted;
  *total = {!statistics->finite ? double(NAN) : counted > 0 ? sum / counted : 0.0, byScale};
}

/** The adjoint of the window sums: every voxel gathers the coefficients of the windows that hold
 * it. */
template <class T>
__global__ void __launch_bounds__(kThreads)
    gradientOfSlab(Images<T> images, Shape shape, Slab slab, const double* from, const Total* total,
                   T* gradient) {
  const double counted = images.statistics->counted;
  const double scale = images.statistics->warpedScale / counted;
  const double scaleByFloor = scale * total->byScale / counted;
  const bool finite = images.statistics->finite;
  forEachItem(slab.slices * shape.slice, [&](int64_t i) {
    const int64_t voxel = slab.begin * shape.slice + i;
    double result = 0;
    if (!finite) {
      result = NAN;
    } else if (images.counts(voxel)) {
      double s[3];
      sumAlongX<3>(from, shape, slab, i, i % shape.size[0], s);
      const double w = images.warpedAt(voxel);
      const double inner = fma(images.fixedAt(voxel), s[0], fma(-w, s[1], s[2]));
      result = inner * scale - w * scaleByFloor;
    }
    gradient[voxel] = T(result);
  });
}

// --- the host side

int64_t sumsOf(const LnccArgs& args) { return args.mask != nullptr ? 6 : 5; }

struct Parts {
  Shape shape;
  int64_t slices;
  int64_t slabs;
  int64_t momentChunks;
  int64_t chunksOfSlab;
  LnccWholeImages* statistics;
  Total* total;
  LnccSpreads* spreads;
  Partial* partials;
  double* alongZ;
  double* alongY;
  void* coefficients;
  int64_t bytes;

  Parts(const LnccArgs& args, void* memory) : shape{} {
    for (int axis = 0; axis < 3; ++axis) {
      shape.size[axis] = args.size[axis];
      shape.radius[axis] = args.radius[axis];
    }
    shape.slice = args.size[0] * args.size[1];
    shape.voxels = shape.slice * args.size[2];
    const int64_t sliceBytes = shape.slice * sumsOf(args) * int64_t(sizeof(double));
    const int64_t fit = kSlabBytes / max(int64_t(1), 2 * sliceBytes);
    slices = min(args.size[2], max(kLeastSlices, min(kMostSlices, fit)));
    slabs = shape.voxels > 0 ? chunkCount(args.size[2], slices) : 0;
    momentChunks = chunkCount(shape.voxels, kLnccSpreadChunk);
    chunksOfSlab = chunkCount(slices * shape.slice, kWindowChunk);
    const int64_t element = args.type == VK_F64 ? sizeof(double) : sizeof(float);
    Carver carver(memory);
    statistics = carver.take<LnccWholeImages>(1);
    total = carver.take<Total>(1);
    spreads = carver.take<LnccSpreads>(momentChunks);
    partials = carver.take<Partial>(slabs * chunksOfSlab);
    alongZ = carver.take<double>(sumsOf(args) * slices * shape.slice);
    alongY = carver.take<double>(sumsOf(args) * slices * shape.slice);
    coefficients =
        args.gradient == nullptr ? nullptr : carver.take<char>(3 * shape.voxels * element);
    bytes = carver.bytes();
  }
};

int64_t workspaceBytes(const LnccArgs& args) { return Parts(args, nullptr).bytes; }

/** The window sums of a slab along z and y, of which the caller's kernel sums along x. */
template <class Source>
void slide(Context& context, const Source& source, const Parts& parts, const Slab& slab) {
  const Shape& shape = parts.shape;
  // A part begins with a window's worth of additions.
  const int64_t slices = max(int64_t(8), 2 * shape.radius[2]);
  const int64_t rows = max(int64_t(16), 2 * shape.radius[1]);
  const int64_t partsZ = chunkCount(slab.slices, slices);
  const int64_t partsY = chunkCount(shape.size[1], rows);
  const int64_t planes = Source::kSums * slab.slices;
  launch(context, gridOver(shape.slice * partsZ), slideAlongZ<Source>, source, shape, slab, partsZ,
         slices, parts.alongZ);
  launch(context, gridOver(planes * partsY * shape.size[0]), slideAlongY, parts.alongZ, shape,
         planes, partsY, rows, parts.alongY);
}

template <class Body>
void forSlabs(const Parts& parts, const Body& body) {
  for (int64_t i = 0; i < parts.slabs; ++i) {
    const int64_t begin = i * parts.slices;
    body(i, Slab{begin, min(parts.slices, parts.shape.size[2] - begin)});
  }
}

template <class T, bool kMasked>
void lncc(const LnccArgs& args, Context& context, const Parts& parts) {
  const Shape& shape = parts.shape;
  const Images<T> images{static_cast<const T*>(args.fixed), static_cast<const T*>(args.warped),
                         args.mask, parts.statistics};
  T* const coefficients = static_cast<T*>(parts.coefficients);
  launch(context, {dim3(blocksFor(parts.momentChunks, 1)), dim3(kThreads)}, lnccSpreadsOfChunks<T>,
         images.fixed, images.warped, args.mask, shape.voxels, parts.momentChunks, parts.spreads);
  launch(context, {dim3(1), dim3(kThreads)}, lnccStatisticsOfChunks, parts.spreads,
         parts.momentChunks, parts.statistics);
  check(cudaMemsetAsync(parts.partials, 0,
                        size_t(parts.slabs * parts.chunksOfSlab) * sizeof(Partial),
                        streamOf(context)));
  forSlabs(parts, [&](int64_t i, const Slab& slab) {
    slide(context, Products<T, kMasked>{images}, parts, slab);
    const int64_t chunks = chunkCount(slab.slices * shape.slice, kWindowChunk);
    launch(context, {dim3(blocksFor(chunks, 1)), dim3(kThreads)}, measureWindows<T, kMasked>,
           images, shape, slab, chunks, args.varianceFloor, parts.alongY,
           parts.partials + i * parts.chunksOfSlab, coefficients);
  });
  launch(context, {dim3(1), dim3(kThreads)}, totalOfPartials, parts.partials,
         parts.slabs * parts.chunksOfSlab, parts.statistics, parts.total);
  if (args.gradient != nullptr) {
    forSlabs(parts, [&](int64_t, const Slab& slab) {
      slide(context, Coefficients<T>{coefficients, shape.voxels}, parts, slab);
      launch(context, gridOver(slab.slices * shape.slice), gradientOfSlab<T>, images, shape, slab,
             parts.alongY, parts.total, static_cast<T*>(args.gradient));
    });
  }
  deliver(context, args.value, &parts.total->value, sizeof(double));
}

void runLncc(const LnccArgs& args, Context& context, const Workspace& workspace) {
  const Parts parts(args, workspace.data);
  withFloats(args.type, [&](auto number) {
    (args.mask != nullptr ? lncc<decltype(number), true>
                          : lncc<decltype(number), false>)(args, context, parts);
  });
}

}  // namespace

extern "C" CudaImplementations<LnccArgs> lnccCuda() {
  static const Implementation<LnccArgs> rows[] = {
      cuda::row<LnccArgs>(runLncc, nullptr, workspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk::lncc_cuda
