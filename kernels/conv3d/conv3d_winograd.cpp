#include "conv3d/conv3d_winograd.h"

#include <algorithm>
#include <cmath>

#include "conv3d/conv3d_bf16.h"
#include "core/parallel.h"
#include "core/scratch.h"

namespace vk {
namespace {

/** Of the widest vectors. */
constexpr int64_t kLanes = 16;
/** Tiles of a block: enough that reading the weights takes less time than the products, and few
 * enough that a plane of its values stays in a cache. */
constexpr int64_t kMostTiles = 96;
constexpr int64_t kMostTilesOfMany = 48;
/** Tiles of stride 2 have up to 729 values: more of them than these only to fill vectors. */
constexpr int64_t kStridedTiles = 32;
constexpr int64_t kMostStridedTiles = 80;
/** Outputs of a channel: for 256 to 320 channels 512 save 6 ms, with 39 MB more of weights. */
constexpr int64_t kLeastStridedVoxels = 2048;
constexpr int64_t wantedTiles(int64_t channels, int64_t stride) {
  return stride > 1 ? kStridedTiles : channels <= 32 ? kMostTiles : kMostTilesOfMany;
}
/** Vectors of tiles whose sums fit the registers beside those of 8 channels. */
constexpr int64_t kRun = 3;
/** Of a row of many lattices, which one block takes. */
constexpr int64_t kMostRowTiles = 1024;
/** Tasks that keep a few tens of cores busy. */
constexpr int64_t kEnoughTasks = 64;
/** Blocks of a task, while there are many tasks. */
constexpr int64_t kMostSlab = 8;
/** Blocks that are too few for as many tasks. */
constexpr int64_t kFewBlocks = 16;
/** Input channels of a task that only transforms, and values that are transformed at once. */
constexpr int64_t kChunkChannels = 8;
constexpr int64_t kSharedFloats = 3 << 20;

/** An odd number of lines: what lies a power of two apart would share a cache set. */
int64_t oddLines(int64_t floats) { return roundUp(floats, kLanes) | kLanes; }

/** Time of the sums over so many tiles: vectors, and runs of them, which matter less than what more
 * tiles of stride 2 need. */
int64_t sumCost(int64_t tiles, int64_t stride) {
  const int64_t vectors = chunkCount(tiles, kLanes);
  return stride > 1 ? vectors : 2 * vectors + chunkCount(vectors, kRun);
}

/** Of `items` by `width` tiles, the items of a block with the least time; the most of them up to
 * the wanted tiles where several have it. */
int64_t bestShare(int64_t items, int64_t width, int64_t wanted, int64_t stride) {
  const int64_t most = stride > 1 ? kMostStridedTiles : kMostTiles;
  int64_t best = 1;
  int64_t least = -1;
  for (int64_t share = 1; share <= items && (share == 1 || share * width <= most); ++share) {
    const int64_t cost =
        items / share * sumCost(share * width, stride) + sumCost(items % share * width, stride);
    if (least < 0 || cost < least || (cost == least && share * width <= wanted)) {
      best = share;
      least = cost;
    }
  }
  return evenShare(items, best);
}

}  // namespace

WinogradTiling winogradTiling(const Conv3dArgs& args, WinogradForm form) {
  WinogradTiling t{};
  const int64_t outputs[] = {form.z, form.yx, form.yx};
  for (int axis = 0; axis < 3; ++axis) {
    t.dilation[axis] = form.z == 1 && axis == 0 ? 1 : args.dilation[axis];
    t.lattices[axis] = std::min(t.dilation[axis], args.outSize[axis]);
    t.tiles[axis] = chunkCount(chunkCount(args.outSize[axis], t.dilation[axis]), outputs[axis]);
  }
  if (t.lattices[0] == 0 || t.lattices[1] == 0 || t.lattices[2] == 0) return t;
  const int64_t wanted = wantedTiles(args.inChannels, form.stride);
  t.each[2] = evenShare(t.tiles[2], std::max<int64_t>(wanted / t.lattices[2], 1));
  const int64_t row = t.each[2] * t.lattices[2];
  t.each[1] = bestShare(t.tiles[1], row, wanted, form.stride);
  t.each[0] = t.each[1] == t.tiles[1] && t.each[2] == t.tiles[2]
                  ? bestShare(t.tiles[0], t.tiles[1] * row, wanted, form.stride)
                  : 1;
  for (int axis = 0; axis < 3; ++axis) t.blocks[axis] = chunkCount(t.tiles[axis], t.each[axis]);
  t.blockTiles = roundUp(t.each[0] * t.each[1] * row, kLanes);

  const int64_t positions = (t.each[1] + 1) * t.lattices[2] * (t.each[2] + 1) + kLanes;
  const int64_t planes = winogradValues(form.z, form.strideZ);
  const int64_t values = winogradValues(form.yx, form.stride);
  const int64_t step = form.yx * form.stride;
  t.alongZFloats = oddLines(positions);
  t.ring = form.z * t.each[0] + planes - form.z;
  t.planeFloats = oddLines(step * step * positions);
  t.lineFloats = step * (t.each[2] + 1 + kLanes);
  t.channelFloats = t.ring * t.planeFloats;
  t.alongYFloats = oddLines(positions);
  t.valueFloats = oddLines(args.inChannels * t.blockTiles);
  t.sumFloats = oddLines(kWinogradBundle * t.blockTiles);

  const int64_t columns =
      args.batch * args.groups * t.lattices[0] * t.lattices[1] * t.blocks[1] * t.blocks[2];
  const int64_t blocks = columns * t.blocks[0];
  t.blockFloats = winogradValues(form) * t.valueFloats;
  const bool shared = blocks < kFewBlocks && bundleCount(args.outChannels) > 1;
  const int64_t wantedSlabs = chunkCount(kEnoughTasks, std::max<int64_t>(columns, 1));
  t.slabBlocks =
      shared ? 1
             : evenShare(t.blocks[0], std::min(kMostSlab, chunkCount(t.blocks[0], wantedSlabs)));
  t.slabs = columns * chunkCount(t.blocks[0], t.slabBlocks);
  t.sharedBlocks =
      shared ? evenShare(blocks, kSharedFloats / std::max<int64_t>(t.blockFloats, 1)) : 0;
  t.chunkChannels = shared ? evenShare(args.inChannels, kChunkChannels) : args.inChannels;
  t.sliceChannels = shared ? std::min(args.outChannels, kWinogradBundle) : args.outChannels;
  const int64_t place = step * step * t.alongZFloats;
  const int64_t inputFloats =
      form.stride == 1
          ? t.chunkChannels * t.channelFloats + planes * place + values * step * t.alongYFloats
          : (planes + winogradSums(form.z, form.strideZ)) * place +
                winogradSums(form.yx, form.stride) * step * t.alongZFloats + t.lineFloats;
  t.scratchFloats = inputFloats + (shared ? 0 : t.blockFloats) + values * values * t.sumFloats +
                    t.sliceChannels * planes * form.yx * form.yx * t.blockTiles +
                    form.z * form.yx * t.blockTiles + form.yx * t.blockTiles;
  return t;
}

WinogradTask winogradTask(const Conv3dArgs& args, WinogradForm form, const WinogradTiling& t,
                          int64_t index) {
  const auto next = [&index](int64_t count) {
    const int64_t digit = index % count;
    index /= count;
    return digit;
  };
  WinogradTask task{};
  // Along z first: blocks share most of their input with the one above.
  const int64_t share[] = {t.each[0] * t.slabBlocks, t.each[1], t.each[2]};
  int64_t block[3];
  for (int axis = 0; axis < 3; ++axis) block[axis] = next(chunkCount(t.tiles[axis], share[axis]));
  const int64_t outputs[] = {form.z, form.yx, form.yx};
  for (int axis = 0; axis < 3; ++axis) {
    int64_t size = args.outSize[axis];
    if (axis < 2) size -= task.lattice[axis] = next(t.lattices[axis]);
    const int64_t tiles = chunkCount(chunkCount(size, t.dilation[axis]), outputs[axis]);
    const Range range = chunkRange(tiles, share[axis], block[axis]);
    task.first[axis] = range.begin;
    task.count[axis] = std::max<int64_t>(range.end - range.begin, 0);
  }
  task.group = next(args.groups);
  task.image = next(args.batch);
  return task;
}

int64_t winogradSlots(const Conv3dArgs& args, const WinogradTiling& t) {
  if (t.sharedBlocks == 0) return std::min<int64_t>(args.threads, t.slabs);
  const int64_t most =
      std::max(chunkCount(args.inChannels, t.chunkChannels), bundleCount(args.outChannels));
  return std::min<int64_t>(args.threads, t.sharedBlocks * most);
}

namespace {

/** Vector operations that the direct convolution needs. */
double directCost(const Conv3dArgs& args) {
  return double(args.outSize[0]) * double(args.outSize[1]) * double(args.outSize[2]) * 1.05 *
         double(conv3dTaps(args)) * double(args.inChannels) * double(args.outChannels);
}

/** Of directCost(), what products of bfloat16 take; measured. */
constexpr double kBf16Cost = 0.55;

/** Those of a form of Winograd's, with transforms, loads and stores; measured. */
double winogradCost(const Conv3dArgs& args, WinogradForm form) {
  const WinogradTiling t = winogradTiling(args, form);
  const double blocks =
      double(t.lattices[0] * t.lattices[1]) * double(t.blocks[0] * t.blocks[1] * t.blocks[2]);
  const double values = double(winogradValues(form));
  const double voxels = double(form.z * form.yx * form.yx);
  const double inVoxels = voxels * double(form.strideZ * form.stride * form.stride);
  const double in = double(args.inChannels);
  const double out = double(args.outChannels);
  // Rows of lattices that vectors do not deal go voxel by voxel.
  const int64_t lattices = t.lattices[2];
  // Fewer values are stored to nearer memory.
  const double voxel = form.stride == 2 && form.z == 1 ? 10 : 25;
  const double dealt = lattices == 1 || lattices == 2 || lattices == 4 ? 0 : 36;
  return blocks * double(t.blockTiles) *
         (1.15 * values * in * out + (10 * values + (voxel + dealt) * inVoxels) * in +
          (6 * values + (25 + dealt) * voxels) * out);
}

/** Error in the Frobenius norm, of inputs and weights uniform in [-1, 1]: what the transforms make
 * of the roundings, and that of the sums over many channels. Measured, rounded up. */
double winogradError(const Conv3dArgs& args, WinogradForm form) {
  const double transforms = form.strideZ == 2  ? form.z == 4 ? 1.3e-6 : 8e-7
                            : form.stride == 2 ? form.z == 4 ? 1.6e-6 : 8e-7
                            : form.yx == 2     ? 2e-7
                            : form.z == 4      ? 2e-6
                            : form.z == 2      ? 1.3e-6
                                               : 9e-7;
  return transforms * std::sqrt(1 + double(args.inChannels) / 32);
}

constexpr WinogradForm kForms[kWinogradForms] = {
    {4, 4}, {2, 4}, {2, 2}, {1, 4}, {1, 2}, {4, 4, 2, 2}, {2, 4, 2, 2}, {4, 4, 1, 2}, {1, 4, 1, 2}};

Refusal suits(const Conv3dArgs& args, WinogradForm form) {
  if (args.type != VK_F32) return "takes f32 only";
  for (int axis = 0; axis < 3; ++axis) {
    const int64_t kernel = axis == 0 && form.z == 1 ? 1 : 3;
    const int64_t stride = axis == 0 ? form.strideZ : form.stride;
    if (args.kernel[axis] != kernel) {
      return form.z == 1 ? "takes kernels of 3 x 3 x 1 only" : "takes kernels of 3 x 3 x 3 only";
    }
    if (args.stride[axis] != stride) return "takes another stride only";
    if (form.stride > 1 && args.dilation[axis] != 1) return "takes no dilation with strides";
  }
  return {};
}

template <int64_t Form>
Refusal accepts(const Conv3dArgs& args) {
  constexpr WinogradForm form = kForms[Form];
  const Refusal refusal = suits(args, form);
  if (!refusal.empty()) return refusal;
  if (winogradTiling(args, form).blockTiles > kMostRowTiles) return "takes narrower rows only";
  if (winogradError(args, form) > args.accuracy) {
    return "errs more over so many channels than is accepted";
  }
  if (args.anyCost) return {};
  if (form.strideZ > 1 &&
      args.batch * args.outSize[0] * args.outSize[1] * args.outSize[2] < kLeastStridedVoxels) {
    return "saves less time here than its larger weights are worth";
  }
  const double cost = winogradCost(args, form);
  const double direct = directCost(args);
  if (cost > direct) return "has more to transform here than it saves";
  if (cost > kBf16Cost * direct && conv3dBf16Accepts(args).empty()) {
    return "takes longer here than bfloat16, whose error is accepted";
  }
  for (const WinogradForm& other : kForms) {
    if (suits(args, other).empty() && winogradError(args, other) <= args.accuracy &&
        winogradCost(args, other) < cost) {
      return "takes longer here than tiles of another size";
    }
  }
  return {};
}

template <int64_t Form>
int64_t packedBytes(const Conv3dArgs& args) {
  return args.groups * args.outChannels * args.inChannels * winogradWeights(kForms[Form]) *
         static_cast<int64_t>(sizeof(float));
}

template <int64_t Form>
int64_t workspaceBytes(const Conv3dArgs& args) {
  const WinogradTiling tiling = winogradTiling(args, kForms[Form]);
  if (tiling.slabs == 0) return 0;
  WorkspaceLayout layout(nullptr);
  layout.take<float>(winogradSlots(args, tiling) * tiling.scratchFloats);
  layout.take<float>(tiling.sharedBlocks * tiling.blockFloats);
  layout.take<int64_t>(args.inChannels);
  return layout.bytes();
}

}  // namespace

double conv3dLeastCost(const Conv3dArgs& args) {
  double least = directCost(args);
  for (const WinogradForm& form : kForms) {
    if (suits(args, form).empty() && winogradError(args, form) <= args.accuracy) {
      least = std::min(least, winogradCost(args, form));
    }
  }
  return least;
}

using WinogradTable = SimdTable<Kernel<Conv3dArgs>>;
extern const WinogradTable conv3dWinograd44Table, conv3dWinogradPack44Table;
extern const WinogradTable conv3dWinograd24Table, conv3dWinogradPack24Table;
extern const WinogradTable conv3dWinograd22Table, conv3dWinogradPack22Table;
extern const WinogradTable conv3dWinograd14Table, conv3dWinogradPack14Table;
extern const WinogradTable conv3dWinograd12Table, conv3dWinogradPack12Table;
extern const WinogradTable conv3dWinogradStrided44Table, conv3dWinogradPackStrided44Table;
extern const WinogradTable conv3dWinogradStrided24Table, conv3dWinogradPackStrided24Table;
extern const WinogradTable conv3dWinogradStridedRows44Table, conv3dWinogradPackStridedRows44Table;
extern const WinogradTable conv3dWinogradStridedRows14Table, conv3dWinogradPackStridedRows14Table;

const WinogradImplementation* winogradImplementations() {
#define VK_WINOGRAD_FORM(index, name, tables)                                                      \
  {                                                                                                \
    kForms[index],                                                                                 \
        {"cpu-winograd-" name "-avx512", "cpu-winograd-" name "-avx2",                             \
         "cpu-winograd-" name "-neon", "cpu-winograd-" name "-portable"},                          \
        accepts<index>, packedBytes<index>, workspaceBytes<index>, &conv3dWinograd##tables##Table, \
        &conv3dWinogradPack##tables##Table                                                         \
  }
  static const WinogradImplementation forms[kWinogradForms] = {
      VK_WINOGRAD_FORM(0, "4x4x4", 44),
      VK_WINOGRAD_FORM(1, "4x4x2", 24),
      VK_WINOGRAD_FORM(2, "2x2x2", 22),
      VK_WINOGRAD_FORM(3, "4x4x1", 14),
      VK_WINOGRAD_FORM(4, "2x2x1", 12),
      VK_WINOGRAD_FORM(5, "strided-4x4x4", Strided44),
      VK_WINOGRAD_FORM(6, "strided-4x4x2", Strided24),
      VK_WINOGRAD_FORM(7, "strided-rows-4x4x4", StridedRows44),
      VK_WINOGRAD_FORM(8, "strided-rows-4x4x1", StridedRows14)};
#undef VK_WINOGRAD_FORM
  return forms;
}

}  // namespace vk
