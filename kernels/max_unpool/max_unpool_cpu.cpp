// Bound by memory and by the addresses: nothing for vectors to do.
#include <cstring>

#include "max_unpool/max_unpool.h"

namespace vk {
namespace {

/** Pooled values of a task of the gradient. */
constexpr int64_t kChunk = 16384;

}  // namespace

/** A task is a volume: of values for one place the last in order has to stay. */
void maxUnpoolCpu(const MaxUnpoolArgs& args, Context& context, const Workspace&) {
  if (args.unpooled == 0) return;
  parallelFor(context, args.volumes, [&](int64_t volume) {
    const float* const input = static_cast<const float*>(args.input) + volume * args.pooled;
    const int64_t* const indices = args.indices + volume * args.pooled;
    float* const output = static_cast<float*>(args.output) + volume * args.unpooled;
    std::memset(output, 0, static_cast<size_t>(args.unpooled) * sizeof(float));
    for (int64_t i = 0; i < args.pooled; ++i) {
      if (indices[i] >= 0) output[indices[i]] = input[i];
    }
  });
}

void maxUnpoolGradientCpu(const MaxUnpoolGradientArgs& args, Context& context, const Workspace&) {
  const float* const upstream = static_cast<const float*>(args.upstream);
  float* const gradient = static_cast<float*>(args.gradient);
  const int64_t total = args.volumes * args.pooled;
  parallelFor(context, chunkCount(total, kChunk), [&](int64_t chunk) {
    const Range range = chunkRange(total, kChunk, chunk);
    for (int64_t i = range.begin; i < range.end; ++i) {
      const int64_t index = args.indices[i];
      gradient[i] = index >= 0 ? upstream[i / args.pooled * args.unpooled + index] : 0;
    }
  });
}

}  // namespace vk
