#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ssd/ssd_cpu.cpp"
#include "core/simd_begin.h"
#include "ssd/ssd.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Sums of one chunk are f32 within a row of this many vectors and f64 beyond, so the error does not
// grow with the volume.
constexpr int64_t kChunk = 65536;
constexpr int64_t kRow = 512;

struct Partial {
  double sum;
  int64_t counted;
};

HWY_ATTR Partial sumChunk(const float* fixed, const float* warped, const uint8_t* mask,
                          int64_t begin, int64_t end) {
  const hn::ScalableTag<float> d;
  const hn::Rebind<uint8_t, decltype(d)> d8;
  const hn::Rebind<int32_t, decltype(d)> d32;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  Partial partial{0, 0};
  for (int64_t row = begin; row < end; row += kRow) {
    const int64_t rowEnd = row + kRow < end ? row + kRow : end;
    auto sum = hn::Zero(d);
    int64_t i = row;
    for (; i + lanes <= rowEnd; i += lanes) {
      const auto difference = hn::Sub(hn::LoadU(d, warped + i), hn::LoadU(d, fixed + i));
      if (mask == nullptr) {
        sum = hn::MulAdd(difference, difference, sum);
        partial.counted += lanes;
      } else {
        const auto counts =
            hn::RebindMask(d, hn::Ne(hn::PromoteTo(d32, hn::LoadU(d8, mask + i)), hn::Zero(d32)));
        const auto kept = hn::IfThenElseZero(counts, difference);
        sum = hn::MulAdd(kept, kept, sum);
        partial.counted += static_cast<int64_t>(hn::CountTrue(d, counts));
      }
    }
    double rowSum = hn::GetLane(hn::SumOfLanes(d, sum));
    for (; i < rowEnd; ++i) {
      if (mask != nullptr && mask[i] == 0) continue;
      const double difference = double(warped[i]) - double(fixed[i]);
      rowSum += difference * difference;
      ++partial.counted;
    }
    partial.sum += rowSum;
  }
  return partial;
}

HWY_ATTR void gradientChunk(const SsdArgs& args, float scale, int64_t begin, int64_t end) {
  const hn::ScalableTag<float> d;
  const hn::Rebind<uint8_t, decltype(d)> d8;
  const hn::Rebind<int32_t, decltype(d)> d32;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const float* fixed = static_cast<const float*>(args.fixed);
  const float* warped = static_cast<const float*>(args.warped);
  float* gradient = static_cast<float*>(args.gradient);
  int64_t i = begin;
  for (; i + lanes <= end; i += lanes) {
    auto g = hn::Mul(hn::Set(d, scale), hn::Sub(hn::LoadU(d, warped + i), hn::LoadU(d, fixed + i)));
    if (args.mask != nullptr) {
      g = hn::IfThenElseZero(
          hn::RebindMask(d,
                         hn::Ne(hn::PromoteTo(d32, hn::LoadU(d8, args.mask + i)), hn::Zero(d32))),
          g);
    }
    hn::StoreU(g, d, gradient + i);
  }
  for (; i < end; ++i) {
    gradient[i] = args.mask == nullptr || args.mask[i] != 0 ? scale * (warped[i] - fixed[i]) : 0.0f;
  }
}

void ssdCpu(const SsdArgs& args, Context& context, const Workspace& workspace) {
  const int64_t chunks = chunkCount(args.count, kChunk);
  Partial* partials = workspace.as<Partial>();
  parallelFor(context, chunks, [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(args.count, kChunk, chunk);
    partials[chunk] =
        sumChunk(static_cast<const float*>(args.fixed), static_cast<const float*>(args.warped),
                 args.mask, range.begin, range.end);
  });
  Partial total{0, 0};
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    total.sum += partials[chunk].sum;
    total.counted += partials[chunk].counted;
  }
  *args.value = total.counted > 0 ? total.sum / double(total.counted) : 0;
  if (args.gradient == nullptr) return;
  const float scale = total.counted > 0 ? float(2.0 / double(total.counted)) : 0.0f;
  parallelFor(context, chunks, [&](int64_t chunk) HWY_ATTR {
    const Range range = chunkRange(args.count, kChunk, chunk);
    gradientChunk(args, scale, range.begin, range.end);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(ssdCpu);

int64_t ssdCpuWorkspaceBytes(const SsdArgs& args) {
  return chunkCount(args.count, 65536) * static_cast<int64_t>(sizeof(double) + sizeof(int64_t));
}

}  // namespace vk
#endif
