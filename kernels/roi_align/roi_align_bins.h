// The samples of a box along one axis. Whether a sample lies inside, and its weights, are a product
// over the axes, so that everything about a box is three short lists.
#pragma once

#include "roi_align/roi_align.h"

namespace vk {

/** Of one sample, between two voxels, which may be the same. */
struct RoiSample {
  int32_t low;
  int32_t high;
  float lowWeight;
  float highWeight;
};

/** Lists for one axis, over memory of the caller. */
struct RoiAxis {
  int64_t bins;
  int64_t mostSamples;
  /** Of bin b: samples[b * mostSamples] and on, counts[b] of them; those outside are left out. */
  RoiSample* samples;
  int32_t* counts;
  /** Whether a sample of the bin lies outside. */
  int32_t* outside;
  /** Of bin b: weights[b * size + voxel], for begin[b] to end[b] - 1; the mean of the samples. */
  float* weights;
  int32_t* begin;
  int32_t* end;
  int64_t size;
};

struct RoiBins {
  RoiAxis axes[3];
  /** Whether a bin has a sample at all. */
  bool sampled;
  /** Of the input that the bins look at; of size 0 where they look at nothing. */
  Range seen[3];
};

/** Bytes for the lists of one box. */
int64_t roiBinsBytes(const RoiAlignArgs&);
/** Lists over `memory`, for fillRoiBins. */
RoiBins roiBinsAt(const RoiAlignArgs&, void* memory);
void fillRoiBins(const RoiAlignArgs&, int64_t box, RoiBins* bins);

/** Channels that a task has together, so that it fills the lists once for them. */
constexpr int64_t kRoiChannels = 8;

/** Bytes of a thread: lists, a plane and a row of the input. */
int64_t roiScratchBytes(const RoiAlignArgs&);

}  // namespace vk
