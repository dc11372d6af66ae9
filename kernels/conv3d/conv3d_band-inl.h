// The input of one task in scratch memory: a band of rows with its padding, a ring of planes.
// Included after core/simd_begin.h, once an instruction set.
#include "conv3d/conv3d_tiling.h"
#include "core/parallel.h"

#if defined(VK_CONV3D_BAND_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VK_CONV3D_BAND_INL_H
#undef VK_CONV3D_BAND_INL_H
#else
#define VK_CONV3D_BAND_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** Mostly a few voxels of padding, for which a call would take longer. */
HWY_ATTR inline void fillZero(float* to, int64_t count) {
  if (count < 4) {
    if (count > 0) to[0] = 0;
    if (count > 1) to[1] = 0;
    if (count > 2) to[2] = 0;
    return;
  }
  __builtin_memset(to, 0, static_cast<size_t>(count) * sizeof(float));
}

/** Rows of the input as they are. */
class PlainInput {
 public:
  explicit PlainInput(const Conv3dArgs& args)
      : values_(static_cast<const float*>(args.input)), size_(args.inSize) {}

  /** Channels are counted through groups and images. */
  HWY_ATTR const float* row(int64_t channel, int64_t z, int64_t y) const {
    return values_ + ((channel * size_[0] + z) * size_[1] + y) * size_[2];
  }
  HWY_ATTR void fetch(int64_t channel, int64_t z, int64_t y) const {
    const float* const from = row(channel, z, y);
    for (int64_t x = 0; x < size_[2]; x += 16) __builtin_prefetch(from + x, 0, 2);
    // Else g++ takes the function for one without effect and drops its calls.
    asm volatile("");
  }

 private:
  const float* values_;
  const int64_t* size_;
};

/** Output position (row, x) reads tap t of channel c at data() + c channelFloats + taps()[t] + row
 * pitch + x. */
template <class Input>
class BandOf {
 public:
  BandOf(const Conv3dArgs& args, const Conv3dTiling& tiling, const Conv3dTask& task, float* scratch,
         int64_t* taps, Input input)
      : args_(args),
        tiling_(tiling),
        task_(task),
        scratch_(scratch),
        taps_(taps),
        input_(input),
        firstChannel_((task.image * args.groups + task.group) * args.inChannels) {}
  BandOf(const Conv3dArgs& args, const Conv3dTiling& tiling, const Conv3dTask& task, float* scratch,
         int64_t* taps)
      : BandOf(args, tiling, task, scratch, taps, Input(args)) {}

  const float* data() const { return scratch_; }
  const int64_t* taps() const { return taps_; }

  /** Brings in what the task's output plane i needs; i goes up one by one. */
  HWY_ATTR void load(int64_t i) {
    const int64_t first = i * tiling_.stride[0];
    const int64_t end = first + (args_.kernel[0] - 1) * tiling_.dilation[0] + 1;
    for (int64_t p = copied_ > first ? copied_ : first; p < end; ++p) copyPlane(p);
    copied_ = end;
    setTaps(first);
    const int64_t next = first + tiling_.stride[0];
    expected_ = copied_ > next ? copied_ : next;
    expectedEnd_ = i + 1 < task_.planes ? end + tiling_.stride[0] : expected_;
    expectedRow_ = 0;
  }

  /** Rows, of all channels, that the next output plane needs beyond what is there. */
  HWY_ATTR int64_t rowsToFetch() const {
    return (expectedEnd_ - expected_) * args_.inChannels * inputRows();
  }

  /** Fetches `count` more rows of the planes that are expected, into the second-level cache. */
  HWY_ATTR void fetch(int64_t count) {
    const int64_t rows = inputRows();
    for (; count > 0 && expected_ < expectedEnd_; --count) {
      const int64_t z = planeOf(expected_);
      const int64_t channel = expectedRow_ / rows;
      const int64_t y = firstRow() + expectedRow_ % rows * tiling_.step[1];
      if (z >= 0 && z < args_.inSize[0] && y >= 0 && y < args_.inSize[1]) {
        input_.fetch(firstChannel_ + channel, z, y);
      }
      if (++expectedRow_ == args_.inChannels * rows) {
        expectedRow_ = 0;
        ++expected_;
      }
    }
  }

 private:
  HWY_ATTR int64_t inputRows() const {
    return (task_.rows - 1) * tiling_.stride[1] + (args_.kernel[1] - 1) * tiling_.dilation[1] + 1;
  }

  HWY_ATTR int64_t planeOf(int64_t p) const {
    return task_.plane * args_.stride[0] - args_.paddingBegin[0] + p * tiling_.step[0];
  }
  HWY_ATTR int64_t firstRow() const { return task_.row * args_.stride[1] - args_.paddingBegin[1]; }
  /** Copies the band's rows of plane p, counted in steps from the first that the task needs. */
  HWY_ATTR void copyPlane(int64_t p) {
    float* const plane = scratch_ + p % tiling_.ring * tiling_.planeFloats;
    const int64_t z = planeOf(p);
    const int64_t rows = inputRows();
    for (int64_t channel = 0; channel < args_.inChannels; ++channel) {
      for (int64_t q = 0; q < rows; ++q) {
        float* const row =
            plane + channel * tiling_.channelFloats +
            (q % tiling_.stride[1] * tiling_.phaseRows + q / tiling_.stride[1]) * tiling_.pitch;
        const int64_t y = firstRow() + q * tiling_.step[1];
        const bool inside = z >= 0 && z < args_.inSize[0] && y >= 0 && y < args_.inSize[1];
        copyRow(inside ? input_.row(firstChannel_ + channel, z, y) : nullptr, row);
      }
    }
  }

  /** One row with its padding, dealt into its phases; zeros where there is no input. */
  HWY_ATTR void copyRow(const float* from, float* to) const {
    const int64_t stride = args_.stride[2];
    const int64_t phaseFloats = tiling_.stride[1] * tiling_.phaseRows * tiling_.pitch;
    if (stride == 2 && from != nullptr) {
      const Range even = inputRange(0);
      const Range odd = inputRange(1);
      const int64_t begin = even.begin > odd.begin ? even.begin : odd.begin;
      const int64_t end = even.end < odd.end ? even.end : odd.end;
      if (begin <= end) {
        const int64_t done =
            dealPairs(from - args_.paddingBegin[2], begin, end, to, to + phaseFloats);
        copyPhase(from, 0, {even.begin, begin}, {done, even.end}, to);
        copyPhase(from, 1, {odd.begin, begin}, {done, odd.end}, to + phaseFloats);
        return;
      }
    }
    for (int64_t phase = 0; phase < stride; ++phase, to += phaseFloats) {
      const Range range = from != nullptr ? inputRange(phase) : Range{0, 0};
      if (stride == 1 && range.end > range.begin) {
        __builtin_memcpy(to + range.begin, from - args_.paddingBegin[2] + range.begin,
                         static_cast<size_t>(range.end - range.begin) * sizeof(float));
        copyPhase(from, phase, {range.begin, range.begin}, {range.end, range.end}, to);
      } else {
        copyPhase(from, phase, range, {range.end, range.end}, to);
      }
    }
  }

  /** Places of a phase that hold input: place i holds voxel phase - padding + i stride. */
  HWY_ATTR Range inputRange(int64_t phase) const {
    const int64_t stride = args_.stride[2];
    const int64_t first = phase - args_.paddingBegin[2];
    int64_t begin = first >= 0 ? 0 : (-first + stride - 1) / stride;
    int64_t end = first < args_.inSize[2] ? (args_.inSize[2] - first + stride - 1) / stride : 0;
    if (end > tiling_.pitch) end = tiling_.pitch;
    if (begin > end) begin = end;
    return {begin, end};
  }

  /** Two ranges of places of a phase, and zeros before and after them. */
  HWY_ATTR void copyPhase(const float* from, int64_t phase, Range first, Range last,
                          float* to) const {
    fillZero(to, first.begin);
    const int64_t stride = args_.stride[2];
    const int64_t start = phase - args_.paddingBegin[2];
    for (int64_t i = first.begin; i < first.end; ++i) to[i] = from[start + i * stride];
    for (int64_t i = last.begin; i < last.end; ++i) to[i] = from[start + i * stride];
    fillZero(to + last.end, tiling_.pitch - last.end);
  }

  /** Places [begin, the result) of both phases of a stride of 2, as many as whole vectors fill. */
  HWY_ATTR static int64_t dealPairs(const float* from, int64_t begin, int64_t end, float* even,
                                    float* odd) {
    const hn::ScalableTag<float> d;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
    int64_t i = begin;
    for (; i + lanes <= end; i += lanes) {
      hn::Vec<decltype(d)> first, second;
      hn::LoadInterleaved2(d, from + 2 * i, first, second);
      hn::StoreU(first, d, even + i);
      hn::StoreU(second, d, odd + i);
    }
    return i;
  }

  /** Where the taps of a plane lie that begins with the ring's plane `first`. */
  HWY_ATTR void setTaps(int64_t first) {
    const int64_t rowFloats = tiling_.pitch;
    const int64_t yPhase = tiling_.phaseRows * rowFloats;
    const int64_t xPhase = tiling_.stride[1] * yPhase;
    int64_t* tap = taps_;
    for (int64_t kz = 0; kz < args_.kernel[0]; ++kz) {
      const int64_t plane = (first + kz * tiling_.dilation[0]) % tiling_.ring;
      for (int64_t ky = 0; ky < args_.kernel[1]; ++ky) {
        const int64_t y = ky * tiling_.dilation[1];
        for (int64_t kx = 0; kx < args_.kernel[2]; ++kx) {
          const int64_t x = kx * args_.dilation[2];
          *tap++ = plane * tiling_.planeFloats + x % args_.stride[2] * xPhase +
                   x / args_.stride[2] + y % tiling_.stride[1] * yPhase +
                   y / tiling_.stride[1] * rowFloats;
        }
      }
    }
  }

  const Conv3dArgs& args_;
  const Conv3dTiling& tiling_;
  const Conv3dTask& task_;
  float* scratch_;
  int64_t* taps_;
  Input input_;
  /** Of the task's image and group. */
  int64_t firstChannel_;
  int64_t copied_ = 0;
  /** Planes that the next output plane needs, of which the first is being fetched, and how many of
   * its rows are under way. */
  int64_t expected_ = 0;
  int64_t expectedEnd_ = 0;
  int64_t expectedRow_ = 0;
};

using Band = BandOf<PlainInput>;

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#endif  // per target
