#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "adaptive_pool/adaptive_pool_cpu.cpp"
#include "core/simd_begin.h"
#include "adaptive_pool/adaptive_pool_parts.h"
#include "pool/pool_largest-inl.h"
#include "pool/pool_rows-inl.h"
#include "pool/pool_sum-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** A part of the bins of one row of outputs. */
struct Part {
  int64_t volume;
  Range planes;
  Range rows;
};

/** Sums of this many rows are f32, beyond f64. */
constexpr int64_t kRowsF32 = 64;

class AdaptivePool {
 public:
  AdaptivePool(const AdaptivePoolArgs& args, const AdaptiveParts& parts)
      : args_(args), parts_(parts), width_(args.inSize[2]), plane_(args.inSize[1] * width_) {}

  /** Where there is one part only `partials` is null: the outputs are written. */
  HWY_ATTR void run(int64_t task, float* scratch, AdaptivePartial* partials) const {
    const int64_t row = task / parts_.each();
    const Part part = partOf(row, task % parts_.each());
    AdaptivePartial* const found =
        partials == nullptr ? nullptr : partials + task * args_.outSize[2];
    if (args_.mode == VK_ADAPTIVE_AVERAGE) {
      average(part, row, scratch, found);
    } else {
      largest(part, row, scratch, found);
    }
  }

  /** Outputs of a row from its parts, in order. */
  HWY_ATTR void finish(int64_t row, const AdaptivePartial* partials) const {
    const int64_t width = args_.outSize[2];
    const AdaptivePartial* const first = partials + row * parts_.each() * width;
    for (int64_t x = 0; x < width; ++x) {
      if (args_.mode == VK_ADAPTIVE_AVERAGE) {
        double sum = 0;
        for (int64_t i = 0; i < parts_.each(); ++i) sum += first[i * width + x].sum;
        writeMean(row, x, sum);
      } else {
        float value = Largest::kOutside;
        int64_t index = -1;
        for (int64_t i = 0; i < parts_.each(); ++i) {
          const auto& part = first[i * width + x].largest;
          if (part.index >= 0) take(part.value, part.index, &value, &index);
        }
        writeLargest(row, x, value, index);
      }
    }
  }

 private:
  HWY_ATTR Part partOf(int64_t row, int64_t part) const {
    const int64_t rows = args_.outSize[1], planes = args_.outSize[0];
    const Range z = adaptiveBin(args_, 0, row / rows % planes);
    const Range y = adaptiveBin(args_, 1, row % rows);
    return {row / rows / planes, cut(z, parts_.planesEach, part / parts_.alongY),
            cut(y, parts_.rowsEach, part % parts_.alongY)};
  }

  HWY_ATTR static Range cut(Range bin, int64_t each, int64_t part) {
    const int64_t begin = bin.begin + part * each;
    const int64_t end = begin + each < bin.end ? begin + each : bin.end;
    return {begin < end ? begin : end, end};
  }

  HWY_ATTR TapRows rowsOf(int64_t volume, Range planes, Range rows) const {
    const float* const input = static_cast<const float*>(args_.input);
    return {input + (volume * args_.inSize[0] + planes.begin) * plane_ + rows.begin * width_,
            planes.end - planes.begin, plane_, rows.end - rows.begin, width_};
  }

  HWY_ATTR void average(const Part& part, int64_t row, float* scratch,
                        AdaptivePartial* found) const {
    double* const sums = reinterpret_cast<double*>(scratch);
    float* const blockSums = scratch + adaptiveScratchFloats(args_) / 2;
    for (int64_t x = 0; x < width_; ++x) sums[x] = 0;
    const int64_t rows = part.rows.end - part.rows.begin;
    const int64_t planesEach = rows > 0 && rows < kRowsF32 ? kRowsF32 / rows : 1;
    for (int64_t z = part.planes.begin; z < part.planes.end; z += planesEach) {
      const Range planes = cut({z, part.planes.end}, planesEach, 0);
      for (int64_t y = part.rows.begin; y < part.rows.end; y += kRowsF32) {
        const Range block = cut({y, part.rows.end}, kRowsF32, 0);
        combineRows(Sum(), rowsOf(part.volume, planes, block), 0, width_, blockSums);
        for (int64_t x = 0; x < width_; ++x) sums[x] += static_cast<double>(blockSums[x]);
      }
    }
    for (int64_t x = 0; x < args_.outSize[2]; ++x) {
      const Range bin = adaptiveBin(args_, 2, x);
      double sum = 0;
      for (int64_t i = bin.begin; i < bin.end; ++i) sum += sums[i];
      if (found == nullptr) {
        writeMean(row, x, sum);
      } else {
        found[x].sum = sum;
      }
    }
  }

  HWY_ATTR void writeMean(int64_t row, int64_t x, double sum) const {
    const int64_t rows = args_.outSize[1], planes = args_.outSize[0];
    const Range bins[] = {adaptiveBin(args_, 0, row / rows % planes),
                          adaptiveBin(args_, 1, row % rows), adaptiveBin(args_, 2, x)};
    double count = 1;
    for (const Range& bin : bins) count *= static_cast<double>(bin.end - bin.begin);
    static_cast<float*>(args_.output)[row * args_.outSize[2] + x] = static_cast<float>(sum / count);
  }

  HWY_ATTR void largest(const Part& part, int64_t row, float* scratch,
                        AdaptivePartial* found) const {
    int32_t* const taps = reinterpret_cast<int32_t*>(scratch + adaptiveScratchFloats(args_) / 2);
    const TapRows rows = rowsOf(part.volume, part.planes, part.rows);
    // Without indices the values alone go along; every column then counts as the first voxel.
    const bool places = args_.indices != nullptr;
    if (places) {
      findInRows(rows, width_, scratch, taps);
    } else {
      combineRows(Largest(), rows, 0, width_, scratch);
    }
    for (int64_t x = 0; x < args_.outSize[2]; ++x) {
      const Range bin = adaptiveBin(args_, 2, x);
      float value = Largest::kOutside;
      int64_t index = -1;
      for (int64_t i = bin.begin; i < bin.end; ++i) {
        if (!places) {
          take(scratch[i], 0, &value, &index);
          continue;
        }
        if (taps[i] == kNoTap) continue;
        const int64_t plane = part.planes.begin + (taps[i] >> 16);
        const int64_t y = part.rows.begin + (taps[i] & 0xFFFF);
        take(scratch[i], plane * plane_ + y * width_ + i, &value, &index);
      }
      if (found == nullptr) {
        writeLargest(row, x, value, index);
      } else {
        found[x].largest = {value, index};
      }
    }
  }

  /** The first of equal values, the last NaN: rows of different columns come in no order. */
  HWY_ATTR static void take(float value, int64_t at, float* found, int64_t* index) {
    const bool isNew = value != value;
    const bool wasNan = *found != *found;
    const bool better = isNew ? !wasNan || at > *index
                              : !wasNan && (value > *found || (value == *found && at < *index));
    if (better || *index < 0) {
      *found = value;
      *index = at;
    }
  }

  HWY_ATTR void writeLargest(int64_t row, int64_t x, float value, int64_t index) const {
    const int64_t at = row * args_.outSize[2] + x;
    static_cast<float*>(args_.output)[at] = value;
    if (args_.indices != nullptr) args_.indices[at] = index;
  }

  const AdaptivePoolArgs& args_;
  const AdaptiveParts& parts_;
  int64_t width_;
  int64_t plane_;
};

HWY_ATTR void adaptivePoolCpu(const AdaptivePoolArgs& args, Context& context,
                              const Workspace& workspace) {
  const AdaptiveParts parts = adaptiveParts(args);
  const AdaptivePool pool(args, parts);
  const int64_t floats = adaptiveScratchFloats(args);
  // The scratch memory comes first, the partial results behind it.
  AdaptivePartial* partials = nullptr;
  if (parts.each() > 1) {
    partials = workspace.as<AdaptivePartial>(poolWorkspaceBytes(args.threads, parts.tasks, floats));
  }
  eachPoolTask(context, args.threads, workspace, parts.tasks, floats,
               [&](int64_t task, float* scratch) HWY_ATTR { pool.run(task, scratch, partials); });
  if (partials == nullptr) return;
  for (int64_t row = 0; row < parts.tasks / parts.each(); ++row) pool.finish(row, partials);
}

/** Every voxel gathers the means of the bins that hold it. */
HWY_ATTR void averageGradient(const AdaptivePoolGradientArgs& args, int64_t volume, Range planes,
                              float* scratch) {
  const int64_t width = args.inSize[2], outWidth = args.outSize[2];
  float* const sums = scratch;
  int32_t* const first = reinterpret_cast<int32_t*>(scratch + (outWidth + 15) / 16 * 16);
  int32_t* const end = first + width;
  const float* const upstream = static_cast<const float*>(args.upstream);
  for (int64_t x = 0; x < width; ++x) {
    const Range outputs = adaptiveOutputs(args, 2, x);
    first[x] = static_cast<int32_t>(outputs.begin);
    end[x] = static_cast<int32_t>(outputs.end);
  }
  for (int64_t z = planes.begin; z < planes.end; ++z) {
    const Range outZ = adaptiveOutputs(args, 0, z);
    for (int64_t y = 0; y < args.inSize[1]; ++y) {
      const Range outY = adaptiveOutputs(args, 1, y);
      fillRow(sums, outWidth, 0);
      for (int64_t oz = outZ.begin; oz < outZ.end; ++oz) {
        const Range binZ = adaptiveBin(args, 0, oz);
        for (int64_t oy = outY.begin; oy < outY.end; ++oy) {
          const Range binY = adaptiveBin(args, 1, oy);
          const float rows =
              static_cast<float>(binZ.end - binZ.begin) * static_cast<float>(binY.end - binY.begin);
          const float* const from =
              upstream + ((volume * args.outSize[0] + oz) * args.outSize[1] + oy) * outWidth;
          for (int64_t x = 0; x < outWidth; ++x) sums[x] += from[x] / rows;
        }
      }
      for (int64_t x = 0; x < outWidth; ++x) {
        const Range bin = adaptiveBin(args, 2, x);
        sums[x] /= static_cast<float>(bin.end - bin.begin);
      }
      float* const to = static_cast<float*>(args.gradient) +
                        ((volume * args.inSize[0] + z) * args.inSize[1] + y) * width;
      if (outWidth == 1) {
        fillRow(to, width, sums[0]);
        continue;
      }
      for (int64_t x = 0; x < width; ++x) {
        float sum = 0;
        for (int32_t i = first[x]; i < end[x]; ++i) sum += sums[i];
        to[x] = sum;
      }
    }
  }
}

/** Adds, in the order of the outputs, what falls into these planes. */
HWY_ATTR void maximumGradient(const AdaptivePoolGradientArgs& args, int64_t volume, Range planes) {
  const int64_t plane = args.inSize[1] * args.inSize[2];
  const int64_t begin = planes.begin * plane, count = (planes.end - planes.begin) * plane;
  float* const gradient =
      static_cast<float*>(args.gradient) + volume * args.inSize[0] * plane + begin;
  fillRow(gradient, count, 0);
  if (count == 0) return;
  const int64_t outPlane = args.outSize[1] * args.outSize[2];
  const int64_t first = adaptiveOutputs(args, 0, planes.begin).begin * outPlane;
  const int64_t end = adaptiveOutputs(args, 0, planes.end - 1).end * outPlane;
  const int64_t volumeAt = volume * args.outSize[0] * outPlane;
  const float* const upstream = static_cast<const float*>(args.upstream) + volumeAt;
  const int64_t* const indices = args.indices + volumeAt;
  for (int64_t i = first; i < end; ++i) {
    const uint64_t at = static_cast<uint64_t>(indices[i] - begin);
    if (at < static_cast<uint64_t>(count)) gradient[at] += upstream[i];
  }
}

HWY_ATTR void adaptivePoolGradientCpu(const AdaptivePoolGradientArgs& args, Context& context,
                                      const Workspace& workspace) {
  const int64_t each = adaptiveGradientPlanes(args);
  const int64_t eachVolume = chunkCount(args.inSize[0], each);
  eachPoolTask(context, args.threads, workspace, args.volumes * eachVolume,
               adaptiveGradientScratchFloats(args), [&](int64_t task, float* scratch) HWY_ATTR {
                 const int64_t volume = task / eachVolume;
                 const Range planes = chunkRange(args.inSize[0], each, task % eachVolume);
                 if (args.mode == VK_ADAPTIVE_AVERAGE) {
                   averageGradient(args, volume, planes, scratch);
                 } else {
                   maximumGradient(args, volume, planes);
                 }
               });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(adaptivePoolCpu);
VK_SIMD_TABLE(adaptivePoolGradientCpu);

}  // namespace vk
#endif
