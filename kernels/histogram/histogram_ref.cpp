#include <cmath>
#include <limits>

#include "histogram/histogram.h"

namespace vk {
namespace {

double bits16(uint32_t bits, int mantissaBits) {
  const int greatest = (1 << (15 - mantissaBits)) - 1;
  const int exponent = int(bits >> mantissaBits) & greatest;
  const double fraction = std::ldexp(double(bits & ((1u << mantissaBits) - 1)), -mantissaBits);
  double magnitude = exponent == 0 ? std::ldexp(fraction, 1 - greatest / 2)
                                   : std::ldexp(1 + fraction, exponent - greatest / 2);
  if (exponent == greatest) {
    magnitude = fraction == 0 ? std::numeric_limits<double>::infinity()
                              : std::numeric_limits<double>::quiet_NaN();
  }
  return bits >> 15 ? -magnitude : magnitude;
}

template <class T>
double number(const void* data, int64_t i) {
  return double(static_cast<const T*>(data)[i]);
}

double valueAt(const HistogramArgs& args, int64_t i) {
  switch (args.type) {
    case VK_BOOL:
      return static_cast<const uint8_t*>(args.image)[i] != 0;
    case VK_I8:
      return number<int8_t>(args.image, i);
    case VK_U8:
      return number<uint8_t>(args.image, i);
    case VK_I16:
      return number<int16_t>(args.image, i);
    case VK_U16:
      return number<uint16_t>(args.image, i);
    case VK_I32:
      return number<int32_t>(args.image, i);
    case VK_U32:
      return number<uint32_t>(args.image, i);
    case VK_I64:
      return number<int64_t>(args.image, i);
    case VK_U64:
      return number<uint64_t>(args.image, i);
    case VK_BF16:
      return bits16(static_cast<const uint16_t*>(args.image)[i], 7);
    case VK_F16:
      return bits16(static_cast<const uint16_t*>(args.image)[i], 10);
    case VK_F32:
      return number<float>(args.image, i);
    case VK_F64:
      return number<double>(args.image, i);
  }
  return 0;
}

}  // namespace

void histogramReference(const HistogramArgs& args, Context&, const Workspace&) {
  for (int64_t bin = 0; bin < args.bins + 2; ++bin) args.counts[bin] = 0;
  const double binsPerUnit = double(args.bins) / (args.high - args.low);
  for (int64_t i = 0; i < args.count; ++i) {
    if (args.mask != nullptr && args.mask[i] == 0) continue;
    const double value = valueAt(args, i);
    if (value < args.low) {
      ++args.counts[0];
    } else if (value > args.high) {
      ++args.counts[args.bins + 1];
    } else if (!std::isnan(value)) {
      const int64_t bin = int64_t(std::floor((value - args.low) * binsPerUnit));
      ++args.counts[1 + std::min(bin, args.bins - 1)];
    }
  }
}

}  // namespace vk
