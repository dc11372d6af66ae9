// What the case adapters of convolutions, their gradients and transposed convolutions share.
#pragma once

#include "cases/case.h"
#include "voxkern/convolution.h"

namespace vk::cases {

/** The keys kernel, stride, dilation, pad, pad_end, groups, activation, slope and accuracy. */
vk_conv3d_params conv3dParams(const CaseLine& line);

/** Where the arguments make no sense, something for the operation to refuse. */
int64_t conv3dOutputSize(const vk_conv3d_params& params, const Sizes& shape, size_t axis);

/** Uniform in [-1, 1], or, with exact=yes, small whole numbers, whose sums are exact in any order.
 */
Buffer& conv3dValues(Case& test, const std::string& name, const Sizes& sizes);

/** The key bound, `ofLargest` unless given; zero with exact=yes. */
Bound conv3dBound(const CaseLine& line, double ofLargest);

/** Sizes of the tensors that the keys shape, n, in and out ask for. */
struct Conv3dSizes {
  Sizes input, weights, output;
  Conv3dSizes(const CaseLine& line, const vk_conv3d_params& params);
};

/** Planned, then packed weights in memory with guards, then the call: `plan`, `pack` and `run` are
 * the operation's three functions without the context. */
void conv3dRunPacked(
    Case& test, Call& call, const std::function<vk_status(vk_plan*)>& plan,
    const std::function<vk_status(const vk_plan*, const vk_view*)>& pack,
    const std::function<vk_status(const vk_plan*, const vk_view*, const vk_view*)>& run);

}  // namespace vk::cases
