#include "pool/pool_window.h"

#include <algorithm>

#include "core/threads.h"

namespace vk {
namespace {

constexpr const char* const kAxes[] = {"z", "y", "x"};
/** Keeps positions far from the end of 64 bits. */
constexpr int64_t kMostExtent = int64_t{1} << 20;
/** Input values that one task reads, about. */
constexpr int64_t kTaskValues = 65536;
/** Tasks that keep tens of cores busy. More would hand what is asked for ahead to another core. */
constexpr int64_t kMostTasks = 256;
/** Values of a slab: half a megabyte, which stays in the second-level cache. */
constexpr int64_t kSlabValues = 131072;

long long shown(int64_t value) { return static_cast<long long>(value); }

PoolWindow checkedWindow(const char* operation, const vk_pool_window* params) {
  if (params == nullptr || params->struct_size != sizeof(vk_pool_window)) {
    invalidArgument("%s: the window is missing or of another version", operation);
  }
  const auto within = [&](const char* what, int axis, int64_t value, int64_t least, int64_t most) {
    if (value < least || value > most) {
      invalidArgument("%s: %s along %s is %lld, expected %lld to %lld", operation, what,
                      kAxes[axis], shown(value), shown(least), shown(most));
    }
    return value;
  };
  PoolWindow window{};
  for (int axis = 0; axis < 3; ++axis) {
    window.kernel[axis] = within("kernel", axis, params->kernel[axis], 1, kMostExtent);
    window.stride[axis] = within("stride", axis, params->stride[axis], 1, kMostExtent);
    window.dilation[axis] = within("dilation", axis, params->dilation[axis], 1, kMostExtent);
    // A window has to reach the input.
    const int64_t most = std::min(kMostExtent, poolExtent(window, axis) - 1);
    window.paddingBegin[axis] = within("padding_begin", axis, params->padding_begin[axis], 0, most);
    window.paddingEnd[axis] = within("padding_end", axis, params->padding_end[axis], 0, most);
  }
  return window;
}

/** Windows along an axis; an empty axis has none. */
int64_t outputSize(const char* operation, const PoolWindow& window, bool ceilMode,
                   const char* inputName, const vk_view& input, int axis) {
  const int64_t size = input.sizes[axis + 2];
  if (size == 0) return 0;
  const int64_t padded = size + window.paddingBegin[axis] + window.paddingEnd[axis];
  const int64_t stride = window.stride[axis];
  const int64_t room = padded - poolExtent(window, axis) + (ceilMode ? stride - 1 : 0);
  if (room < 0) {
    invalidArgument(
        "%s: along %s the window reaches over %lld voxels, but %s, %s, has %lld with its padding",
        operation, kAxes[axis], shown(poolExtent(window, axis)), inputName, describe(input).c_str(),
        shown(padded));
  }
  const int64_t windows = room / stride + 1;
  const bool beginsOutside = (windows - 1) * stride >= size + window.paddingBegin[axis];
  return ceilMode && beginsOutside ? windows - 1 : windows;
}

/** Outputs along an axis whose windows may reach [range.begin, range.end) of the input. */
Range outputsReaching(const PoolArgs& args, int axis, Range range) {
  const int64_t stride = args.window.stride[axis];
  const int64_t last = range.end - 1 + args.window.paddingBegin[axis];
  const int64_t first =
      range.begin + args.window.paddingBegin[axis] - poolExtent(args.window, axis) + 1;
  const int64_t begin = first > 0 ? (first + stride - 1) / stride : 0;
  const int64_t end = std::min(last / stride + 1, args.outSize[axis]);
  return {std::min(begin, end), end};
}

}  // namespace

PoolArgs poolArgs(const char* operation, const Context& context, const vk_pool_window* window,
                  const char* inputName, const vk_view* input, const char* outputName,
                  const vk_view* output) {
  PoolArgs args{};
  args.window = checkedWindow(operation, window);
  requireDenseFloat(operation, inputName, input);
  requireRank(operation, inputName, *input, 5);
  requireDense(operation, outputName, output, input->type);
  requireRank(operation, outputName, *output, 5);
  args.type = input->type;
  args.volumes = input->sizes[0] * input->sizes[1];
  int64_t expected[5] = {input->sizes[0], input->sizes[1]};
  for (int axis = 0; axis < 3; ++axis) {
    args.inSize[axis] = input->sizes[axis + 2];
    args.outSize[axis] = expected[axis + 2] =
        outputSize(operation, args.window, window->ceil_mode != 0, inputName, *input, axis);
  }
  for (int axis = 0; axis < 5; ++axis) {
    if (output->sizes[axis] != expected[axis]) {
      invalidArgument("%s: %s is %s, expected (%lld, %lld, %lld, %lld, %lld) as %s is %s",
                      operation, outputName, describe(*output).c_str(), shown(expected[0]),
                      shown(expected[1]), shown(expected[2]), shown(expected[3]),
                      shown(expected[4]), inputName, describe(*input).c_str());
    }
  }
  args.threads = context.arena->threads();
  return args;
}

int64_t poolRowsEach(const PoolArgs& args) {
  const int64_t planes = std::min(args.window.kernel[0], args.inSize[0]);
  const int64_t rows = std::min(args.window.kernel[1], args.inSize[1]);
  const int64_t width = std::max<int64_t>(args.inSize[2], 16);
  // Without an overflow, however large the window.
  const int64_t each =
      kTaskValues / width / std::max<int64_t>(1, planes) / std::max<int64_t>(1, rows);
  const int64_t least = chunkCount(args.volumes * args.outSize[0] * args.outSize[1], kMostTasks);
  return std::max<int64_t>({1, each, least});
}

int64_t poolRowTasks(const PoolArgs& args) {
  if (args.volumes * poolVoxels(args.outSize) == 0) return 0;
  return chunkCount(args.volumes * args.outSize[0] * args.outSize[1], poolRowsEach(args));
}

int64_t poolWorkspaceBytes(int32_t threads, int64_t tasks, int64_t floatsEach) {
  WorkspaceLayout layout(nullptr);
  layout.take<float>(std::min<int64_t>(threads, tasks) * floatsEach);
  return layout.bytes();
}

int64_t poolRowFloats(const PoolArgs& args) {
  constexpr int64_t kBeyond = 64;
  const int64_t held = args.window.paddingBegin[2] + args.inSize[2];
  const int64_t read = (args.outSize[2] - 1) * args.window.stride[2] + poolExtent(args.window, 2);
  return (std::max(held, read) + kBeyond + 15) / 16 * 16;
}

int64_t poolOutputFloats(const PoolArgs& args) { return (args.outSize[2] + 31) / 16 * 16; }

int64_t poolSpreadRowsEach(const PoolArgs& args) {
  // A voxel of the input sees so many outputs along an axis, about.
  const auto seen = [&](int axis) {
    return chunkCount(std::min(args.window.kernel[axis], args.inSize[axis]),
                      args.window.stride[axis]);
  };
  const int64_t width = std::max<int64_t>(args.inSize[2], 16);
  return std::max<int64_t>(
      1, kTaskValues / width / std::max<int64_t>(1, seen(0)) / std::max<int64_t>(1, seen(1)));
}

int64_t poolSpreadTasks(const PoolArgs& args) {
  if (args.volumes * poolVoxels(args.inSize) == 0) return 0;
  return chunkCount(args.volumes * args.inSize[0] * args.inSize[1], poolSpreadRowsEach(args));
}

int64_t poolSpreadMargin(const PoolArgs& args) {
  return (poolExtent(args.window, 2) + 15) / 16 * 16;
}

int64_t poolSpreadFloats(const PoolArgs& args) {
  constexpr int64_t kBeyond = 64;
  const int64_t read = (args.inSize[2] + args.window.paddingBegin[2]) / args.window.stride[2];
  return (poolSpreadMargin(args) + std::max(args.outSize[2], read) + kBeyond + 15) / 16 * 16;
}

PoolSlabs poolSlabs(const PoolArgs& args) {
  const bool flat = args.inSize[0] == 1;
  const int axis = flat ? 1 : 0;
  const int64_t layer =
      std::max<int64_t>(1, flat ? args.inSize[2] : args.inSize[1] * args.inSize[2]);
  const int64_t stride = args.window.stride[axis];
  // Windows that reach two slabs are looked at twice.
  const int64_t least =
      poolExtent(args.window, axis) > stride ? 4 * poolExtent(args.window, axis) : 1;
  const int64_t layers = std::max(kSlabValues / layer, least);
  const int64_t each =
      std::min((layers + stride - 1) / stride * stride, std::max<int64_t>(1, args.inSize[axis]));
  PoolSlabs slabs{flat ? 1 : each, flat ? each : args.inSize[1], 0};
  if (args.volumes * poolVoxels(args.inSize) > 0)
    slabs.eachVolume = chunkCount(args.inSize[axis], each);
  return slabs;
}

PoolSlab poolSlab(const PoolArgs& args, const PoolSlabs& slabs, int64_t task) {
  PoolSlab slab{};
  slab.volume = task / slabs.eachVolume;
  const int64_t at = task % slabs.eachVolume;
  const bool flat = args.inSize[0] == 1;
  slab.planes = flat ? Range{0, 1} : chunkRange(args.inSize[0], slabs.planesEach, at);
  slab.rows = flat ? chunkRange(args.inSize[1], slabs.rowsEach, at) : Range{0, args.inSize[1]};
  slab.outPlanes = outputsReaching(args, 0, slab.planes);
  slab.outRows = outputsReaching(args, 1, slab.rows);
  return slab;
}

}  // namespace vk
