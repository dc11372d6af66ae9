/* Voxkern C ABI.
 *
 * One small, stable surface between the kernels and whoever drives them: Java through JavaCPP
 * today, anything that can call C tomorrow. No C++ type, no ownership of tensor memory and no
 * exception crosses it. Each field has a header of its own; this one has them all.
 *
 * Conventions
 *  - Every function that can fail returns a vk_status; vk_last_error() holds the message of this
 * thread's last failure.
 *  - Tensors are passed as vk_view: the caller owns the memory and keeps it alive until the call
 * has returned.
 *  - An operation has two phases. `vk_<op>_plan` checks the arguments, chooses an implementation (a
 * pure function of shapes, types and instruction set) and says how much workspace it wants;
 * `vk_<op>` runs it and allocates nothing.
 *  - Images are (depth, height, width), x fastest. Index-space points are (x, y, z) in voxels,
 * voxel centres at integers.
 *  - An optional view is passed with data == NULL.
 */
#ifndef VOXKERN_H
#define VOXKERN_H

#include "voxkern/activation.h"
#include "voxkern/base.h"
#include "voxkern/convolution.h"
#include "voxkern/cudnn.h"
#include "voxkern/detection.h"
#include "voxkern/device.h"
#include "voxkern/image.h"
#include "voxkern/matmul.h"
#include "voxkern/normalization.h"
#include "voxkern/pooling.h"
#include "voxkern/recurrent.h"
#include "voxkern/registration.h"
#include "voxkern/roi.h"
#include "voxkern/sampling.h"
#include "voxkern/tensor.h"
#include "voxkern/training.h"
#include "voxkern/tuning.h"

#endif /* VOXKERN_H */
