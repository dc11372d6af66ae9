#include "ffd/ffd_math.h"

namespace vk {

bool ffdLocate(const FfdAxis& axis, int64_t sample, int64_t* interval, double* fraction) {
  return ffdFind(axis, sample, interval, fraction);
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
