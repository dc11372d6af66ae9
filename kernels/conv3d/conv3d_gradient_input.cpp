#include "conv3d/conv3d_gradient_input.h"

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "conv3d/conv3d_amx_pointwise.h"
#include "conv3d/conv3d_amx_sub_lattices.h"
#include "conv3d/conv3d_check.h"
#include "conv3d/conv3d_pointwise.h"
#include "conv3d/conv3d_tiling.h"
#include "core/parallel.h"
#include "core/scratch.h"
#include "registry/operations.h"

namespace vk {
namespace {

// Without strides a transposed convolution is a convolution: whatever implements that serves here.

/** More than there are rows in the table of conv3d. */
constexpr size_t kMostRows = 64;
/** Inputs of one position, of one channel, whose places are kept. */
constexpr int64_t kMostPlaces = int64_t{1} << 18;

bool strided(const Conv3dTransposedArgs& args) {
  return args.stride[0] != 1 || args.stride[1] != 1 || args.stride[2] != 1;
}

/** The convolution with flipped weights. */
Conv3dArgs flipped(const Conv3dTransposedArgs& args) {
  Conv3dArgs convolution = args;
  for (int axis = 0; axis < 3; ++axis) {
    convolution.paddingBegin[axis] =
        (args.kernel[axis] - 1) * args.dilation[axis] - args.paddingBegin[axis];
  }
  return convolution;
}

/** Group by group (in, out, taps) to (out, in, taps in reverse). */
std::vector<float> flippedWeights(const Conv3dTransposedArgs& args) {
  const int64_t taps = conv3dTaps(args);
  const int64_t each = args.inChannels * args.outChannels;
  const float* const weights = static_cast<const float*>(args.weights);
  std::vector<float> result(static_cast<size_t>(args.groups * each * taps));
  for (int64_t group = 0; group < args.groups; ++group) {
    for (int64_t i = 0; i < each; ++i) {
      const int64_t in = i / args.outChannels;
      const int64_t out = i % args.outChannels;
      const float* const from = weights + (group * each + i) * taps;
      float* const to = result.data() + (group * each + out * args.inChannels + in) * taps;
      std::reverse_copy(from, from + taps, to);
    }
  }
  return result;
}

template <size_t Row>
struct Flipped {
  static const Implementation<Conv3dArgs>& row() { return conv3dImplementations()[Row]; }

  static Refusal accepts(const Conv3dTransposedArgs& args) {
    if (args.type != VK_F32) return "takes f32 only";
    if (strided(args)) return "takes stride 1 only";
    return row().accepts(flipped(args));
  }
  static void run(const Conv3dTransposedArgs& args, Context& context, const Workspace& workspace) {
    row().run(flipped(args), context, workspace);
  }
  static int64_t workspaceBytes(const Conv3dTransposedArgs& args) {
    return row().workspaceBytes(flipped(args));
  }
  static int64_t packedBytes(const Conv3dTransposedArgs& args) {
    return row().packedBytes(flipped(args));
  }
  static void pack(const Conv3dTransposedArgs& args, Context& context, const Workspace& workspace) {
    const std::vector<float> weights = flippedWeights(args);
    Conv3dArgs convolution = flipped(args);
    convolution.weights = weights.data();
    row().pack(convolution, context, workspace);
  }
};

Refusal subLatticesAccept(const Conv3dTransposedArgs& args) {
  if (args.type != VK_F32) return "takes f32 only";
  int64_t places = 1;
  for (int axis = 0; axis < 3; ++axis) {
    const int64_t reach = Conv3dSubLattices(args, axis).reach();
    if (reach > kMostPlaces / places) return "takes no kernels that are dilated so far";
    places *= reach;
  }
  return {};
}

Refusal pointwiseAccepts(const Conv3dTransposedArgs& args) { return conv3dPointwiseAccepts(args); }

int64_t pointwiseWorkspaceBytes(const Conv3dTransposedArgs& args) {
  return conv3dPointwiseWorkspaceBytes(args);
}

int64_t transposedPackedBytes(const Conv3dTransposedArgs& args) { return conv3dPackedBytes(args); }

struct Table {
  ImplementationList<Conv3dTransposedArgs> rows;

  Table() {
    using Host = HostImplementations<Conv3dTransposedArgs>;
    if (conv3dImplementations().size() > kMostRows) {
      throw std::logic_error("conv3d has more rows than are made for its adjoint");
    }
    addFlipped(std::make_index_sequence<kMostRows>());
    for (const int64_t parts : {1, 2}) {
      rows.add(amxRow(kAmxPointwiseNames[parts - 1], amxPointwiseTransposedImplementation(parts)));
    }
    for (const int64_t parts : {1, 2}) {
      rows.add(amxRow(kAmxSubLatticesNames[parts - 1], amxSubLatticesImplementation(parts)));
    }
    rows.add(Host(conv3dPointwiseTransposedCpuTable, pointwiseAccepts, pointwiseWorkspaceBytes,
                  conv3dTransposedReference)
                 .withPacking(transposedPackedBytes, conv3dPointwisePackTransposedCpuTable,
                              conv3dTransposedPackReference),
             kConv3dPointwiseNames);
    static const char* const names[] = {"cpu-sub-lattices-avx512", "cpu-sub-lattices-avx2",
                                        "cpu-sub-lattices-neon", "cpu-sub-lattices-portable"};
    Host subLattices = Host(conv3dSubLatticesCpuTable, subLatticesAccept,
                            conv3dSubLatticesWorkspaceBytes, conv3dTransposedReference)
                           .withPacking(transposedPackedBytes, conv3dSubLatticesPackCpuTable,
                                        conv3dTransposedPackReference);
    for (size_t i = 0; i < std::size(names); ++i) subLattices.rows[i].name = names[i];
    rows.addLast(subLattices);
  }

  template <size_t... Row>
  void addFlipped(std::index_sequence<Row...>) {
    (addFlippedRow<Row>(), ...);
  }
  template <size_t Row>
  void addFlippedRow() {
    const Implementations<Conv3dArgs> table = conv3dImplementations();
    if (Row >= table.size() || table[Row].backend != VK_BACKEND_CPU) return;
    const Implementation<Conv3dArgs>& row = table[Row];
    using F = Flipped<Row>;
    rows.add({row.name, row.backend, row.isa, row.run == nullptr ? nullptr : F::run, F::accepts,
              F::workspaceBytes, F::packedBytes, F::pack});
  }
};

}  // namespace

Implementations<Conv3dTransposedArgs> conv3dTransposedRows() {
  static const Table table;
  return table.rows;
}

void conv3dPackTransposed(Context& context, const char* operation, const vk_plan* plan,
                          const vk_view* weights, const vk_conv3d_params* params,
                          const vk_view* packed) {
  const Conv3dArgs forward = conv3dOfWeights(operation, weights, params);
  Conv3dTransposedArgs args{forward};
  args.inChannels = forward.outChannels;
  args.outChannels = forward.inChannels;
  args.packed = conv3dPackedData(operation, args, plan, packed);
  pack(context, operation, conv3dTransposedRows(), args, plan);
}

Conv3dArgs conv3dOfSubLattices(const Conv3dTransposedArgs& args) {
  Conv3dArgs whole = args;
  for (int axis = 0; axis < 3; ++axis) {
    const Conv3dSubLattices lattices(args, axis);
    whole.outSize[axis] = lattices.count();
    whole.kernel[axis] = lattices.reach();
    whole.stride[axis] = 1;
    whole.dilation[axis] = 1;
    whole.paddingBegin[axis] = lattices.reach() - 1 - lattices.first();
  }
  return whole;
}

Conv3dArgs conv3dOfPhases(const Conv3dTransposedArgs& args) {
  Conv3dArgs whole = args;
  for (int axis = 0; axis < 3; ++axis) {
    const Conv3dSubLattices lattices(args, axis);
    const int64_t most = lattices.inputsBefore(args.kernel[axis] - 1);
    whole.outSize[axis] = chunkCount(args.outSize[axis], args.stride[axis]);
    whole.kernel[axis] = most - lattices.inputsBefore(0) + 1;
    whole.stride[axis] = 1;
    whole.dilation[axis] = 1;
    whole.paddingBegin[axis] = most;
  }
  return whole;
}

int64_t conv3dSubLatticesWorkspaceBytes(const Conv3dTransposedArgs& args) {
  const Conv3dArgs whole = conv3dOfSubLattices(args);
  const Conv3dTiling tiling = conv3dDirectTiling(whole);
  if (tiling.tasks == 0) return 0;
  const int64_t slots = std::min<int64_t>(args.threads, tiling.tasks);
  WorkspaceLayout layout(nullptr);
  layout.take<float>(slots * tiling.scratchFloats);
  layout.take<int64_t>(slots * (conv3dTaps(whole) + conv3dTaps(args)));
  return layout.bytes();
}

}  // namespace vk
