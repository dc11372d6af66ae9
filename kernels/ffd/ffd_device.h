// What the CUDA kernels of the dense field and of its adjoint share: weights by the sample, and the
// samples by the control point.
#pragma once

#include "core/carve.h"
#include "cuda/kernel.h"
#include "ffd/ffd_math.h"

namespace vk::cuda {

/** One axis in device memory. */
template <class T>
struct FfdTable {
  int64_t samples;
  int64_t controls;
  /** The first of a sample's four control points, and their weights. */
  int32_t* first;
  T* weights;
  /** The first sample whose taps begin at this control point or a later one; null if not wanted. */
  int32_t* begin;

  FfdTable(const FfdAxis& axis, bool withBegins, Carver& carver)
      : samples(axis.samples),
        controls(axis.controls),
        first(carver.take<int32_t>(samples)),
        weights(carver.take<T>(4 * samples)),
        begin(withBegins ? carver.take<int32_t>(controls + 1) : nullptr) {}

  /** The samples that a control point bears on are [from, to). */
  __device__ int64_t from(int64_t control) const { return begin[control > 3 ? control - 3 : 0]; }
  __device__ int64_t to(int64_t control) const { return begin[control + 1]; }
};

template <class T>
struct FfdTables {
  FfdTable<T> x;
  FfdTable<T> y;
  FfdTable<T> z;

  FfdTables(const FfdGrid& grid, bool withBegins, Carver& carver)
      : x(grid.x, withBegins, carver),
        y(grid.y, withBegins, carver),
        z(grid.z, withBegins, carver) {}
};

__device__ inline int64_t ffdFirst(const FfdAxis& axis, int64_t sample, double* fraction) {
  int64_t interval = 1;
  *fraction = 0;
  ffdFind(axis, sample, &interval, fraction);
  return interval - 1;
}

/** A thread a sample, then a thread a control point. */
template <class T>
__global__ void __launch_bounds__(256) ffdTabulateAxis(FfdAxis axis, FfdTable<T> table) {
  const int64_t begins = table.begin != nullptr ? axis.controls + 1 : 0;
  forEachItem(axis.samples + begins, [&](int64_t i) {
    double fraction;
    if (i < axis.samples) {
      table.first[i] = int32_t(ffdFirst(axis, i, &fraction));
      double weights[4];
      cubicWeights(fraction, weights);
      for (int tap = 0; tap < 4; ++tap) table.weights[4 * i + tap] = T(weights[tap]);
      return;
    }
    const int64_t control = i - axis.samples;
    int64_t low = 0;
    int64_t high = axis.samples;
    while (low < high) {
      const int64_t middle = (low + high) / 2;
      if (ffdFirst(axis, middle, &fraction) >= control) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    table.begin[control] = int32_t(low);
  });
}

template <class T>
void ffdTabulateAll(const FfdGrid& grid, const FfdTables<T>& tables, Context& context) {
  const auto tabulate = [&](const FfdAxis& axis, const FfdTable<T>& table) {
    launch(context, gridOver(axis.samples + axis.controls + 1), ffdTabulateAxis<T>, axis, table);
  };
  tabulate(grid.x, tables.x);
  tabulate(grid.y, tables.y);
  tabulate(grid.z, tables.z);
}

}  // namespace vk::cuda
