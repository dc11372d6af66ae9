// The small dense algebra of one step, apart from the code compiled for an instruction set.
#pragma once

#include <cstdint>

namespace vk {

/** Sums over the samples that one bin's intensity and the field's coefficients share. */
struct BiasBinSums {
  double count;
  double weight;
  double valueValue;
  double valueField;
  double fieldField;
};

/** Each bin's mean intensity under the field, and its residual variance. */
void biasIntensities(const BiasBinSums* sums, int32_t bins, double* intensity, double* variance);

/**
 * One Gauss-Newton step of the coefficients, the bins' intensities eliminated.
 *
 * @param normal (terms, stride), its lower triangle; is overwritten
 * @param right (terms)
 * @param cross (bins, stride): of each bin's intensity with the coefficients
 * @param bin (bins, 2): its own square and its right-hand side
 * @return false if the system cannot be solved; the coefficients are left alone
 */
bool biasStep(int32_t terms, int32_t stride, int32_t bins, double* normal, double* right,
              const double* cross, const double* bin, double* coefficients);

}  // namespace vk
