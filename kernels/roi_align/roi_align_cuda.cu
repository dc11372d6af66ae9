#include "cuda/cuda_table.h"
#include "cuda/find_first.h"
#include "roi_align/roi_align_tables.h"

namespace vk::roi_align_cuda {
namespace {

using namespace cuda;

/** An output of a batch. */
struct Output {
  int64_t box;
  int64_t channel;
  int64_t bin[3];
};

__device__ Output outputOf(const RoiAlignArgs& args, int64_t i) {
  const Division x = divide(i, args.outSize[2]);
  const Division y = divide(x.quotient, args.outSize[1]);
  const Division z = divide(y.quotient, args.outSize[0]);
  const Division channel = divide(z.quotient, args.channels);
  return {channel.quotient, channel.remainder, {z.remainder, y.remainder, x.remainder}};
}

VK_HD int64_t binsOfBox(const RoiAlignArgs& args) {
  return args.outSize[0] * args.outSize[1] * args.outSize[2];
}

VK_HD int64_t outputsOfBox(const RoiAlignArgs& args) { return args.channels * binsOfBox(args); }

VK_HD int64_t voxelsOf(const RoiAlignArgs& args) {
  return args.inSize[0] * args.inSize[1] * args.inSize[2];
}

template <class T>
__device__ const T* volumeOf(const RoiAlignArgs& args, int64_t box, int64_t channel) {
  return static_cast<const T*>(args.input) +
         (args.images[box] * args.channels + channel) * voxelsOf(args);
}

// --- the average

/** A thread an output: the voxels of its bin by the products of their weights. */
template <class T>
__global__ void __launch_bounds__(256, 1) roiAverage(RoiAlignArgs args, RoiTables<T> tables) {
  T* const to = static_cast<T*>(args.output) + tables.firstBox * outputsOfBox(args);
  forEachItem(tables.boxes * outputsOfBox(args), [&](int64_t i) {
    const Output output = outputOf(args, i);
    RoiRange range[3];
    const T* weights[3];
    for (int axis = 0; axis < 3; ++axis) {
      range[axis] = tables.rangesOf(output.box, axis)[output.bin[axis]];
      weights[axis] = tables.weightsOf(output.box, axis) + output.bin[axis] * tables.size[axis];
    }
    const T* const volume = volumeOf<T>(args, tables.firstBox + output.box, output.channel);
    T sum = 0;
    for (int64_t z = range[0].begin; z < range[0].end; ++z) {
      T ofPlane = 0;
      for (int64_t y = range[1].begin; y < range[1].end; ++y) {
        const T* const row = volume + (z * args.inSize[1] + y) * args.inSize[2];
        T ofRow = 0;
        for (int64_t x = range[2].begin; x < range[2].end; ++x) ofRow += weights[2][x] * row[x];
        ofPlane += weights[1][y] * ofRow;
      }
      sum += weights[0][z] * ofPlane;
    }
    to[i] = sum;
  });
}

// --- the maximum

/** The voxel whose weighted value is the largest, and its weight; -1 for none. */
template <class T>
struct Found {
  int64_t voxel;
  T weight;
};

/** A bin's samples along an axis. */
struct Samples {
  RoiSide side;
  int64_t bin;
  RoiNumbers numbers;
  /** Whether one lies outside. */
  bool outside;

  __device__ Samples(const RoiSide& of, int64_t at)
      : side(of), bin(at), numbers(roiNumbersWithin(of, at, -1, double(of.size))) {
    // In order, so that the first or the last one tells.
    outside = !(of.isInside(of.position(at, 0)) && of.isInside(of.position(at, of.grid - 1)));
  }
  /** body(low voxel, its weight, high voxel, its weight) for each that lies inside. */
  template <class T, class Body>
  __device__ void each(const Body& body) const {
    for (double k = numbers.begin; k < numbers.end; ++k) {
      const double position = side.position(bin, k);
      if (!side.isInside(position)) continue;
      const RoiVoxels at = roiVoxelsAt(position, side.size);
      body(at.low, T(1 - at.weight), at.high, T(at.weight));
    }
  }
};

/** In the order of the samples, and of each sample's corners. */
template <class T>
__device__ Found<T> largestOf(const RoiAlignArgs& args, int64_t box, const int64_t (&bin)[3],
                              const T* volume) {
  const Samples z(roiSideOf<T>(args, box, 0), bin[0]);
  const Samples y(roiSideOf<T>(args, box, 1), bin[1]);
  const Samples x(roiSideOf<T>(args, box, 2), bin[2]);
  Found<T> best{-1, 0};
  T value = 0;
  if (!(z.side.grid >= 1 && y.side.grid >= 1 && x.side.grid >= 1)) return best;
  const auto meet = [&](int64_t voxel, T weight) {
    const T weighted = weight * volume[voxel];
    if (best.voxel >= 0 && !(weighted > value) && weighted == weighted) return;
    best = {voxel, weight};
    value = weighted;
  };
  z.each<T>([&](int64_t z0, T wz0, int64_t z1, T wz1) {
    y.each<T>([&](int64_t y0, T wy0, int64_t y1, T wy1) {
      x.each<T>([&](int64_t x0, T wx0, int64_t x1, T wx1) {
        for (int corner = 0; corner < 4; ++corner) {
          const int64_t plane = corner & 2 ? z1 : z0;
          const int64_t row = (plane * args.inSize[1] + (corner & 1 ? y1 : y0)) * args.inSize[2];
          const T weight = (corner & 2 ? wz1 : wz0) * (corner & 1 ? wy1 : wy0);
          meet(row + x0, weight * wx0);
          meet(row + x1, weight * wx1);
        }
      });
    });
  });
  return (z.outside || y.outside || x.outside) && value < 0 ? Found<T>{-1, 0} : best;
}

/** A thread an output. Writes the values, or of a gradient where they were found. */
template <class T>
__global__ void __launch_bounds__(256, 1)
    roiLargest(RoiAlignArgs args, int64_t firstBox, int64_t boxes, Found<T>* found) {
  T* const to = static_cast<T*>(args.output) + firstBox * outputsOfBox(args);
  forEachItem(boxes * outputsOfBox(args), [&](int64_t i) {
    const Output output = outputOf(args, i);
    const int64_t box = firstBox + output.box;
    const T* const volume = volumeOf<T>(args, box, output.channel);
    const Found<T> largest = largestOf(args, box, output.bin, volume);
    if (found != nullptr) {
      found[i] = largest;
    } else {
      to[i] = largest.voxel < 0 ? T(0) : largest.weight * volume[largest.voxel];
    }
  });
}

// --- gradients: every voxel gathers, in the order of the boxes

constexpr int kTileX = 32;
constexpr int kTileY = 8;
constexpr int kTileThreads = kTileX * kTileY;
/** Channels that a thread has in registers. */
constexpr int kGroup = 4;

/** A tile of one plane and some channels of an image. */
struct Tile {
  int64_t image;
  int64_t channel;
  int64_t z;
  int64_t y;
  int64_t x;
};

__host__ __device__ inline int64_t tilesAlong(int64_t size, int64_t each) {
  return (size + each - 1) / each;
}

__device__ Tile tileOf(const RoiAlignArgs& args, int64_t task) {
  const Division x = divide(task, tilesAlong(args.inSize[2], kTileX));
  const Division y = divide(x.quotient, tilesAlong(args.inSize[1], kTileY));
  const Division z = divide(y.quotient, args.inSize[0]);
  const Division group = divide(z.quotient, tilesAlong(args.channels, kGroup));
  return {group.quotient, group.remainder * kGroup, z.remainder, y.remainder * kTileY,
          x.remainder * kTileX};
}

/** Appends to a list in shared memory the boxes of a chunk that look at the tile, in order; how
 * many there are. */
template <class T>
__device__ int listBoxes(const RoiAlignArgs& args, const RoiTables<T>& tables, const Tile& tile,
                         int64_t chunk, int32_t* list, int* counts) {
  const int64_t box = chunk + threadIdx.x;
  bool looks = false;
  if (box < tables.boxes && args.images[tables.firstBox + box] == tile.image) {
    const RoiRange* const seen = tables.seen + 3 * box;
    looks = seen[0].has(tile.z) && seen[1].begin < tile.y + kTileY && seen[1].end > tile.y &&
            seen[2].begin < tile.x + kTileX && seen[2].end > tile.x;
  }
  const unsigned votes = __ballot_sync(kWholeWarp, looks);
  const int warp = int(threadIdx.x) / kWarpSize, lane = int(threadIdx.x) % kWarpSize;
  __syncthreads();  // the list of the chunk before has been read
  if (lane == 0) counts[warp] = __popc(votes);
  __syncthreads();
  int before = 0, all = 0;
  for (int i = 0; i < kTileThreads / kWarpSize; ++i) {
    if (i < warp) before += counts[i];
    all += counts[i];
  }
  if (looks) list[before + __popc(votes & ((1u << lane) - 1))] = int32_t(threadIdx.x);
  __syncthreads();
  return all;
}

/** The bins of a box along an axis that look at a voxel. */
template <class T>
struct Lookers {
  const RoiRange* ranges;
  /** Of bin 0; those of the next are `size` further. */
  const T* weights;
  int64_t voxel;
  int bins;
  int size;

  __device__ Lookers(const RoiTables<T>& tables, int64_t box, int axis, int64_t at)
      : ranges(tables.rangesOf(box, axis)),
        weights(tables.weightsOf(box, axis) + at),
        voxel(at),
        bins(int(tables.bins[axis])),
        size(int(tables.size[axis])) {}
  __device__ bool has(int bin) const { return ranges[bin].has(voxel); }
  __device__ T weight(int bin) const { return weights[int64_t(bin) * size]; }
};

/** Adds what the outputs of one box give to a voxel, each its product of weights, or, of a maximum,
 * what was found at the voxel. The outputs begin with the box's first of the
 * tile's channels. */
template <bool kLargest, class T>
__device__ void gatherBox(const RoiTables<T>& tables, int64_t box, const Tile& tile, int64_t y,
                          int64_t x, const T* upstream, const Found<T>* found, int64_t voxel,
                          int channels, T (&sums)[kGroup]) {
  const Lookers<T> planes(tables, box, 0, tile.z);
  const Lookers<T> rows(tables, box, 1, y);
  const Lookers<T> columns(tables, box, 2, x);
  const int64_t outputs = tables.bins[0] * tables.bins[1] * tables.bins[2];
  for (int bz = 0; bz < planes.bins; ++bz) {
    if (!planes.has(bz)) continue;
    const T weightZ = planes.weight(bz);
    for (int by = 0; by < rows.bins; ++by) {
      if (!rows.has(by)) continue;
      const T weightY = weightZ * rows.weight(by);
      const int64_t row = (int64_t(bz) * rows.bins + by) * columns.bins;
      for (int bx = 0; bx < columns.bins; ++bx) {
        if (!columns.has(bx)) continue;
        const T weight = weightY * columns.weight(bx);
        for (int c = 0; c < kGroup; ++c) {
          if (c >= channels) break;
          const int64_t at = row + bx + c * outputs;
          if (!kLargest) {
            sums[c] += weight * upstream[at];
          } else if (found[at].voxel == voxel) {
            sums[c] += found[at].weight * upstream[at];
          }
        }
      }
    }
  }
}

/** A block a tile, a thread a voxel. */
template <bool kLargest, class T>
__global__ void __launch_bounds__(kTileThreads, 1)
    roiGradient(RoiAlignGradientArgs args, RoiTables<T> tables, const Found<T>* found,
                int64_t tiles) {
  VK_SHARED(int32_t, list, kTileThreads);
  VK_SHARED(int, counts, kTileThreads / kWarpSize);
  for (int64_t task = blockIdx.x; task < tiles; task += gridDim.x) {
    const Tile tile = tileOf(args, task);
    const int64_t y = tile.y + threadIdx.x / kTileX, x = tile.x + threadIdx.x % kTileX;
    const int64_t voxel = (tile.z * args.inSize[1] + y) * args.inSize[2] + x;
    const bool inside = y < args.inSize[1] && x < args.inSize[2];
    const int channels = int(min(int64_t{kGroup}, args.channels - tile.channel));
    T sums[kGroup] = {};
    for (int64_t chunk = 0; chunk < tables.boxes; chunk += kTileThreads) {
      const int listed = listBoxes(args, tables, tile, chunk, list, counts);
      for (int i = 0; i < listed && inside; ++i) {
        const int64_t box = chunk + list[i];
        // Of the batch's outputs, of which `found` has those of the batch alone.
        const int64_t first = box * outputsOfBox(args) + binsOfBox(args) * tile.channel;
        const T* const upstream =
            static_cast<const T*>(args.upstream) + tables.firstBox * outputsOfBox(args) + first;
        gatherBox<kLargest>(tables, box, tile, y, x, upstream, found + (kLargest ? first : 0),
                            voxel, channels, sums);
      }
    }
    if (!inside) continue;
    const int64_t voxels = voxelsOf(args);
    T* const gradient = static_cast<T*>(args.gradient) +
                        (tile.image * args.channels + tile.channel) * voxels + voxel;
    for (int c = 0; c < kGroup; ++c) {
      if (c >= channels) break;
      // The batches before have been here.
      gradient[c * voxels] = (tables.firstBox > 0 ? gradient[c * voxels] : T(0)) + sums[c];
    }
  }
}

// --- host

template <class T>
struct IsWrongBox {
  RoiAlignArgs args;
  __device__ bool operator()(int64_t box) const {
    if (args.images[box] < 0 || args.images[box] >= args.batch) return true;
    const T* const values = static_cast<const T*>(args.boxes) + box * args.boxValues;
    for (int64_t i = 0; i < args.boxValues; ++i) {
      if (!isfinite(values[i])) return true;
    }
    return false;
  }
};

/** Before anything is written. */
template <class T>
void requireRoiBoxes(const char* name, const RoiAlignArgs& args, Context& context,
                     const Workspace& workspace) {
  const int64_t box = findFirst(context, IsWrongBox<T>{args}, args.boxCount, workspace.data);
  if (box < 0) return;
  int64_t image = 0;
  deliver(context, &image, args.images + box, sizeof image);
  refuseRoiBox(name, args, box, image);
}

/** body(tables) for one batch of boxes after the other; at least for one, which may be empty. */
template <class T, class Body>
void eachBatch(const RoiAlignArgs& args, Context& context, Carver& carver, int64_t each,
               const Body& body) {
  RoiTables<T> tables = roiTablesAt<T>(args, each, carver);
  const int64_t boxes = outputsOfBox(args) > 0 ? args.boxCount : 0;
  for (int64_t first = 0; first == 0 || first < boxes; first += tables.boxes) {
    tables.firstBox = first;
    tables.boxes = boxes - first < each ? boxes - first : each;
    launch(context, {dim3(blocksFor(tables.boxes * 3, 1)), dim3(kRoiTableThreads)},
           fillRoiTables<T>, args, tables);
    body(tables);
    if (tables.boxes == 0) break;
  }
}

template <class T>
void align(const RoiAlignArgs& args, Context& context, const Workspace& workspace) {
  requireRoiBoxes<T>("roi_align", args, context, workspace);
  if (args.mode == VK_ROI_MAX) {
    launch(context, gridOver(args.boxCount * outputsOfBox(args)), roiLargest<T>, args, int64_t{0},
           args.boxCount, static_cast<Found<T>*>(nullptr));
    return;
  }
  Carver carver(workspace.data);
  eachBatch<T>(args, context, carver, roiBatch<T>(args, 0), [&](const RoiTables<T>& tables) {
    launch(context, gridOver(tables.boxes * outputsOfBox(args)), roiAverage<T>, args, tables);
  });
}

void runAlign(const RoiAlignArgs& args, Context& context, const Workspace& workspace) {
  withFloats(args.type, [&](auto number) { align<decltype(number)>(args, context, workspace); });
}

/** Bins are counted in 32 bits. */
Refusal accepts(const RoiAlignArgs& args) {
  for (const int64_t bins : args.outSize) {
    if (bins > 0x7FFFFFFF) return "takes fewer than 2^31 bins along an axis";
  }
  return {};
}

Refusal gradientAccepts(const RoiAlignGradientArgs& args) { return accepts(args); }

template <class T>
int64_t foundBytes(const RoiAlignArgs& args) {
  return args.mode == VK_ROI_MAX ? outputsOfBox(args) * int64_t(sizeof(Found<T>)) : 0;
}

template <class T>
void gradient(const RoiAlignGradientArgs& args, Context& context, const Workspace& workspace) {
  requireRoiBoxes<T>("roi_align_gradient", args, context, workspace);
  Carver carver(workspace.data);
  const int64_t each = roiBatch<T>(args, foundBytes<T>(args));
  Found<T>* found = nullptr;
  if (args.mode == VK_ROI_MAX) found = carver.take<Found<T>>(each * outputsOfBox(args));
  const int64_t tiles = args.batch * tilesAlong(args.channels, kGroup) * args.inSize[0] *
                        tilesAlong(args.inSize[1], kTileY) * tilesAlong(args.inSize[2], kTileX);
  eachBatch<T>(args, context, carver, each, [&](const RoiTables<T>& tables) {
    if (found != nullptr) {
      launch(context, gridOver(tables.boxes * outputsOfBox(args)), roiLargest<T>, args,
             tables.firstBox, tables.boxes, found);
    }
    launch(context, {dim3(blocksFor(tiles, 1)), dim3(kTileThreads)},
           found != nullptr ? roiGradient<true, T> : roiGradient<false, T>, args, tables, found,
           tiles);
  });
}

void runGradient(const RoiAlignGradientArgs& args, Context& context, const Workspace& workspace) {
  withFloats(args.type, [&](auto number) { gradient<decltype(number)>(args, context, workspace); });
}

/** Also where the boxes are checked. */
template <class T>
int64_t bytesFor(const RoiAlignArgs& args, int64_t found) {
  Carver carver(nullptr);
  const int64_t each = roiBatch<T>(args, found);
  roiTablesAt<T>(args, each, carver);
  carver.take<char>(each * found);
  carver.take<char>(kFindFirstBytes);
  return carver.bytes();
}

int64_t workspaceBytes(const RoiAlignArgs& args) {
  if (args.mode == VK_ROI_MAX) return kFindFirstBytes;
  return args.type == VK_F64 ? bytesFor<double>(args, 0) : bytesFor<float>(args, 0);
}

int64_t gradientWorkspaceBytes(const RoiAlignGradientArgs& args) {
  return args.type == VK_F64 ? bytesFor<double>(args, foundBytes<double>(args))
                             : bytesFor<float>(args, foundBytes<float>(args));
}

}  // namespace

extern "C" CudaImplementations<RoiAlignArgs> roi_alignCuda() {
  static const Implementation<RoiAlignArgs> rows[] = {
      cuda::row<RoiAlignArgs>(runAlign, accepts, workspaceBytes)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<RoiAlignGradientArgs> roi_align_gradientCuda() {
  static const Implementation<RoiAlignGradientArgs> rows[] = {
      cuda::row<RoiAlignGradientArgs>(runGradient, gradientAccepts, gradientWorkspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk::roi_align_cuda
