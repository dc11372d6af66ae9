// Work along one axis of a tensor (outer, size, inner): how the threads of a block are dealt out
// over the lines, and reductions of lines. Where the axis is the last one, neighbouring threads are
// on one line, else on neighbouring lines, so that what a warp reads lies together in both.
#pragma once

#include "core/host_device.h"
#include "cuda/reduce.h"

namespace vk::cuda {

constexpr int kLineThreads = 256;

class Lines {
 public:
  Lines(int64_t outer, int64_t size, int64_t inner)
      : size_(size), inner_(inner), count_(outer * inner) {
    // A line has more threads where there are too few lines to fill a device.
    const int64_t each = count_ * size >= (int64_t{1} << 22) ? 32 : 16;
    int most = kLineThreads;
    for (int width = 1; width < inner && width < kWarpSize; width *= 2) most /= 2;
    while (lanes_ < most && lanes_ * 2 * each <= size) lanes_ *= 2;
    if (inner == 1) {
      while (lanes_ < kWarpSize && lanes_ * 2 <= size) lanes_ *= 2;
    } else {
      stride_ = kLineThreads / lanes_;
    }
  }

  VK_HD int64_t size() const { return size_; }
  Grid grid() const { return {dim3(blocksFor(count_, kLineThreads / lanes_)), dim3(kLineThreads)}; }
  /** Threads that share a line, a power of two. */
  __device__ int lanes() const { return lanes_; }
  __device__ int64_t first(int64_t line) const {
    return line / inner_ * size_ * inner_ + line % inner_;
  }

  /** body(line, lane) for the lines of this thread. Threads without a line have to come along for
   * the barriers: their lane is beyond every line's end. */
  template <class Body>
  __device__ void forEach(const Body& body) const {
    constexpr int64_t kBeyond = int64_t{1} << 62;
    const int width = kLineThreads / lanes_;
    const int thread = int(threadIdx.x);
    const int lane = stride_ == 1 ? thread % lanes_ : thread / stride_;
    const int own = stride_ == 1 ? thread / lanes_ : thread % stride_;
    for (int64_t group = blockIdx.x; group * width < count_; group += gridDim.x) {
      const int64_t line = group * width + own;
      body(line, line < count_ ? int64_t{lane} : kBeyond);
    }
  }

  /** body(index in the tensor, index in the line) for the elements of a lane. */
  template <class Body>
  __device__ void forEachElement(int64_t line, int64_t lane, const Body& body) const {
    const int64_t begin = first(line);
    for (int64_t k = lane; k < size_; k += lanes_) body(begin + k * inner_, k);
  }

  /** Over the threads of a line, each of which gets the result. `shared` holds an element for each
   * thread of the block, all of which have to call it. */
  template <class T, class Combine>
  __device__ T reduce(T value, T* shared, Combine combine) const {
    const int end = stride_ * lanes_;
    for (int bit = stride_; bit < end && bit < kWarpSize; bit *= 2) {
      const T other = shuffleXor(value, bit);
      value = threadIdx.x & unsigned(bit) ? combine(other, value) : combine(value, other);
    }
    if (lanes_ == 1 || end <= kWarpSize) return value;
    __syncthreads();  // of an earlier reduction in the same memory
    shared[threadIdx.x] = value;
    __syncthreads();
    const int step = stride_ > kWarpSize ? stride_ : kWarpSize;
    int at = int(threadIdx.x) & ~(end - step);
    value = shared[at];
    for (int i = step; i < end; i += step) value = combine(value, shared[at += step]);
    return value;
  }

 private:
  int64_t size_;
  int64_t inner_;
  int64_t count_;
  /** Threads of a line, a power of two, and the distance between them. */
  int lanes_ = 1;
  int stride_ = 1;
};

}  // namespace vk::cuda
