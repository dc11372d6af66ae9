#include "conv3d/conv3d_amx.h"
#include "conv3d/conv3d_amx_first.h"
#include "conv3d/conv3d_amx_pointwise.h"
#include "conv3d/conv3d_bf16.h"
#include "conv3d/conv3d_check.h"
#include "conv3d/conv3d_pointwise.h"
#include "conv3d/conv3d_tuning.h"
#include "conv3d/conv3d_winograd.h"
#include "conv3d/conv3d_winograd_depthwise.h"
#include "conv3d/conv3d_winograd_rows.h"
#include "core/threads.h"
#include "registry/operations.h"

namespace vk {
namespace {

constexpr const char* kName = "conv3d";

Conv3dArgs checked(const Context& context, const vk_view* input, const vk_view* bias,
                   const vk_view* residual, const vk_conv3d_params* params, const vk_view* output) {
  Conv3dArgs args = conv3dOfTensors({kName, "input", "output"}, input, params, output);
  conv3dSetFinish(kName, bias, residual, *output, args);
  args.threads = context.arena->threads();
  args.device = context.deviceIndex;
  return args;
}

Refusal cpuAccepts(const Conv3dArgs& args) {
  return args.type == VK_F32 ? Refusal() : "takes f32 only";
}

}  // namespace

Implementations<Conv3dArgs> conv3dImplementations() {
  using Host = HostImplementations<Conv3dArgs>;
  static const ImplementationList<Conv3dArgs> table = [] {
    ImplementationList<Conv3dArgs> rows;
    for (const int64_t parts : {1, 2}) {
      rows.add(amxRow(kAmxPointwiseNames[parts - 1], amxPointwiseImplementation(parts)));
    }
    rows.add(Host(conv3dPointwiseCpuTable, conv3dPointwiseAccepts, conv3dPointwiseWorkspaceBytes,
                  conv3dReference)
                 .withPacking(conv3dPackedBytes, conv3dPointwisePackCpuTable, conv3dPackReference),
             kConv3dPointwiseNames);
    rows.add({"cpu-amx-first", VK_BACKEND_CPU, VK_ISA_AVX512, conv3dAmxFirstCpuTable.avx512,
              conv3dAmxFirstAccepts, conv3dAmxFirstWorkspaceBytes, conv3dAmxFirstPackedBytes,
              conv3dAmxFirstPackCpuTable.avx512});
    for (const int64_t parts : {1, 2}) {
      rows.add(amxRow(kAmxNames[parts - 1], amxImplementation(parts)));
    }
    rows.add(Host(conv3dWinogradDepthwiseCpuTable, winogradDepthwiseAccepts,
                  winogradDepthwiseWorkspaceBytes, conv3dReference)
                 .withPacking(winogradDepthwisePackedBytes, conv3dWinogradDepthwisePackCpuTable,
                              conv3dPackReference),
             kWinogradDepthwiseNames);
    rows.add(Host(conv3dWinogradRowsCpuTable, winogradRowsAccepts, winogradRowsWorkspaceBytes,
                  conv3dReference)
                 .withPacking(winogradRowsPackedBytes, conv3dWinogradRowsPackCpuTable,
                              conv3dPackReference),
             kWinogradRowsNames);
    for (int64_t form = 0; form < kWinogradForms; ++form) {
      const WinogradImplementation& winograd = winogradImplementations()[form];
      rows.add(Host(*winograd.run, winograd.accepts, winograd.workspaceBytes, conv3dReference)
                   .withPacking(winograd.packedBytes, *winograd.pack, conv3dPackReference),
               winograd.names);
    }
    rows.add(Host(conv3dBf16CpuTable, conv3dBf16Accepts, conv3dBf16WorkspaceBytes, conv3dReference)
                 .withPacking(conv3dBf16PackedBytes, conv3dBf16PackCpuTable, conv3dPackReference),
             kConv3dBf16Names);
    rows.addLast(Host(conv3dCpuTable, cpuAccepts, conv3dCpuWorkspaceBytes, conv3dReference)
                     .withPacking(conv3dPackedBytes, conv3dPackCpuTable, conv3dPackReference));
    return rows;
  }();
  return table;
}

}  // namespace vk

extern "C" {

vk_status vk_conv3d_plan(vk_context* context, const vk_view* input, const vk_view* bias,
                         const vk_view* residual, const vk_conv3d_params* params,
                         const vk_view* output, vk_plan* plan) {
  return vk::guarded(context, [&] {
    vk::chooseTuned(*context, vk::conv3dTuning(params), vk::kName, vk::conv3dImplementations(),
                    vk::checked(*context, input, bias, residual, params, output), plan);
  });
}

vk_status vk_conv3d_pack(vk_context* context, const vk_plan* plan, const vk_view* weights,
                         const vk_conv3d_params* params, const vk_view* packed) {
  return vk::guarded(context, [&] {
    vk::Conv3dArgs args = vk::conv3dOfWeights(vk::kName, weights, params);
    args.packed = vk::conv3dPackedData(vk::kName, args, plan, packed);
    vk::pack(*context, vk::kName, vk::conv3dImplementations(), args, plan);
  });
}

vk_status vk_conv3d(vk_context* context, const vk_plan* plan, const vk_view* input,
                    const vk_view* packed, const vk_view* bias, const vk_view* residual,
                    const vk_conv3d_params* params, const vk_view* workspace,
                    const vk_view* output) {
  return vk::guarded(context, [&] {
    vk::Conv3dArgs args = vk::checked(*context, input, bias, residual, params, output);
    args.anyCost = true;
    args.packed = vk::conv3dPackedData(vk::kName, args, plan, packed);
    vk::run(*context, vk::kName, vk::conv3dImplementations(), args, plan, workspace);
  });
}

}  // extern "C"
