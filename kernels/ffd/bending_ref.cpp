// The energies by quadrature: the spline's derivatives are summed at 4 x 4 x 4 Gauss points of
// every control cell, which is exact for the polynomials of degree 6 that their squares are.
#include <cmath>
#include <vector>

#include "ffd/ffd.h"

namespace vk {
namespace {

/** B-spline (order 0) or its first or second derivative at a signed distance. */
double bsplineDerivative(double distance, int order) {
  const double r = std::fabs(distance), sign = distance < 0 ? -1 : 1;
  if (r >= 2) return 0;
  if (order == 0) return r < 1 ? 2.0 / 3 - r * r + r * r * r / 2 : (2 - r) * (2 - r) * (2 - r) / 6;
  if (order == 1) return sign * (r < 1 ? -2 * r + 1.5 * r * r : -(2 - r) * (2 - r) / 2);
  return r < 1 ? -2 + 3 * r : 2 - r;
}

struct GaussPoint {
  double position, weight;
};

/** Four-point Gauss-Legendre rule on [0, 1]. */
void gaussRule(GaussPoint rule[4]) {
  const double root = std::sqrt(6.0 / 5);
  const double inner = std::sqrt(3.0 / 7 - 2.0 / 7 * root);
  const double outer = std::sqrt(3.0 / 7 + 2.0 / 7 * root);
  const double wide = (18 + std::sqrt(30.0)) / 72, narrow = (18 - std::sqrt(30.0)) / 72;
  rule[0] = {(1 - outer) / 2, narrow};
  rule[1] = {(1 - inner) / 2, wide};
  rule[2] = {(1 + inner) / 2, wide};
  rule[3] = {(1 + outer) / 2, narrow};
}

struct Term {
  int order[3];
  double factor;
};

template <class T>
void bending(const FfdBendingArgs& args) {
  const int64_t nx = args.controls[0], ny = args.controls[1], nz = args.controls[2];
  const int64_t controls = nx * ny * nz;
  std::vector<Term> terms;
  for (int a = 0; a < 3; ++a) {
    Term first{{0, 0, 0}, args.diffusionWeight};
    first.order[a] = 1;
    terms.push_back(first);
    for (int b = 0; b < 3; ++b) {
      Term second{{0, 0, 0}, args.bendingWeight};
      ++second.order[a];
      ++second.order[b];
      terms.push_back(second);
    }
  }
  GaussPoint rule[4];
  gaussRule(rule);
  const double cells = double(nx - 3) * double(ny - 3) * double(nz - 3);
  std::vector<double> gradient(static_cast<size_t>(3 * controls));
  const T* coefficients = static_cast<const T*>(args.coefficients);
  double value = 0;
  for (int64_t cell = 0; cell < (nx - 3) * (ny - 3) * (nz - 3); ++cell) {
    const int64_t origin[3] = {cell % (nx - 3), cell / (nx - 3) % (ny - 3),
                               cell / ((nx - 3) * (ny - 3))};
    for (int point = 0; point < 64; ++point) {
      const int at[3] = {point % 4, point / 4 % 4, point / 16};
      const double weight = rule[at[0]].weight * rule[at[1]].weight * rule[at[2]].weight / cells;
      double derivatives[3][3][4];
      for (int axis = 0; axis < 3; ++axis) {
        for (int order = 0; order < 3; ++order) {
          for (int tap = 0; tap < 4; ++tap) {
            derivatives[axis][order][tap] =
                bsplineDerivative(1 + rule[at[axis]].position - tap, order) /
                std::pow(args.spacingMm[axis], order);
          }
        }
      }
      for (const Term& term : terms) {
        const auto basis = [&](int i, int j, int k) {
          return derivatives[0][term.order[0]][i] * derivatives[1][term.order[1]][j] *
                 derivatives[2][term.order[2]][k];
        };
        for (int component = 0; component < 3; ++component) {
          const auto offset = [&](int i, int j, int k) {
            return static_cast<size_t>(component * controls +
                                       ((origin[2] + k) * ny + origin[1] + j) * nx + origin[0] + i);
          };
          double derivative = 0;
          for (int k = 0; k < 4; ++k)
            for (int j = 0; j < 4; ++j)
              for (int i = 0; i < 4; ++i)
                derivative += basis(i, j, k) * double(coefficients[offset(i, j, k)]);
          value += term.factor * weight * derivative * derivative;
          for (int k = 0; k < 4; ++k)
            for (int j = 0; j < 4; ++j)
              for (int i = 0; i < 4; ++i)
                gradient[offset(i, j, k)] += 2 * term.factor * weight * derivative * basis(i, j, k);
        }
      }
    }
  }
  *args.value = value;
  if (args.gradient == nullptr) return;
  T* out = static_cast<T*>(args.gradient);
  for (double g : gradient) *out++ = T(g);
}

}  // namespace

void ffdBendingReference(const FfdBendingArgs& args, Context&, const Workspace&) {
  if (args.type == VK_F64) {
    bending<double>(args);
  } else {
    bending<float>(args);
  }
}

}  // namespace vk
