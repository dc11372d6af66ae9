#include <cmath>

#include "ffd/ffd.h"
#include "ffd/ffd_math.h"

namespace vk {

bool ffdLocate(const FfdAxis& axis, int64_t sample, int64_t* interval, double* fraction) {
  const double position = (double(sample) - axis.origin) / axis.spacing;
  // Also keeps the conversion to an integer defined.
  if (!(position > -1 && position < double(axis.controls))) return false;
  int64_t i = static_cast<int64_t>(std::floor(position));
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

void ffdTabulate(const FfdAxis& axis, int32_t* first, float* weights, int64_t sampleStride,
                 int64_t tapStride) {
  for (int64_t sample = 0; sample < axis.samples; ++sample) {
    int64_t interval = 1;
    double fraction = 0;
    ffdLocate(axis, sample, &interval, &fraction);
    double taps[4];
    cubicWeights(fraction, taps);
    first[sample] = static_cast<int32_t>(interval - 1);
    for (int64_t tap = 0; tap < 4; ++tap) {
      weights[sample * sampleStride + tap * tapStride] = static_cast<float>(taps[tap]);
    }
  }
}

}  // namespace vk
