// Plain loops in f64; the spline is written as one function of the distance, unlike the kernels'
// four polynomials.
#include "ffd/ffd.h"

#include <cmath>
#include <vector>

namespace vk {
namespace {

double bspline(double distance) {
  const double r = std::fabs(distance);
  if (r < 1) return 2.0 / 3 - r * r + r * r * r / 2;
  if (r < 2) return (2 - r) * (2 - r) * (2 - r) / 6;
  return 0;
}

struct Support {
  int64_t begin, end;
  double position;
};

/** Four control points, those of no weight included: a NaN in one of them shows. */
Support supportOf(const FfdAxis& axis, int64_t sample) {
  const double position = (double(sample) - axis.origin) / axis.spacing;
  int64_t begin = static_cast<int64_t>(std::floor(position)) - 1;
  if (begin < 0) begin = 0;
  if (begin > axis.controls - 4) begin = axis.controls - 4;
  return {begin, begin + 4, position};
}

/** body(control offset, weight) for every control point that touches the voxel. */
template <class Body>
void forTaps(const FfdGrid& grid, int64_t z, int64_t y, int64_t x, Body&& body) {
  const Support sz = supportOf(grid.z, z), sy = supportOf(grid.y, y), sx = supportOf(grid.x, x);
  for (int64_t k = sz.begin; k < sz.end; ++k) {
    for (int64_t j = sy.begin; j < sy.end; ++j) {
      for (int64_t i = sx.begin; i < sx.end; ++i) {
        body((k * grid.y.controls + j) * grid.x.controls + i, bspline(sz.position - double(k)) *
                                                                  bspline(sy.position - double(j)) *
                                                                  bspline(sx.position - double(i)));
      }
    }
  }
}

template <class T>
void evaluate(const FfdArgs& args) {
  const FfdGrid& grid = args.grid;
  const int64_t controls = grid.x.controls * grid.y.controls * grid.z.controls;
  const T* coefficients = static_cast<const T*>(args.coefficients);
  T* field = static_cast<T*>(args.field);
  for (int64_t component = 0; component < 3; ++component) {
    for (int64_t z = 0; z < grid.z.samples; ++z) {
      for (int64_t y = 0; y < grid.y.samples; ++y) {
        for (int64_t x = 0; x < grid.x.samples; ++x) {
          double sum = 0;
          forTaps(grid, z, y, x, [&](int64_t offset, double weight) {
            sum += weight * double(coefficients[component * controls + offset]);
          });
          *field++ = T(sum);
        }
      }
    }
  }
}

template <class T>
void adjoint(const FfdGradientArgs& args) {
  const FfdGrid& grid = args.grid;
  const int64_t controls = grid.x.controls * grid.y.controls * grid.z.controls;
  std::vector<double> sums(static_cast<size_t>(controls));
  const T* fieldGradient = static_cast<const T*>(args.fieldGradient);
  T* coefficientGradient = static_cast<T*>(args.coefficientGradient);
  for (int64_t component = 0; component < 3; ++component) {
    for (double& sum : sums) sum = 0;
    for (int64_t z = 0; z < grid.z.samples; ++z) {
      for (int64_t y = 0; y < grid.y.samples; ++y) {
        for (int64_t x = 0; x < grid.x.samples; ++x) {
          const double value = double(*fieldGradient++);
          forTaps(grid, z, y, x, [&](int64_t offset, double weight) {
            sums[static_cast<size_t>(offset)] += weight * value;
          });
        }
      }
    }
    for (double sum : sums) *coefficientGradient++ = T(sum);
  }
}

/** out = one axis of `in` subdivided: new point 2i - 1 lies on old point i. */
template <class T>
void refineAxis(const std::vector<T>& in, std::vector<T>& out, int64_t outer, int64_t controls,
                int64_t inner) {
  const int64_t refined = 2 * controls - 3;
  out.resize(static_cast<size_t>(outer * refined * inner));
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t r = 0; r < refined; ++r) {
      // Twice the old position of the new point, which starts half an interval in.
      const int64_t doubled = r + 1;
      const int64_t i = doubled / 2;
      for (int64_t n = 0; n < inner; ++n) {
        const auto old = [&](int64_t c) {
          return double(in[static_cast<size_t>((o * controls + c) * inner + n)]);
        };
        const double value = doubled % 2 == 0 ? old(i - 1) / 8 + old(i) * 6 / 8 + old(i + 1) / 8
                                              : old(i) / 2 + old(i + 1) / 2;
        out[static_cast<size_t>((o * refined + r) * inner + n)] = T(value);
      }
    }
  }
}

template <class T>
void refine(const FfdRefineArgs& args) {
  int64_t sizes[3] = {args.controls[0], args.controls[1], args.controls[2]};
  const T* in = static_cast<const T*>(args.coefficients);
  std::vector<double> grid(in, in + 3 * sizes[0] * sizes[1] * sizes[2]), next;
  for (int axis = 0; axis < 3; ++axis) {
    if (!args.refined[axis]) continue;
    int64_t inner = 1, outer = 3;
    for (int other = 0; other < axis; ++other) inner *= sizes[other];
    for (int other = axis + 1; other < 3; ++other) outer *= sizes[other];
    refineAxis(grid, next, outer, sizes[axis], inner);
    sizes[axis] = 2 * sizes[axis] - 3;
    grid.swap(next);
  }
  T* out = static_cast<T*>(args.refinedCoefficients);
  for (double value : grid) *out++ = T(value);
}

}  // namespace

void ffdReference(const FfdArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    evaluate<double>(args);
  } else {
    evaluate<float>(args);
  }
}

void ffdGradientReference(const FfdGradientArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    adjoint<double>(args);
  } else {
    adjoint<float>(args);
  }
}

void ffdRefineReference(const FfdRefineArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    refine<double>(args);
  } else {
    refine<float>(args);
  }
}

}  // namespace vk
