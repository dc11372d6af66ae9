// The kernels are those of kernels/conv3d.
#include "conv3d/conv3d_cuda.h"

namespace vk {

extern "C" CudaImplementations<Conv3dTransposedArgs> conv3d_transposedCuda() {
  return conv3dTransposedCudaRows();
}

}  // namespace vk
