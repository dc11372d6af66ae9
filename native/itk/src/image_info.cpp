#include "image_info.h"

#include <algorithm>
#include <cmath>

#include "status.h"

namespace vki {

vki_image_info emptyInfo() {
  vki_image_info info{};
  info.element_type = static_cast<int32_t>(ElementType::F32);
  info.components = 1;
  info.pixel_kind = VKI_SCALAR;
  info.dimension = 3;
  for (int axis = 0; axis < 4; axis++) info.size[axis] = 1;
  for (int axis = 0; axis < 3; axis++) {
    info.spacing[axis] = 1;
    info.direction[4 * axis] = 1;
  }
  return info;
}

int64_t voxelsInVolume(const vki_image_info& info) {
  return info.size[0] * info.size[1] * info.size[2];
}

int64_t elementCount(const vki_image_info& info) {
  return voxelsInVolume(info) * info.size[3] * info.components;
}

void checkGeometry(const std::string& path, vki_image_info& info) {
  static const char* const axes = "xyzt";
  int64_t count = info.components;
  for (int axis = 0; axis < 4; axis++) {
    if (info.size[axis] < 1) {
      unreadable(path, std::string("has ") + std::to_string(info.size[axis]) + " voxels along " +
                           axes[axis]);
    }
    if (__builtin_mul_overflow(count, info.size[axis], &count) || count > INT64_MAX / 16) {
      unreadable(path, "claims more voxels than can be counted");
    }
  }
  for (int axis = 0; axis < 3; axis++) {
    double& spacing = info.spacing[axis];
    if (spacing == 0 || !std::isfinite(spacing)) {
      unreadable(path, std::string("the spacing along ") + axes[axis] + " is " +
                           std::to_string(spacing) + " mm: expected a positive number");
    }
    if (spacing < 0) {
      spacing = -spacing;
      for (int row = 0; row < 3; row++) info.direction[3 * row + axis] *= -1;
    }
    if (!std::isfinite(info.origin[axis])) {
      unreadable(path, std::string("the origin along ") + axes[axis] + " is not a finite number");
    }
  }
  Matrix3 direction;
  std::copy(info.direction, info.direction + 9, direction.begin());
  const double volume = determinant(direction);
  if (!(std::abs(volume) > 1e-3)) unreadable(path, "the direction cosines are singular");
}

double determinant(const Matrix3& m) {
  return m[0] * (m[4] * m[8] - m[5] * m[7]) - m[1] * (m[3] * m[8] - m[5] * m[6]) +
         m[2] * (m[3] * m[7] - m[4] * m[6]);
}

Matrix3 nearestOrthonormal(const Matrix3& matrix) {
  // Newton's iteration for the polar factor, X <- (X + X^-T) / 2; quadratic near the solution.
  Matrix3 x = matrix;
  for (int iteration = 0; iteration < 20; iteration++) {
    const double scale = 1 / determinant(x);
    const Matrix3 inverseTransposed = {
        (x[4] * x[8] - x[5] * x[7]) * scale, (x[5] * x[6] - x[3] * x[8]) * scale,
        (x[3] * x[7] - x[4] * x[6]) * scale, (x[2] * x[7] - x[1] * x[8]) * scale,
        (x[0] * x[8] - x[2] * x[6]) * scale, (x[1] * x[6] - x[0] * x[7]) * scale,
        (x[1] * x[5] - x[2] * x[4]) * scale, (x[2] * x[3] - x[0] * x[5]) * scale,
        (x[0] * x[4] - x[1] * x[3]) * scale};
    for (int i = 0; i < 9; i++) x[i] = 0.5 * (x[i] + inverseTransposed[i]);
  }
  return x;
}

double shear(const Matrix3& m) {
  double largest = 0;
  for (int a = 0; a < 3; a++) {
    for (int b = a + 1; b < 3; b++) {
      const double dot = m[a] * m[b] + m[3 + a] * m[3 + b] + m[6 + a] * m[6 + b];
      const double norms =
          std::hypot(m[a], m[3 + a], m[6 + a]) * std::hypot(m[b], m[3 + b], m[6 + b]);
      largest = std::max(largest, std::abs(dot) / norms);
    }
  }
  return largest;
}

}  // namespace vki
