#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv3d/conv3d_sub_lattices_cpu.cpp"
#include "core/simd_begin.h"
#include "conv3d/conv3d_band-inl.h"
#include "conv3d/conv3d_gradient_input.h"
#include "conv3d/conv3d_tile-inl.h"
#include "core/scratch.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** The taps of one sub-lattice, and its weights: block by block of the output channels,
 * [input channel][tap][output channel of the block]. */
struct SubLattice {
  const int64_t* places;
  int64_t taps;
  const float* weights;
};

/** Runs one task: planes and rows of the convolution that reads for all sub-lattices. */
class SubLattices {
 public:
  HWY_ATTR SubLattices(const Conv3dTransposedArgs& args, const Conv3dArgs& whole,
                       const Conv3dTiling& tiling, const Conv3dTask& task, float* scratch,
                       int64_t* places)
      : args_(args),
        whole_(whole),
        tiling_(tiling),
        task_(task),
        z_(args, 0),
        y_(args, 1),
        x_(args, 2),
        band_(whole, tiling, task, scratch, places),
        places_(places + conv3dTaps(whole)),
        together_(args.stride[2] == 2 ? 2 : 1) {
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<float>()));
    const int64_t width = whole.outSize[2];
    const int64_t length = (task.rows - 1) * tiling.pitch + width;
    const bool joined = chunkCount(length, lanes) < task.rows * chunkCount(width, lanes);
    runs_ = joined ? 1 : task.rows;
    runLength_ = joined ? length : width;
  }

  HWY_ATTR void run() {
    for (int64_t i = 0; i < task_.planes; ++i) {
      band_.load(i);
      computePlane(task_.plane + i);
    }
  }

 private:
  HWY_ATTR void computePlane(int64_t plane) {
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<float>()));
    const Range zs = lattices(z_, plane, 1);
    const Range ys = lattices(y_, task_.row, task_.rows);
    const Range xs = lattices(x_, 0, whole_.outSize[2]);
    const int64_t tiles = chunkCount(chunkCount(runLength_, lanes), mostVectors(kMostChannels));
    fetchEach_ = chunkCount(band_.rowsToFetch(), runs_ * tiles * (ys.end - ys.begin));
    for (int64_t rz = zs.begin; rz < zs.end; ++rz) {
      for (int64_t ry = ys.begin; ry < ys.end; ++ry) {
        for (int64_t rx = xs.begin / together_ * together_; rx < xs.end; rx += together_) {
          int64_t* places = places_;
          SubLattice parts[2];
          for (int64_t i = 0; i < together_; ++i) {
            parts[i] = subLattice(z_.firstTap(rz), y_.firstTap(ry), x_.firstTap(rx + i), places);
            places += parts[i].taps;
          }
          for (int64_t run = 0; run < runs_; ++run) {
            computeRun(parts, run * tiling_.pitch, z_.output(plane, rz), ry, rx);
          }
        }
      }
    }
  }

  /** Those that have outputs at positions [from, from + count). */
  HWY_ATTR static Range lattices(const Conv3dSubLattices& axis, int64_t from, int64_t count) {
    const int64_t begin = -axis.output(from + count - 1, 0);
    const int64_t end = axis.outSize - axis.output(from, 0);
    return {begin > 0 ? begin : 0, end < axis.stride ? end : axis.stride};
  }

  HWY_ATTR SubLattice subLattice(int64_t firstZ, int64_t firstY, int64_t firstX,
                                 int64_t* places) const {
    int64_t count = 0;
    for (int64_t kz = firstZ; kz < args_.kernel[0]; kz += z_.tapStep) {
      for (int64_t ky = firstY; ky < args_.kernel[1]; ky += y_.tapStep) {
        for (int64_t kx = firstX; kx < args_.kernel[2]; kx += x_.tapStep) {
          const int64_t row = z_.place(kz) * whole_.kernel[1] + y_.place(ky);
          places[count++] = band_.taps()[row * whole_.kernel[2] + x_.place(kx)];
        }
      }
    }
    const int64_t before = conv3dTapsBefore({z_, y_, x_}, {firstZ, firstY, firstX});
    const int64_t each = args_.inChannels * args_.outChannels;
    return {places, count,
            static_cast<const float*>(args_.packed) +
                each * (task_.group * conv3dTaps(args_) + before)};
  }

  /** Positions [begin, begin + runLength_), row pitch + x, of all channels. */
  HWY_ATTR void computeRun(const SubLattice* parts, int64_t begin, int64_t z, int64_t ry,
                           int64_t rx) {
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<float>()));
    constexpr int64_t kMostSums =
        kMostChannels * kMostVectors * static_cast<int64_t>(hn::MaxLanes(hn::ScalableTag<float>()));
    HWY_ALIGN float sums[2][kMostSums];
    const int64_t vectors = chunkCount(runLength_, lanes);
    const int64_t tiles = chunkCount(vectors, mostVectors(kMostChannels));
    for (int64_t i = 0; i < tiles; ++i) {
      const int64_t from = i * vectors / tiles;
      const int64_t count = (i + 1) * vectors / tiles - from;
      band_.fetch(fetchEach_);
      for (int64_t block = 0; block < blockCount(args_.outChannels); ++block) {
        const int64_t channel = blockBegin(args_.outChannels, block);
        if (channel < task_.channelBegin || channel >= task_.channelEnd) continue;
        const int64_t channels = blockBegin(args_.outChannels, block + 1) - channel;
        Tile tile{};
        tile.input = band_.data() + begin + from * lanes;
        tile.channelFloats = tiling_.channelFloats;
        tile.channels = args_.inChannels;
        for (int64_t part = 0; part < together_; ++part) {
          tile.taps = parts[part].places;
          tile.tapCount = parts[part].taps;
          tile.weights = parts[part].weights + channel * args_.inChannels * tile.tapCount;
          kSumTiles[channels - 1][count - 1](tile, Finish{nullptr, nullptr, VK_ACTIVATION_NONE, 0},
                                             sums[part], count * lanes);
        }
        const int64_t runEnd = begin + runLength_;
        const int64_t at = begin + from * lanes;
        const int64_t end = at + count * lanes < runEnd ? at + count * lanes : runEnd;
        writeTile(sums[0], sums[1], count * lanes, at, end, channel, channels, z, ry, rx);
      }
    }
  }

  /** Sums of the positions [begin, end), a channel `sumFloats` from the next. */
  HWY_ATTR void writeTile(const float* sums, const float* odd, int64_t sumFloats, int64_t begin,
                          int64_t end, int64_t channel, int64_t channels, int64_t z, int64_t ry,
                          int64_t rx) const {
    const int64_t row = begin / tiling_.pitch;
    int64_t x = begin - row * tiling_.pitch;
    int64_t i = row;
    for (int64_t at = begin; at < end; at = ++i * tiling_.pitch, x = 0) {
      const int64_t y = y_.output(task_.row + i, ry);
      const int64_t rowEnd = i * tiling_.pitch + whole_.outSize[2];
      const int64_t count = (rowEnd < end ? rowEnd : end) - at;
      if (count <= 0 || y < 0 || y >= args_.outSize[1]) continue;
      const Rows to = rowsOf(args_, task_, z, y, channel);
      for (int64_t c = 0; c < channels; ++c) {
        const int64_t from = c * sumFloats + at - begin;
        writeRow(sums + from, odd + from, count, x, static_cast<int>(c), rx, to);
      }
    }
  }

  /** Sums of the positions [x, x + count) of a row. */
  HWY_ATTR void writeRow(const float* sums, const float* odd, int64_t count, int64_t x, int channel,
                         int64_t rx, const Rows& to) const {
    const float* const residual =
        to.finish.residual != nullptr ? to.finish.residual + channel * to.channelFloats : nullptr;
    float* const output = to.output + channel * to.channelFloats;
    const int64_t stride = args_.stride[2];
    const auto one = [&](const float* sum, int64_t i, int64_t r) HWY_ATTR {
      const int64_t p = x_.output(x + i, r);
      if (p < 0 || p >= to.width) return;
      finishRow(sum + i, 1, to.finish, channel, residual != nullptr ? residual + p : nullptr,
                output + p);
    };
    if (stride > 2) {
      for (int64_t i = 0; i < count; ++i) one(sums, i, rx);
      return;
    }
    // All but the first and the last have both outputs inside.
    int64_t begin = 0;
    int64_t end = count;
    const int64_t p = x_.output(x, 0);
    if (p < 0) begin = 1;
    while (end > begin && p + end * stride > to.width) --end;
    const int64_t start = p + begin * stride;
    const float* const added = residual != nullptr ? residual + start : nullptr;
    if (stride == 1) {
      finishRow(sums + begin, end - begin, to.finish, channel, added, output + start);
      return;
    }
    finishPairs(sums + begin, odd + begin, end - begin, to.finish, channel, added, output + start);
    if (begin > 0) one(odd, 0, 1);
    for (int64_t i = end; i < count; ++i) one(sums, i, 0);
  }

  const Conv3dTransposedArgs& args_;
  const Conv3dArgs& whole_;
  const Conv3dTiling& tiling_;
  const Conv3dTask& task_;
  const Conv3dSubLattices z_, y_, x_;
  Band band_;
  /** Of the sub-lattices at work. */
  int64_t* places_;
  /** Sub-lattices along x whose outputs alternate, and are written together. */
  int64_t together_;
  /** A band is one long row, padding included, or row by row, whichever wastes less. */
  int64_t runs_;
  int64_t runLength_;
  int64_t fetchEach_ = 0;
};

HWY_ATTR void conv3dSubLatticesCpu(const Conv3dTransposedArgs& args, Context& context,
                                   const Workspace& workspace) {
  const Conv3dArgs whole = conv3dOfSubLattices(args);
  const Conv3dTiling tiling = conv3dDirectTiling(whole);
  if (tiling.tasks == 0) return;
  const int64_t slotCount = args.threads < tiling.tasks ? args.threads : tiling.tasks;
  const int64_t placesEach = conv3dTaps(whole) + conv3dTaps(args);
  WorkspaceLayout layout(workspace.data);
  float* const scratch = layout.take<float>(slotCount * tiling.scratchFloats);
  int64_t* const places = layout.take<int64_t>(slotCount * placesEach);
  ScratchSlots slots(static_cast<int32_t>(slotCount));
  parallelFor(context, tiling.tasks, [&](int64_t index) HWY_ATTR {
    const Conv3dTask task = conv3dTask(whole, tiling, index);
    if (task.planes == 0 || task.rows == 0) return;
    const int32_t slot = slots.acquire();
    SubLattices(args, whole, tiling, task, scratch + slot * tiling.scratchFloats,
                places + slot * placesEach)
        .run();
    slots.release(slot);
  });
}

/** Group by group and sub-lattice by sub-lattice, by their first taps. */
HWY_ATTR void conv3dSubLatticesPackCpu(const Conv3dTransposedArgs& args, Context&,
                                       const Workspace&) {
  const Conv3dSubLattices axes[] = {{args, 0}, {args, 1}, {args, 2}};
  const int64_t taps = conv3dTaps(args);
  const float* weights = static_cast<const float*>(args.weights);
  float* packed = static_cast<float*>(args.packed);
  // The taps of one sub-lattice, of one pair of channels.
  const auto packTaps = [&](const float* from, const int64_t* first, int64_t step,
                            float* to) HWY_ATTR {
    int64_t tap = 0;
    for (int64_t kz = first[0]; kz < args.kernel[0]; kz += axes[0].tapStep) {
      for (int64_t ky = first[1]; ky < args.kernel[1]; ky += axes[1].tapStep) {
        for (int64_t kx = first[2]; kx < args.kernel[2]; kx += axes[2].tapStep, ++tap) {
          to[tap * step] = from[(kz * args.kernel[1] + ky) * args.kernel[2] + kx];
        }
      }
    }
  };
  for (int64_t group = 0; group < args.groups; ++group) {
    int64_t first[3];
    for (first[0] = 0; first[0] < axes[0].withTaps(); ++first[0]) {
      for (first[1] = 0; first[1] < axes[1].withTaps(); ++first[1]) {
        for (first[2] = 0; first[2] < axes[2].withTaps(); ++first[2]) {
          const int64_t count =
              axes[0].tapCount(first[0]) * axes[1].tapCount(first[1]) * axes[2].tapCount(first[2]);
          for (int64_t block = 0; block < blockCount(args.outChannels); ++block) {
            const int64_t begin = blockBegin(args.outChannels, block);
            const int64_t channels = blockBegin(args.outChannels, block + 1) - begin;
            for (int64_t in = 0; in < args.inChannels; ++in) {
              for (int64_t c = 0; c < channels; ++c) {
                packTaps(weights + (in * args.outChannels + begin + c) * taps, first, channels,
                         packed + in * count * channels + c);
              }
            }
            packed += args.inChannels * count * channels;
          }
        }
      }
    }
    weights += args.inChannels * args.outChannels * taps;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(conv3dSubLatticesCpu);
VK_SIMD_TABLE(conv3dSubLatticesPackCpu);

}  // namespace vk
#endif
