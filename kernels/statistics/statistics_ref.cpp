#include <cmath>
#include <limits>

#include "statistics/statistics.h"

namespace vk {
namespace {

double bits16(uint32_t bits, int mantissaBits) {
  const int exponentBits = 15 - mantissaBits;
  const int greatest = (1 << exponentBits) - 1;
  const int exponent = int(bits >> mantissaBits) & greatest;
  const double fraction = std::ldexp(double(bits & ((1u << mantissaBits) - 1)), -mantissaBits);
  const int bias = greatest / 2;
  double magnitude = std::ldexp(1 + fraction, exponent - bias);
  if (exponent == 0) magnitude = std::ldexp(fraction, 1 - bias);
  if (exponent == greatest) {
    magnitude = fraction == 0 ? std::numeric_limits<double>::infinity()
                              : std::numeric_limits<double>::quiet_NaN();
  }
  return bits >> 15 ? -magnitude : magnitude;
}

double valueAt(const StatisticsArgs& args, int64_t i) {
  switch (args.type) {
    case VK_BOOL:
      return static_cast<const uint8_t*>(args.image)[i] != 0;
    case VK_I8:
      return static_cast<const int8_t*>(args.image)[i];
    case VK_U8:
      return static_cast<const uint8_t*>(args.image)[i];
    case VK_I16:
      return static_cast<const int16_t*>(args.image)[i];
    case VK_U16:
      return static_cast<const uint16_t*>(args.image)[i];
    case VK_I32:
      return static_cast<const int32_t*>(args.image)[i];
    case VK_U32:
      return static_cast<const uint32_t*>(args.image)[i];
    case VK_I64:
      return double(static_cast<const int64_t*>(args.image)[i]);
    case VK_U64:
      return double(static_cast<const uint64_t*>(args.image)[i]);
    case VK_BF16:
      return bits16(static_cast<const uint16_t*>(args.image)[i], 7);
    case VK_F16:
      return bits16(static_cast<const uint16_t*>(args.image)[i], 10);
    case VK_F32:
      return double(static_cast<const float*>(args.image)[i]);
    case VK_F64:
      return static_cast<const double*>(args.image)[i];
  }
  return 0;
}

/** Calls visit(value, x, y, z) for every counted, finite voxel. */
template <class Visit>
void forEachCounted(const StatisticsArgs& args, Visit visit) {
  int64_t i = 0;
  for (int64_t z = 0; z < args.depth; ++z) {
    for (int64_t y = 0; y < args.height; ++y) {
      for (int64_t x = 0; x < args.width; ++x, ++i) {
        if (args.mask != nullptr && args.mask[i] == 0) continue;
        const double value = valueAt(args, i);
        if (std::isfinite(value)) visit(value, double(x), double(y), double(z));
      }
    }
  }
}

}  // namespace

void statisticsReference(const StatisticsArgs& args, Context&, const Workspace&) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  vk_statistics_values& out = *args.values;
  out.count = out.nan_count = out.infinite_count = 0;
  out.minimum = out.maximum = out.mean = out.variance = nan;
  out.weight = 0;
  for (double& value : out.center) value = nan;
  for (double& value : out.second_moment) value = nan;
  for (int64_t i = 0; i < args.depth * args.height * args.width; ++i) {
    if (args.mask != nullptr && args.mask[i] == 0) continue;
    const double value = valueAt(args, i);
    out.nan_count += std::isnan(value);
    out.infinite_count += std::isinf(value);
  }
  double sum = 0;
  forEachCounted(args, [&](double value, double, double, double) {
    out.minimum = out.count == 0 ? value : std::fmin(out.minimum, value);
    out.maximum = out.count == 0 ? value : std::fmax(out.maximum, value);
    sum += value;
    ++out.count;
  });
  if (out.count == 0) return;
  out.mean = sum / double(out.count);
  const double floor = std::isnan(args.weightFloor) ? out.minimum : args.weightFloor;
  double squares = 0;
  double weighted[3] = {0, 0, 0};
  forEachCounted(args, [&](double value, double x, double y, double z) {
    squares += (value - out.mean) * (value - out.mean);
    const double weight = std::fmax(0.0, value - floor);
    out.weight += weight;
    weighted[0] += weight * x;
    weighted[1] += weight * y;
    weighted[2] += weight * z;
  });
  out.variance = squares / double(out.count);
  if (out.weight <= 0) return;
  for (int k = 0; k < 3; ++k) out.center[k] = weighted[k] / out.weight;
  double second[6] = {0, 0, 0, 0, 0, 0};
  forEachCounted(args, [&](double value, double x, double y, double z) {
    const double weight = std::fmax(0.0, value - floor);
    const double dx = x - out.center[0];
    const double dy = y - out.center[1];
    const double dz = z - out.center[2];
    second[0] += weight * dx * dx;
    second[1] += weight * dx * dy;
    second[2] += weight * dx * dz;
    second[3] += weight * dy * dy;
    second[4] += weight * dy * dz;
    second[5] += weight * dz * dz;
  });
  for (int k = 0; k < 6; ++k) out.second_moment[k] = second[k] / out.weight;
}

}  // namespace vk
