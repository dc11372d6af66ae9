#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv3d/conv3d_amx_sub_lattices_cpu.cpp"
#include "core/simd_begin.h"
#include "conv3d/conv3d_amx_sub_lattices.h"
#include "conv3d/conv3d_amx_sums-inl.h"
#include "conv3d/conv3d_tile-inl.h"
#include "core/scratch.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_AVX3

/** Runs one task: planes and rows of the convolution whose output i reads what the outputs i stride
 * + p read, for all p. */
template <int64_t kParts>
class AmxSubLattices {
 public:
  AmxSubLattices(const Conv3dTransposedArgs& args, const Conv3dArgs& whole, const AmxTiling& tiling,
                 const Conv3dTask& task, float* sums, int64_t* places, AmxBand<kParts>& band)
      : args_(args),
        whole_(whole),
        tiling_(tiling),
        task_(task),
        z_(args, 0),
        y_(args, 1),
        x_(args, 2),
        band_(band),
        sums_(sums),
        places_(places),
        together_(args.stride[2] == 2 ? 2 : 1),
        streams_(conv3dStreams(args)) {}

  VK_AMX_ATTR void run() {
    const AmxShapes shapes;
    _tile_loadconfig(&shapes);
    for (int64_t i = 0; i < task_.planes; ++i) {
      band_.load(i);
      computePlane(task_.plane + i);
    }
    if (streams_) hwy::FlushStream();
    _tile_release();
  }

 private:
  /** The taps of one sub-lattice, and its weights. */
  struct Lattice {
    const int64_t* places;
    int64_t taps;
    const float* weights;
  };
  /** Outputs i stride + p along each axis; along x also p + 1 where two are written together. */
  struct Phase {
    int64_t z, y, x;
  };

  HWY_ATTR void computePlane(int64_t plane) {
    AmxBlock block{};
    block.voxelBytes = kAmxPairs * static_cast<int64_t>(sizeof(float));
    block.partWords = tiling_.partWords;
    block.pairBlocks = amxPairBlocks(args_);
    block.first = true;
    const int64_t channels = task_.channelEnd - task_.channelBegin;
    const int64_t blocks = chunkCount(tiling_.tiles(whole_, task_.rows), channels > 16 ? 2 : 4) *
                           chunkCount(channels, kAmxBlock);
    block.fetchEach =
        chunkCount(band_.linesToFetch(), blocks * block.pairBlocks * conv3dTaps(args_));
    Phase phase;
    for (phase.z = 0; phase.z < args_.stride[0]; ++phase.z) {
      if (plane * args_.stride[0] + phase.z >= args_.outSize[0]) continue;
      for (phase.y = 0; phase.y < args_.stride[1]; ++phase.y) {
        for (phase.x = 0; phase.x < args_.stride[2]; phase.x += together_) {
          computePhase(block, plane, phase);
        }
      }
    }
  }

  HWY_ATTR void computePhase(AmxBlock& block, int64_t plane, const Phase& phase) {
    Lattice lattices[2];
    int64_t* places = places_;
    for (int64_t i = 0; i < together_; ++i) {
      lattices[i] = lattice(z_.firstTap(z_.latticeOf(phase.z)), y_.firstTap(y_.latticeOf(phase.y)),
                            x_.firstTap(x_.latticeOf(phase.x + i)), places);
      places += lattices[i].taps;
    }
    const int64_t tiles = tiling_.tiles(whole_, task_.rows);
    const int64_t runTiles = tiling_.runTiles(whole_, task_.rows);
    for (int64_t out = task_.channelBegin; out < task_.channelEnd; out += kAmxBlock) {
      const int64_t left = task_.channelEnd - out;
      const int64_t channels = left < kAmxBlock ? left : kAmxBlock;
      const int64_t outTiles = chunkCount(channels, kAmxOutputs);
      const int64_t each = 4 / outTiles;
      const Rows rows = rowsOf(args_, task_, plane * args_.stride[0] + phase.z,
                               task_.row * args_.stride[1] + phase.y, out);
      for (int64_t first = 0; first < tiles; first += each) {
        AmxPlace places[4];
        for (int64_t i = 0; i < each; ++i) {
          // Beyond the last one it is summed once more, for nothing.
          places[i] = tiling_.placeOf(first + i < tiles ? first + i : tiles - 1, runTiles);
          block.voxels[i] = band_.voxel(places[i].row, places[i].x);
        }
        for (int64_t i = 0; i < together_; ++i) {
          block.taps = lattices[i].places;
          block.tapCount = lattices[i].taps;
          block.weights = lattices[i].weights + out * latticeWords(lattices[i].taps);
          sumBlock(block, channels, band_, sums_ + i * kAmxSums);
        }
        for (int64_t i = 0; i < each && first + i < tiles; ++i) {
          for (int64_t half = 0; half < outTiles; ++half) {
            const int64_t from = half * kAmxOutputs;
            finishMatrix(sums_ + (i * outTiles + half) * kMatrix, places[i], from,
                         channels - from < kAmxOutputs ? channels - from : kAmxOutputs, phase,
                         rows);
          }
        }
      }
    }
  }

  /** Words of an output channel's weights of so many taps. */
  HWY_ATTR int64_t latticeWords(int64_t taps) const {
    return amxPairBlocks(args_) * taps * kParts * kAmxPairs;
  }

  HWY_ATTR Lattice lattice(int64_t firstZ, int64_t firstY, int64_t firstX, int64_t* places) const {
    int64_t count = 0;
    for (int64_t kz = firstZ; kz < args_.kernel[0]; kz += z_.tapStep) {
      for (int64_t ky = firstY; ky < args_.kernel[1]; ky += y_.tapStep) {
        for (int64_t kx = firstX; kx < args_.kernel[2]; kx += x_.tapStep) {
          const int64_t row = place(z_, 0, kz) * whole_.kernel[1] + place(y_, 1, ky);
          places[count++] = band_.taps()[row * whole_.kernel[2] + place(x_, 2, kx)];
        }
      }
    }
    const int64_t before = conv3dTapsBefore({z_, y_, x_}, {firstZ, firstY, firstX});
    const int64_t outChannels = roundUp(args_.outChannels, kAmxOutputs);
    return {places, count,
            static_cast<const float*>(args_.packed) +
                outChannels * latticeWords(task_.group * conv3dTaps(args_) + before)};
  }
  /** Where, in what a position reads, tap k's input is. */
  HWY_ATTR int64_t place(const Conv3dSubLattices& axis, int index, int64_t k) const {
    return whole_.paddingBegin[index] - axis.inputsBefore(k);
  }

  /** Sums [voxel][channel] of `count` channels from `channel` of the block on. */
  HWY_ATTR void finishMatrix(float* sums, AmxPlace place, int64_t channel, int64_t count,
                             const Phase& phase, const Rows& rows) const {
    for (int64_t i = 0; i < together_; ++i) transposeMatrix(sums + i * kAmxSums);
    for (int64_t done = 0; done < kAmxVoxels && place.row < task_.rows;) {
      const int64_t left = whole_.outSize[2] - place.x;
      const int64_t most = kAmxVoxels - done;
      const int64_t some = left < most ? left : most;
      const bool inside = (task_.row + place.row) * args_.stride[1] + phase.y < args_.outSize[1];
      for (int64_t c = 0; c < count && some > 0 && inside; ++c) {
        const int64_t at =
            (channel + c) * rows.channelFloats + place.row * args_.stride[1] * rows.rowFloats;
        finishVoxels(sums + c * kAmxVoxels + done, some, static_cast<int>(channel + c),
                     place.x * args_.stride[2] + phase.x, rows, at);
      }
      if (!tiling_.joined) return;
      done += tiling_.pitch - place.x;
      place = {place.row + 1, 0};
    }
  }

  /** Sums of voxels that are written from x on, `at` from where the rows begin. */
  HWY_ATTR void finishVoxels(const float* sums, int64_t count, int channel, int64_t x,
                             const Rows& rows, int64_t at) const {
    const float* const residual =
        rows.finish.residual != nullptr ? rows.finish.residual + at : nullptr;
    float* const output = rows.output + at;
    const auto added = [&](int64_t i)
                           HWY_ATTR { return residual != nullptr ? residual + i : nullptr; };
    const int64_t stride = args_.stride[2];
    if (stride == 1) {
      finishRow(sums, count, rows.finish, channel, added(x), output + x);
      return;
    }
    if (stride > 2) {
      for (int64_t i = 0; i < count && x + i * stride < rows.width; ++i) {
        const int64_t to = x + i * stride;
        finishRow(sums + i, 1, rows.finish, channel, added(to), output + to);
      }
      return;
    }
    const int64_t left = rows.width - x;
    finishPair(sums, count, left < 2 * count ? left : 2 * count, rows.finish, channel, added(x),
               output + x);
  }

  /** Sums of up to 16 voxels of two sub-lattices, whose outputs alternate: `outputs` of them. */
  HWY_ATTR HWY_INLINE void finishPair(const float* sums, int64_t count, int64_t outputs,
                                      const Finish& finish, int channel, const float* residual,
                                      float* output) const {
    const hn::ScalableTag<float> d;
    using V = hn::Vec<decltype(d)>;
    const auto until = [](int64_t lanes) HWY_ATTR {
      return static_cast<__mmask16>(lanes < 16 ? lanes < 0 ? 0 : (1u << lanes) - 1 : 0xFFFFu);
    };
    const __mmask16 voxels = until(count);
    V pair[2];
    interleavePair(d, V{_mm512_maskz_loadu_ps(voxels, sums)},
                   V{_mm512_maskz_loadu_ps(voxels, sums + kAmxSums)}, pair[0], pair[1]);
    const bool streams = streams_ && outputs == 32 && reinterpret_cast<uintptr_t>(output) % 64 == 0;
    const V bias = hn::Set(d, finish.bias != nullptr ? finish.bias[channel] : 0.0f);
#pragma GCC unroll 2
    for (int64_t i = 0; i < 2; ++i) {
      const __mmask16 lanes = until(outputs - 16 * i);
      V sum = hn::Add(pair[i], bias);
      if (residual != nullptr) {
        sum = hn::Add(sum, V{_mm512_maskz_loadu_ps(lanes, residual + 16 * i)});
      }
      sum = activated(d, sum, finish);
      if (streams) {
        hn::Stream(sum, d, output + 16 * i);
      } else {
        _mm512_mask_storeu_ps(output + 16 * i, lanes, sum.raw);
      }
    }
  }

  const Conv3dTransposedArgs& args_;
  const Conv3dArgs& whole_;
  const AmxTiling& tiling_;
  const Conv3dTask& task_;
  const Conv3dSubLattices z_, y_, x_;
  AmxBand<kParts>& band_;
  /** Of both sub-lattices that are written together. */
  float* sums_;
  int64_t* places_;
  /** Sub-lattices along x whose outputs alternate, and are written together. */
  int64_t together_;
  bool streams_;
};

template <int64_t kParts>
HWY_ATTR void convolve(const Conv3dTransposedArgs& args, Context& context,
                       const Workspace& workspace) {
  const Conv3dArgs whole = conv3dOfPhases(args);
  const AmxTiling tiling(whole, kParts, true);
  const int64_t tasks = tiling.band.tasks;
  if (tasks == 0) return;
  const int64_t slotCount = args.threads < tasks ? args.threads : tasks;
  const int64_t placesEach = conv3dTaps(whole) + conv3dTaps(args);
  WorkspaceLayout layout(workspace.data);
  float* const scratch = layout.take<float>(slotCount * tiling.scratchWords);
  float* const sums = layout.take<float>(slotCount * 2 * kAmxSums);
  int64_t* const places = layout.take<int64_t>(slotCount * placesEach);
  ScratchSlots slots(static_cast<int32_t>(slotCount));
  parallelFor(context, tasks, [&](int64_t index) HWY_ATTR {
    const Conv3dTask task = conv3dTask(whole, tiling.band, index);
    if (task.planes == 0 || task.rows == 0) return;
    const int32_t slot = slots.acquire();
    int64_t* const taps = places + slot * placesEach;
    AmxBand<kParts> band(whole, tiling, task, scratch + slot * tiling.scratchWords, taps);
    AmxSubLattices<kParts>(args, whole, tiling, task, sums + slot * 2 * kAmxSums,
                           taps + conv3dTaps(whole), band)
        .run();
    slots.release(slot);
  });
}

/** Group by group and sub-lattice by sub-lattice, by their first taps. */
template <int64_t kParts>
VK_BF16_ATTR void packWeights(const Conv3dTransposedArgs& args) {
  const Conv3dSubLattices z(args, 0), y(args, 1), x(args, 2);
  const int64_t taps = conv3dTaps(args);
  const int64_t each = args.inChannels * args.outChannels * taps;
  float* packed = static_cast<float*>(args.packed);
  for (int64_t group = 0; group < args.groups; ++group) {
    const AmxWeights weights = {static_cast<const float*>(args.weights) + group * each, taps,
                                args.outChannels * taps};
    for (int64_t firstZ = 0; firstZ < z.withTaps(); ++firstZ) {
      for (int64_t firstY = 0; firstY < y.withTaps(); ++firstY) {
        for (int64_t firstX = 0; firstX < x.withTaps(); ++firstX) {
          packed = packTaps<kParts>(args, weights, {firstZ, firstY, firstX},
                                    {z.tapStep, y.tapStep, x.tapStep}, packed);
        }
      }
    }
  }
}

HWY_ATTR void conv3dAmxSubLatticesCpu(const Conv3dTransposedArgs& args, Context& context,
                                      const Workspace& workspace) {
  convolve<1>(args, context, workspace);
}
HWY_ATTR void conv3dAmxSubLatticesSplitCpu(const Conv3dTransposedArgs& args, Context& context,
                                           const Workspace& workspace) {
  convolve<2>(args, context, workspace);
}
HWY_ATTR void conv3dAmxSubLatticesPackCpu(const Conv3dTransposedArgs& args, Context&,
                                          const Workspace&) {
  packWeights<1>(args);
}
HWY_ATTR void conv3dAmxSubLatticesSplitPackCpu(const Conv3dTransposedArgs& args, Context&,
                                               const Workspace&) {
  packWeights<2>(args);
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

using AmxTable = SimdTable<Kernel<Conv3dTransposedArgs>>;
extern const AmxTable conv3dAmxSubLatticesCpuTable, conv3dAmxSubLatticesPackCpuTable;
extern const AmxTable conv3dAmxSubLatticesSplitCpuTable, conv3dAmxSubLatticesSplitPackCpuTable;

#if HWY_ARCH_X86
#define VK_AMX_TABLE(name) const AmxTable name##Table = {N_AVX3::name, nullptr, nullptr, nullptr}
#else
#define VK_AMX_TABLE(name) const AmxTable name##Table = {}
#endif
VK_AMX_TABLE(conv3dAmxSubLatticesCpu);
VK_AMX_TABLE(conv3dAmxSubLatticesPackCpu);
VK_AMX_TABLE(conv3dAmxSubLatticesSplitCpu);
VK_AMX_TABLE(conv3dAmxSubLatticesSplitPackCpu);
#undef VK_AMX_TABLE

}  // namespace vk
#endif
