// Sums of many values that a thread goes through one by one, as exact as f64 ones: most devices
// have few units for f64.
#pragma once

#include "cuda/reduce.h"

namespace vk::cuda {

/** A sum that carries along what rounding takes from it (Neumaier). */
template <class T>
struct CarriedSum {
  T value = 0;
  T lost = 0;

  __device__ void add(T term) {
    const T total = value + term;
    const T larger = fabs(value) >= fabs(term) ? value : term;
    const T smaller = fabs(value) >= fabs(term) ? term : value;
    lost += (larger - total) + smaller;
    value = total;
  }
  __device__ double total() const { return double(value) + double(lost); }
};

/** The largest magnitude of a sum that f32 is trusted with; NaN and infinities are not below it. */
constexpr double kPlainSum = 1e37;

/** Of the pairs that `each(body)` gives to body, the same ones at each call. Where f32 has no room
 * for the products they are added in f64. */
template <class T, class Each>
__device__ double sumOfProducts(const Each& each) {
  CarriedSum<T> sum;
  each([&](T a, T b) {
    const T product = a * b;
    sum.add(product);
    sum.lost += fma(a, b, -product);
  });
  const double magnitude = fabs(double(sum.value));
  if (magnitude < kPlainSum && magnitude > 1e-28) return sum.total();
  double inF64 = 0;
  each([&](double a, double b) { inF64 = fma(a, b, inF64); });
  return inF64;
}

/** In two passes and f64: where f32 has no room for the squares, or a value is NaN or infinite. */
template <class Each>
__device__ Spread spreadInF64(const Each& each) {
  Spread spread{0, 0, 0};
  each([&](double x) {
    spread.mean += x;
    spread.count += 1;
  });
  spread.mean /= spread.count;
  each([&](double x) { spread.squares += (x - spread.mean) * (x - spread.mean); });
  return spread;
}

/** Of the values that `each(body)` gives to body, the same ones at each call. The deviations from
 * the first value are summed, with what rounding takes: most devices have few units for f64. */
template <class T, class Each>
__device__ Spread spreadOf(const Each& each) {
  T centre = 0;
  int64_t count = 0;
  CarriedSum<T> sum, squares;
  each([&](T x) {
    if (count++ == 0) centre = x;
    const T deviation = x - centre;
    const T square = deviation * deviation;
    sum.add(deviation);
    squares.add(square);
    squares.lost += fma(deviation, deviation, -square);
  });
  if (!(double(squares.value) < kPlainSum)) return spreadInF64(each);
  const double total = sum.total();
  const double mean = total / double(count > 0 ? count : 1);
  return {double(count), double(centre) + mean, squares.total() - total * mean};
}

}  // namespace vk::cuda
