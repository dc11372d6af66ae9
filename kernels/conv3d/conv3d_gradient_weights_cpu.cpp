#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv3d/conv3d_gradient_weights_cpu.cpp"
#include "core/simd_begin.h"
#include "conv3d/conv3d_band-inl.h"
#include "conv3d/conv3d_products-inl.h"
#include "core/scratch.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** Runs one task. */
class WeightsGradient {
 public:
  HWY_ATTR WeightsGradient(const Conv3dGradientWeightsArgs& args, const Conv3dWeightsTiling& t,
                           int64_t task, float* sums, float* scratch, int64_t* taps,
                           Conv3dShiftedInput* inputs)
      : args_(args), t_(t), scratch_(scratch), taps_(taps), inputs_(inputs), boxes_(t.boxes) {
    const auto next = [&task](int64_t count) HWY_ATTR {
      const int64_t digit = task % count;
      task /= count;
      return digit;
    };
    const int64_t inRange = next(t.inRanges);
    ins_ = chunkRange(args.inChannels, t.inEach, inRange);
    outs_ = chunkRange(args.outChannels, t.outEach, next(t.outRanges));
    group_ = next(args.groups);
    runs_ = chunkRange(args.batch * t.tiling.tasks, t.chunkRuns, task);
    sums_ = sums + task * t.sums;
    sumsBias_ = args.gradientBias != nullptr && inRange == 0;
    boxes_.inChannels = ins_.end - ins_.begin;
  }

  HWY_ATTR void run() {
    const int64_t count = boxes_.inChannels * conv3dTaps(args_);
    for (int64_t out = outs_.begin; out < outs_.end; ++out) {
      if (count > 0) fillZero(weightSums(out), count);
      if (sumsBias_) biasSums()[out] = 0;
    }
    for (int64_t i = runs_.begin; i < runs_.end; ++i) {
      const int64_t image = i / t_.tiling.tasks;
      const Conv3dTask task = conv3dTask(boxes_, t_.tiling, i % t_.tiling.tasks);
      if (task.planes > 0 && task.rows > 0) addRun(image, task);
    }
  }

 private:
  HWY_ATTR int64_t firstOut() const { return group_ * args_.outChannels; }
  HWY_ATTR float* weightSums(int64_t out) const {
    return sums_ + ((firstOut() + out) * args_.inChannels + ins_.begin) * conv3dTaps(args_);
  }
  /** Of the group. */
  HWY_ATTR float* biasSums() const {
    const int64_t outs = args_.groups * args_.outChannels;
    return sums_ + outs * args_.inChannels * conv3dTaps(args_) + firstOut();
  }

  HWY_ATTR void addRun(int64_t image, const Conv3dTask& task) {
    const int64_t voxels = args_.inSize[0] * args_.inSize[1] * args_.inSize[2];
    const int64_t channel = (image * args_.groups + group_) * args_.inChannels + ins_.begin;
    boxes_.input = static_cast<const float*>(args_.input) + channel * voxels;
    Band band(boxes_, t_.tiling, task, scratch_, taps_);
    Box box = boxOf(task);
    for (int64_t i = 0; i < task.planes; ++i) {
      band.load(i);
      setInputs(band);
      const int64_t first = (task.plane + i) * t_.planes;
      const int64_t left = args_.outSize[0] - first;
      box.planes = left < t_.planes ? left : t_.planes;
      copyUpstream(image, task, first, box);
      addBox(band, box);
    }
  }

  HWY_ATTR Box boxOf(const Conv3dTask& task) const {
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<float>()));
    const int64_t width = args_.outSize[2];
    const int64_t length = (task.rows - 1) * t_.tiling.pitch + width;
    // As one long row the box wastes what lies between its rows, row by row the end of each last
    // vector.
    const bool joined = chunkCount(length, lanes) < task.rows * chunkCount(width, lanes);
    Box box{};
    box.band = scratch_;
    box.planeStep = args_.stride[0];
    box.runs = joined ? 1 : task.rows;
    box.length = joined ? length : width;
    box.upstream = scratch_ + t_.upstreamAt;
    box.upstreamRow = joined ? t_.tiling.pitch : t_.upstreamRow;
    box.upstreamPlane = t_.upstreamPlane;
    box.upstreamChannel = t_.upstreamChannel;
    box.inputRow = t_.tiling.pitch;
    box.planeTaps = taps_;
    box.tapsOfPlane = args_.kernel[1] * args_.kernel[2];
    return box;
  }

  /** Where the channels and taps begin, relative to their planes. */
  HWY_ATTR void setInputs(const Band& band) const {
    const int64_t ofPlane = args_.kernel[1] * args_.kernel[2];
    Conv3dShiftedInput* input = inputs_;
    for (int64_t c = 0; c < boxes_.inChannels; ++c) {
      for (int64_t kz = 0; kz < args_.kernel[0]; ++kz) {
        for (int64_t k = 0; k < ofPlane; ++k) {
          *input++ = {kz * args_.dilation[0],
                      c * t_.tiling.channelFloats + band.taps()[k] - band.taps()[0]};
        }
      }
    }
  }

  HWY_ATTR void copyUpstream(int64_t image, const Conv3dTask& task, int64_t first, const Box& box) {
    const int64_t width = args_.outSize[2];
    const int64_t planeFloats = args_.outSize[1] * width;
    for (int64_t out = outs_.begin; out < outs_.end; ++out) {
      const int64_t channel = image * args_.groups * args_.outChannels + firstOut() + out;
      const float* const from =
          static_cast<const float*>(args_.upstream) + channel * args_.outSize[0] * planeFloats;
      float* const to = scratch_ + t_.upstreamAt + (out - outs_.begin) * t_.upstreamChannel;
      for (int64_t plane = 0; plane < box.planes; ++plane) {
        for (int64_t row = 0; row < task.rows; ++row) {
          const int64_t y = task.row + row * t_.tiling.step[1];
          float* const place = to + plane * box.upstreamPlane + row * box.upstreamRow;
          __builtin_memcpy(place, from + (first + plane) * planeFloats + y * width,
                           static_cast<size_t>(width) * sizeof(float));
          if (box.runs == 1) fillZero(place + width, box.upstreamRow - width);
        }
      }
    }
  }

  HWY_ATTR void addBox(Band& band, const Box& box) const {
    const int64_t outs = outs_.end - outs_.begin;
    const int64_t count = boxes_.inChannels * conv3dTaps(args_);
    const int64_t outBlocks = chunkCount(outs, kMostUpstreams);
    const int64_t blocks = chunkCount(count, kMostInputs);
    const int64_t fetchEach = blocks == 0 ? 0 : chunkCount(band.rowsToFetch(), outBlocks * blocks);
    for (int64_t outBlock = 0; outBlock < outBlocks; ++outBlock) {
      const int64_t out = outBlock * outs / outBlocks;
      const int64_t outCount = (outBlock + 1) * outs / outBlocks - out;
      float* const sums = weightSums(outs_.begin + out);
      for (int64_t block = 0; block < blocks; ++block) {
        const int64_t begin = block * count / blocks;
        const int64_t inputs = (block + 1) * count / blocks - begin;
        band.fetch(fetchEach);
        kAddProducts[outCount - 1][inputs - 1](box, out, inputs_ + begin, sums + begin,
                                               args_.inChannels * conv3dTaps(args_));
      }
      if (!sumsBias_) continue;
      for (int64_t i = 0; i < outCount; ++i) {
        biasSums()[outs_.begin + out + i] += sumUpstream(box, out + i);
      }
    }
  }

  const Conv3dGradientWeightsArgs& args_;
  const Conv3dWeightsTiling& t_;
  float* scratch_;
  int64_t* taps_;
  Conv3dShiftedInput* inputs_;
  /** Of the task's input channels. */
  Conv3dArgs boxes_;
  Range ins_;
  Range outs_;
  int64_t group_;
  Range runs_;
  float* sums_;
  bool sumsBias_;
};

/** The sum over `count` lists that lie `step` apart. */
HWY_ATTR void sumLists(const float* lists, int64_t count, int64_t step, int64_t length, float* to) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= length; i += lanes) {
    auto sum = hn::Zero(d);
    for (int64_t l = 0; l < count; ++l) sum = hn::Add(sum, hn::LoadU(d, lists + l * step + i));
    hn::StoreU(sum, d, to + i);
  }
  for (; i < length; ++i) {
    float sum = 0;
    for (int64_t l = 0; l < count; ++l) sum += lists[l * step + i];
    to[i] = sum;
  }
}

HWY_ATTR void conv3dGradientWeightsCpu(const Conv3dGradientWeightsArgs& args, Context& context,
                                       const Workspace& workspace) {
  const Conv3dWeightsTiling t = conv3dWeightsTiling(args);
  const int64_t slotCount = args.threads < t.tasks ? args.threads : t.tasks;
  WorkspaceLayout layout(workspace.data);
  float* const sums = layout.take<float>(t.chunks * t.sums);
  float* const scratch = layout.take<float>(slotCount * t.scratchFloats);
  int64_t* const taps = layout.take<int64_t>(slotCount * conv3dTaps(t.boxes));
  const int64_t inputsEach = t.inEach * conv3dTaps(args);
  Conv3dShiftedInput* const inputs = layout.take<Conv3dShiftedInput>(slotCount * inputsEach);
  ScratchSlots slots(static_cast<int32_t>(slotCount));
  parallelFor(context, t.tasks, [&](int64_t task) HWY_ATTR {
    const int32_t slot = slots.acquire();
    WeightsGradient(args, t, task, sums, scratch + slot * t.scratchFloats,
                    taps + slot * conv3dTaps(t.boxes), inputs + slot * inputsEach)
        .run();
    slots.release(slot);
  });
  const int64_t outs = args.groups * args.outChannels;
  const int64_t weights = outs * args.inChannels * conv3dTaps(args);
  constexpr int64_t kTogether = 4096;
  parallelFor(context, chunkCount(weights, kTogether), [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(weights, kTogether, chunk);
    sumLists(sums + range.begin, t.chunks, t.sums, range.end - range.begin,
             static_cast<float*>(args.gradient) + range.begin);
  });
  if (args.gradientBias != nullptr) {
    sumLists(sums + weights, t.chunks, t.sums, outs, static_cast<float*>(args.gradientBias));
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(conv3dGradientWeightsCpu);

}  // namespace vk
#endif
