#include <cmath>
#include <limits>
#include <vector>

#include "jacobian/jacobian.h"

namespace vk {
namespace {

struct Difference {
  int64_t before, after;
  double scale;
};

/** Where the derivative along one axis is taken from, as steps along that axis. */
Difference differenceAt(int64_t i, int64_t size) {
  if (size == 1) return {0, 0, 0};
  if (i == 0) return {0, 1, 1};
  if (i == size - 1) return {-1, 0, 1};
  return {-1, 1, 0.5};
}

struct Derivative {
  Difference along[3];
  double jacobian[3][3];
};

template <class T>
Derivative derivativeAt(const int64_t size[3], const double map[9], const T* displacement,
                        int64_t voxel) {
  const int64_t step[3] = {1, size[0], size[0] * size[1]};
  const int64_t count = step[2] * size[2];
  const int64_t at[3] = {voxel % size[0], voxel / step[1] % size[1], voxel / step[2]};
  Derivative result{};
  for (int axis = 0; axis < 3; ++axis) result.along[axis] = differenceAt(at[axis], size[axis]);
  for (int c = 0; c < 3; ++c) {
    const T* u = displacement + c * count + voxel;
    double byIndex[3];
    for (int axis = 0; axis < 3; ++axis) {
      const Difference& along = result.along[axis];
      byIndex[axis] = along.scale *
                      (double(u[along.after * step[axis]]) - double(u[along.before * step[axis]]));
    }
    for (int a = 0; a < 3; ++a) {
      result.jacobian[c][a] = c == a ? 1 : 0;
      for (int b = 0; b < 3; ++b) result.jacobian[c][a] += map[3 * a + b] * byIndex[b];
    }
  }
  return result;
}

/** cofactors[c][a] = d det / d jacobian[c][a]. */
double determinantOf(const double m[3][3], double cofactors[3][3]) {
  for (int c = 0; c < 3; ++c) {
    for (int a = 0; a < 3; ++a) {
      const int c1 = (c + 1) % 3, c2 = (c + 2) % 3, a1 = (a + 1) % 3, a2 = (a + 2) % 3;
      cofactors[c][a] = m[c1][a1] * m[c2][a2] - m[c1][a2] * m[c2][a1];
    }
  }
  return m[0][0] * cofactors[0][0] + m[0][1] * cofactors[0][1] + m[0][2] * cofactors[0][2];
}

template <class T>
void jacobian(const JacobianArgs& args) {
  const int64_t count = args.size[0] * args.size[1] * args.size[2];
  const T* displacement = static_cast<const T*>(args.displacement);
  vk_jacobian_statistics s{};
  s.minimum = std::numeric_limits<double>::infinity();
  s.maximum = -s.minimum;
  std::vector<double> counted, logs;
  for (int64_t i = 0; i < count; ++i) {
    double cofactors[3][3];
    const double determinant = determinantOf(
        derivativeAt(args.size, args.gradientMap, displacement, i).jacobian, cofactors);
    if (args.determinant != nullptr) static_cast<T*>(args.determinant)[i] = T(determinant);
    if (args.mask != nullptr && args.mask[i] == 0) continue;
    ++s.count;
    if (!(determinant > 0)) ++s.nonpositive;
    if (determinant > 0) logs.push_back(std::log(determinant));
    if (std::isnan(determinant)) continue;
    counted.push_back(determinant);
    if (determinant < s.minimum) s.minimum = determinant;
    if (determinant > s.maximum) s.maximum = determinant;
  }
  if (args.statistics == nullptr) return;
  if (counted.empty()) s.minimum = s.maximum = 0;
  for (double value : counted) s.mean += value / double(counted.size());
  double meanLog = 0, variance = 0;
  for (double value : logs) meanLog += value / double(logs.size());
  for (double value : logs) {
    variance += (value - meanLog) * (value - meanLog) / double(logs.size());
  }
  s.sd_log = std::sqrt(variance);
  *args.statistics = s;
}

template <class T>
void penalty(const JacobianPenaltyArgs& args) {
  const int64_t count = args.size[0] * args.size[1] * args.size[2];
  const int64_t step[3] = {1, args.size[0], args.size[0] * args.size[1]};
  const T* displacement = static_cast<const T*>(args.displacement);
  std::vector<double> gradient(static_cast<size_t>(3 * count));
  double sum = 0;
  int64_t counted = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (args.mask != nullptr && args.mask[i] == 0) continue;
    ++counted;
    const Derivative derivative = derivativeAt(args.size, args.gradientMap, displacement, i);
    double cofactors[3][3];
    const double lack = args.leastDeterminant - determinantOf(derivative.jacobian, cofactors);
    if (lack <= 0) continue;
    sum += lack * lack;
    for (int c = 0; c < 3; ++c) {
      for (int b = 0; b < 3; ++b) {
        double byIndex = 0;
        for (int a = 0; a < 3; ++a) {
          byIndex += -2 * lack * cofactors[c][a] * args.gradientMap[3 * a + b];
        }
        const Difference& along = derivative.along[b];
        if (along.scale == 0) continue;
        gradient[static_cast<size_t>(c * count + i + along.after * step[b])] +=
            along.scale * byIndex;
        gradient[static_cast<size_t>(c * count + i + along.before * step[b])] -=
            along.scale * byIndex;
      }
    }
  }
  *args.value = counted > 0 ? sum / double(counted) : 0;
  if (args.gradient == nullptr) return;
  T* out = static_cast<T*>(args.gradient);
  for (double g : gradient) *out++ = counted > 0 ? T(g / double(counted)) : T(0);
}

}  // namespace

void jacobianReference(const JacobianArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    jacobian<double>(args);
  } else {
    jacobian<float>(args);
  }
}

void jacobianPenaltyReference(const JacobianPenaltyArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    penalty<double>(args);
  } else {
    penalty<float>(args);
  }
}

}  // namespace vk
