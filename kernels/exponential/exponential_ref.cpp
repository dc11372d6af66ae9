#include <cmath>
#include <vector>

#include "compose/field_reference.h"
#include "exponential/exponential.h"

namespace vk {
namespace {

using Field = std::vector<double>;

struct Position {
  double p[3];
};

/** Index position of voxel i displaced by the field. */
Position displaced(const Field& u, const int64_t size[3], const double map[9], int64_t i) {
  const int64_t voxels = size[0] * size[1] * size[2];
  const int64_t at[3] = {i % size[0], i / size[0] % size[1], i / (size[0] * size[1])};
  Position result;
  for (int r = 0; r < 3; ++r) {
    result.p[r] = double(at[r]);
    for (int c = 0; c < 3; ++c) {
      result.p[r] += map[3 * r + c] * u[static_cast<size_t>(c * voxels + i)];
    }
  }
  return result;
}

Field squared(const Field& u, const int64_t size[3], const double map[9]) {
  const int64_t voxels = size[0] * size[1] * size[2];
  Field result(u.size());
  for (int64_t i = 0; i < voxels; ++i) {
    double value[3];
    sampleField(u.data(), size, displaced(u, size, map, i).p, value);
    for (int c = 0; c < 3; ++c) {
      const auto element = static_cast<size_t>(c * voxels + i);
      result[element] = u[element] + value[c];
    }
  }
  return result;
}

/** dL/du out of dL/d(squared u). */
Field squaredAdjoint(const Field& u, const Field& upstream, const int64_t size[3],
                     const double map[9]) {
  const int64_t voxels = size[0] * size[1] * size[2];
  Field result = upstream;
  for (int64_t i = 0; i < voxels; ++i) {
    double byPosition[3] = {0, 0, 0};
    forCorners(size, displaced(u, size, map, i).p,
               [&](int64_t voxel, double weight, const double slopes[3]) {
                 for (int c = 0; c < 3; ++c) {
                   const double g = upstream[static_cast<size_t>(c * voxels + i)];
                   const auto corner = static_cast<size_t>(c * voxels + voxel);
                   result[corner] += weight * g;
                   for (int r = 0; r < 3; ++r) byPosition[r] += slopes[r] * g * u[corner];
                 }
               });
    for (int c = 0; c < 3; ++c) {
      for (int r = 0; r < 3; ++r) {
        result[static_cast<size_t>(c * voxels + i)] += map[3 * r + c] * byPosition[r];
      }
    }
  }
  return result;
}

template <class T>
Field scaled(const void* values, int64_t count, double scale) {
  Field result(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    result[static_cast<size_t>(i)] = scale * double(static_cast<const T*>(values)[i]);
  }
  return result;
}

template <class T>
void exponential(const ExponentialArgs& args) {
  const int64_t voxels = args.size[0] * args.size[1] * args.size[2];
  Field u = scaled<T>(args.velocity, 3 * voxels, 1);
  int32_t steps = args.steps;
  if (steps < 0) {
    double most = 0;
    for (int64_t i = 0; i < voxels; ++i) {
      double squares = 0;
      for (int r = 0; r < 3; ++r) {
        double offset = 0;
        for (int c = 0; c < 3; ++c) {
          offset += args.displacementMap[3 * r + c] * u[static_cast<size_t>(c * voxels + i)];
        }
        squares += offset * offset;
      }
      if (squares > most) most = squares;
    }
    steps = 0;
    for (double offset = std::sqrt(most); offset > 0.5 && steps < kExponentialMostSteps;) {
      offset /= 2;
      ++steps;
    }
  }
  for (double& value : u) value *= std::ldexp(1.0, -steps);
  for (int32_t step = 0; step < steps; ++step) u = squared(u, args.size, args.displacementMap);
  T* out = static_cast<T*>(args.displacement);
  for (double value : u) *out++ = T(value);
  if (args.stepsUsed != nullptr) *args.stepsUsed = steps;
}

template <class T>
void gradient(const ExponentialGradientArgs& args) {
  const int64_t voxels = args.size[0] * args.size[1] * args.size[2];
  const double scale = std::ldexp(1.0, -args.steps);
  std::vector<Field> fields{scaled<T>(args.velocity, 3 * voxels, scale)};
  for (int32_t step = 1; step < args.steps; ++step) {
    fields.push_back(squared(fields.back(), args.size, args.displacementMap));
  }
  Field g = scaled<T>(args.displacementGradient, 3 * voxels, 1);
  for (int32_t step = args.steps - 1; step >= 0; --step) {
    g = squaredAdjoint(fields[static_cast<size_t>(step)], g, args.size, args.displacementMap);
  }
  T* out = static_cast<T*>(args.velocityGradient);
  for (double value : g) *out++ = T(scale * value);
}

}  // namespace

void exponentialReference(const ExponentialArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    exponential<double>(args);
  } else {
    exponential<float>(args);
  }
}

void exponentialGradientReference(const ExponentialGradientArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    gradient<double>(args);
  } else {
    gradient<float>(args);
  }
}

}  // namespace vk
