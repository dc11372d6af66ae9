// Formulae of the control grid that the CPU and CUDA kernels share.
#pragma once

#include <cmath>

#include "core/host_device.h"
#include "ffd/ffd.h"

namespace vk {

/** Weights of the four control points around a position `fraction` into a control interval. */
VK_HD inline void cubicWeights(double fraction, double weights[4]) {
  const double f = fraction;
  const double g = 1 - f;
  weights[0] = g * g * g / 6;
  weights[1] = (4 + 3 * f * f * (f - 2)) / 6;
  weights[2] = (4 + 3 * g * g * (g - 2)) / 6;
  weights[3] = f * f * f / 6;
}

/** What ffdLocate does. */
VK_HD inline bool ffdFind(const FfdAxis& axis, int64_t sample, int64_t* interval,
                          double* fraction) {
  const double position = (double(sample) - axis.origin) / axis.spacing;
  // Also keeps the conversion to an integer defined.
  if (!(position > -1 && position < double(axis.controls))) return false;
  int64_t i = int64_t(std::floor(position));
  double f = position - double(i);
  // A sample on a control point needs only three; the grid may end on either side of it.
  if (i == 0 && f > 1 - kFfdSlack) {
    i = 1;
    f = 0;
  } else if (i + 2 == axis.controls && f < kFfdSlack) {
    i -= 1;
    f = 1;
  }
  *interval = i;
  *fraction = f;
  return i >= 1 && i + 2 < axis.controls;
}

/** For each order 0 .. 2: the integral over one interval, a unit long, of the product of the basis
 * derivatives of two of its four control points, times 36. */
inline void ffdIntervalGram(double gram[3][4][4]) {
  // The four basis polynomials, times 6, by rising power.
  double basis[4][4] = {{1, -3, 3, -1}, {4, 0, -6, 3}, {1, 3, 3, -3}, {0, 0, 0, 1}};
  for (int order = 0; order < 3; ++order) {
    for (int a = 0; a < 4; ++a) {
      for (int b = 0; b < 4; ++b) {
        gram[order][a][b] = 0;
        for (int p = 0; p < 4; ++p) {
          for (int q = 0; q < 4; ++q) gram[order][a][b] += basis[a][p] * basis[b][q] / (p + q + 1);
        }
      }
    }
    for (int a = 0; a < 4; ++a) {
      for (int p = 0; p < 3; ++p) basis[a][p] = (p + 1) * basis[a][p + 1];
      basis[a][3] = 0;
    }
  }
}

}  // namespace vk
