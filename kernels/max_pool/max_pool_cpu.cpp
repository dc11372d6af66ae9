#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "max_pool/max_pool_cpu.cpp"
#include "core/simd_begin.h"
#include "max_pool/max_pool.h"
#include "pool/pool_largest-inl.h"
#include "pool/pool_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/** Finds a row of outputs and where they lie. Along with each value goes its tap's plane and row,
 * so that of equal values in a row the first in the order of the volume is known. */
class Finder {
 public:
  Finder(const PoolArgs& args, const float* input, float* scratch)
      : args_(args),
        input_(input),
        values_(scratch),
        taps_(reinterpret_cast<int32_t*>(scratch + poolRowFloats(args))) {}

  HWY_ATTR void clear() const {
    const int64_t floats = poolRowFloats(args_);
    fillRow(values_, floats, Largest::kOutside);
    for (int64_t i = 0; i < floats; ++i) taps_[i] = kNoTap;
  }

  /** `output` may be null; both else have the outputs of one row. */
  HWY_ATTR void find(int64_t volume, int64_t z, int64_t y, float* output, int64_t* indices) const {
    const PoolWindow& window = args_.window;
    findInRows(tapRows(args_, input_, volume, z, y), args_.inSize[2],
               values_ + window.paddingBegin[2], taps_ + window.paddingBegin[2]);
    const Range planes = poolTaps(window, 0, z, args_.inSize[0]);
    const Range rows = poolTaps(window, 1, y, args_.inSize[1]);
    const int64_t firstPlane =
        z * window.stride[0] - window.paddingBegin[0] + planes.begin * window.dilation[0];
    const int64_t firstRow =
        y * window.stride[1] - window.paddingBegin[1] + rows.begin * window.dilation[1];
    eachOutputVector(
        0, args_.outSize[2], window.stride[2], [&](auto d, int64_t x, int64_t count) HWY_ATTR {
          const hn::RebindToSigned<decltype(d)> di;
          HWY_ALIGN float value[16];
          HWY_ALIGN int32_t tap[16];
          HWY_ALIGN int32_t column[16];
          alongX(d, di, x, value, tap, column);
          for (int64_t i = 0; i < count; ++i) {
            if (output != nullptr) output[x + i] = value[i];
            const int32_t some = tap[i] == kNoTap ? 0 : tap[i];
            const int64_t plane = firstPlane + (some >> 16) * window.dilation[0];
            const int64_t row = firstRow + (some & 0xFFFF) * window.dilation[1];
            const int64_t at = (x + i) * window.stride[2] + column[i] * window.dilation[2] -
                               window.paddingBegin[2];
            const int64_t index = (plane * args_.inSize[1] + row) * args_.inSize[2] + at;
            indices[x + i] = tap[i] == kNoTap ? -1 : index;
          }
        });
  }

 private:
  template <class D, class DI>
  HWY_ATTR void alongX(D d, DI di, int64_t x, float* value, int32_t* tap, int32_t* column) const {
    const int64_t stride = args_.window.stride[2];
    auto found = hn::Set(d, Largest::kOutside);
    auto foundTap = hn::Set(di, kNoTap);
    auto foundColumn = hn::Zero(di);
    for (int64_t k = 0; k < args_.window.kernel[2]; ++k) {
      const int64_t at = x * stride + k * args_.window.dilation[2];
      const auto v = loadStrided(d, values_ + at, stride);
      const auto t =
          hn::BitCast(di, loadStrided(d, reinterpret_cast<const float*>(taps_) + at, stride));
      const auto before = hn::RebindMask(d, hn::Lt(t, foundTap));
      const auto larger = hn::Or(hn::Gt(v, found), hn::And(hn::Eq(v, found), before));
      const auto laterNan = hn::And(isNan(v), hn::Not(hn::And(isNan(found), before)));
      const auto take = hn::Or(larger, laterNan);
      const auto takeTap = hn::RebindMask(di, take);
      found = hn::IfThenElse(take, v, found);
      foundTap = hn::IfThenElse(takeTap, t, foundTap);
      foundColumn = hn::IfThenElse(takeTap, hn::Set(di, static_cast<int32_t>(k)), foundColumn);
    }
    hn::Store(found, d, value);
    hn::Store(foundTap, di, tap);
    hn::Store(foundColumn, di, column);
  }

  const PoolArgs& args_;
  const float* input_;
  float* values_;
  int32_t* taps_;
};

HWY_ATTR void maxPoolCpu(const MaxPoolArgs& args, Context& context, const Workspace& workspace) {
  const float* const input = static_cast<const float*>(args.input);
  float* const output = static_cast<float*>(args.output);
  const int64_t width = args.outSize[2];
  if (args.indices != nullptr) {
    eachOutputRow(
        args, context, workspace, maxPoolFinderFloats(args),
        [&](float* scratch) HWY_ATTR { Finder(args, input, scratch).clear(); },
        [&](const PoolRow& row, float* scratch) HWY_ATTR {
          Finder(args, input, scratch)
              .find(row.volume, row.z, row.y, output + row.index * width,
                    args.indices + row.index * width);
        });
    return;
  }
  const Largest largest;
  const int64_t floats = poolRowFloats(args);
  const PoolRows rows(args, input, output);
  eachOutputRow(
      args, context, workspace, floats,
      [&](float* scratch) HWY_ATTR { fillRow(scratch, floats, Largest::kOutside); },
      [&](const PoolRow& row, float* scratch) HWY_ATTR {
        rows.pool(largest, row, scratch, [](auto, auto value, int64_t) HWY_ATTR { return value; });
      });
}

/** Each task owns a slab of the gradient and adds, in the order of the outputs, what falls into
 * it. */
HWY_ATTR void maxPoolGradientCpu(const MaxPoolGradientArgs& args, Context& context,
                                 const Workspace& workspace) {
  const float* const input = static_cast<const float*>(args.input);
  const float* const upstream = static_cast<const float*>(args.upstream);
  const PoolSlabs slabs = poolSlabs(args);
  const int64_t width = args.outSize[2];
  const bool finds = args.indices == nullptr;
  const int64_t finderFloats = finds ? maxPoolFinderFloats(args) : 0;
  eachPoolTask(context, args.threads, workspace, args.volumes * slabs.eachVolume,
               maxPoolGradientScratchFloats(args), [&](int64_t task, float* scratch) HWY_ATTR {
                 const PoolSlab slab = poolSlab(args, slabs, task);
                 const int64_t begin =
                     (slab.planes.begin * args.inSize[1] + slab.rows.begin) * args.inSize[2];
                 const int64_t count = (slab.planes.end - slab.planes.begin) *
                                       (slab.rows.end - slab.rows.begin) * args.inSize[2];
                 float* const gradient = static_cast<float*>(args.gradient) +
                                         slab.volume * poolVoxels(args.inSize) + begin;
                 fillRow(gradient, count, 0);
                 int64_t* const found = reinterpret_cast<int64_t*>(scratch + finderFloats);
                 const Finder finder(args, input, scratch);
                 if (finds) finder.clear();
                 for (int64_t z = slab.outPlanes.begin; z < slab.outPlanes.end; ++z) {
                   for (int64_t y = slab.outRows.begin; y < slab.outRows.end; ++y) {
                     const int64_t row =
                         ((slab.volume * args.outSize[0] + z) * args.outSize[1] + y) * width;
                     if (finds) finder.find(slab.volume, z, y, nullptr, found);
                     const int64_t* const indices = finds ? found : args.indices + row;
                     for (int64_t x = 0; x < width; ++x) {
                       const uint64_t at = static_cast<uint64_t>(indices[x] - begin);
                       if (at < static_cast<uint64_t>(count)) gradient[at] += upstream[row + x];
                     }
                   }
                 }
               });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(maxPoolCpu);
VK_SIMD_TABLE(maxPoolGradientCpu);

}  // namespace vk
#endif
