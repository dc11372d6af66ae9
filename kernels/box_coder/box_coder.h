#pragma once

#include "registry/boxes.h"

namespace vk {

struct BoxCoderArgs {
  vk_element_type type;
  int32_t dimensions;
  int64_t count;
  /** Boxes to encode, or deltas to decode. */
  const void* input;
  const void* anchors;
  /** Of the decoded boxes; null but for the gradient. */
  const void* gradientBoxes;
  double weights[6];
  double logScaleLimit;
  /** Deltas, boxes, or the gradient of the deltas. */
  void* output;
};

struct BoxClipArgs {
  vk_element_type type;
  int32_t dimensions;
  int64_t count;
  const void* boxes;
  double extent[3];
  void* clipped;
};

void boxEncodeReference(const BoxCoderArgs&, Context&, const Workspace&);
void boxDecodeReference(const BoxCoderArgs&, Context&, const Workspace&);
void boxDecodeGradientReference(const BoxCoderArgs&, Context&, const Workspace&);
void boxClipReference(const BoxClipArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<BoxCoderArgs>> boxEncodeCpuTable;
extern const SimdTable<Kernel<BoxCoderArgs>> boxDecodeCpuTable;
extern const SimdTable<Kernel<BoxCoderArgs>> boxDecodeGradientCpuTable;
extern const SimdTable<Kernel<BoxClipArgs>> boxClipCpuTable;

}  // namespace vk
