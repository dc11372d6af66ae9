// What the host would look for in a tensor, such as an index that is out of range, found where the
// tensor is.
#pragma once

#include <cstdint>

#include "cuda/cuda_device.h"
#include "cuda/kernel.h"

namespace vk::cuda {

template <class Test>
__global__ void __launch_bounds__(256)
    firstThat(Test test, int64_t count, unsigned long long* first) {
  forEachItem(count, [&](int64_t i) {
    if (test(i)) atomicMin(first, static_cast<unsigned long long>(i));
  });
}

/** Bytes of the device's memory that findFirst needs. */
constexpr int64_t kFindFirstBytes = sizeof(unsigned long long);

/** The least i of [0, count) with test(i), or -1. Waits for it. `memory` lies on the device. */
template <class Test>
int64_t findFirst(Context& context, const Test& test, int64_t count, void* memory) {
  if (count == 0) return -1;
  auto* const first = static_cast<unsigned long long*>(memory);
  check(cudaMemsetAsync(first, 0xFF, sizeof *first, streamOf(context)));
  launch(context, gridOver(count), firstThat<Test>, test, count, first);
  unsigned long long found = 0;
  deliver(context, &found, first, sizeof found);
  return static_cast<int64_t>(found);
}

}  // namespace vk::cuda
