// Transposed convolutions with strides in the processor's matrix unit: sub-lattices as
// conv3d_gradient_input.h has them, values of one part or of two as conv3d_amx.h has them.
#pragma once

#include "conv3d/conv3d_amx.h"
#include "conv3d/conv3d_gradient_input.h"

namespace vk {

AmxImplementationOf<Conv3dTransposedArgs> amxSubLatticesImplementation(int64_t parts);

constexpr const char* kAmxSubLatticesNames[2] = {"cpu-amx-sub-lattices-bf16",
                                                 "cpu-amx-sub-lattices-bf16x3"};

}  // namespace vk
