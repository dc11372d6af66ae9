// Solves the interpolation equations (c(i-1) + 4 c(i) + c(i+1)) / 6 = s(i) of every line by
// elimination, which shares nothing with the recursive filter of the fast kernel.
#include <vector>

#include "bspline_prefilter/bspline_prefilter.h"

namespace vk {
namespace {

/** Solves a tridiagonal system in place (Thomas). lower[0] and upper[n - 1] are not used. */
void solve(std::vector<double> lower, std::vector<double> diagonal,
           const std::vector<double>& upper, std::vector<double>& right) {
  const size_t n = diagonal.size();
  for (size_t i = 1; i < n; ++i) {
    const double factor = lower[i] / diagonal[i - 1];
    diagonal[i] -= factor * upper[i - 1];
    right[i] -= factor * right[i - 1];
  }
  right[n - 1] /= diagonal[n - 1];
  for (size_t i = n - 1; i-- > 0;) right[i] = (right[i] - upper[i] * right[i + 1]) / diagonal[i];
}

void solveMirror(std::vector<double>& line) {
  const size_t n = line.size();
  std::vector<double> lower(n, 1.0 / 6);
  std::vector<double> diagonal(n, 4.0 / 6);
  std::vector<double> upper(n, 1.0 / 6);
  // Beyond an end comes the neighbour of the end again.
  upper[0] = 2.0 / 6;
  lower[n - 1] = 2.0 / 6;
  solve(lower, diagonal, upper, line);
}

/** Cyclic system by Sherman and Morrison; n >= 3. */
void solvePeriodic(std::vector<double>& line) {
  const size_t n = line.size();
  if (n == 2) {
    const double a = line[0];
    const double b = line[1];
    // (4 c0 + 2 c1) / 6 = a, (2 c0 + 4 c1) / 6 = b
    line[0] = 2 * a - b;
    line[1] = 2 * b - a;
    return;
  }
  const double corner = 1.0 / 6;
  const double gamma = -4.0 / 6;
  std::vector<double> lower(n, corner);
  std::vector<double> diagonal(n, 4.0 / 6);
  std::vector<double> upper(n, corner);
  diagonal[0] -= gamma;
  diagonal[n - 1] -= corner * corner / gamma;
  std::vector<double> u(n, 0.0);
  u[0] = gamma;
  u[n - 1] = corner;
  solve(lower, diagonal, upper, line);
  solve(lower, diagonal, upper, u);
  const double factor =
      (line[0] + corner / gamma * line[n - 1]) / (1 + u[0] + corner / gamma * u[n - 1]);
  for (size_t i = 0; i < n; ++i) line[i] -= factor * u[i];
}

template <class T>
void prefilter(const BsplinePrefilterArgs& args, Context& context) {
  const int64_t sizes[3] = {args.width, args.height, args.depth};
  const int64_t strides[3] = {1, args.width, args.width * args.height};
  const int64_t volume = args.width * args.height * args.depth;
  const T* image = static_cast<const T*>(args.image);
  T* coefficients = static_cast<T*>(args.coefficients);
  std::vector<double> values(static_cast<size_t>(volume));
  std::vector<double> line;
  for (int64_t v = 0; v < args.volumes; ++v) {
    for (int64_t i = 0; i < volume; ++i)
      values[static_cast<size_t>(i)] = double(image[v * volume + i]);
    for (int axis = 0; axis < 3; ++axis) {
      const int64_t size = sizes[axis];
      if (size < 2) continue;
      line.resize(static_cast<size_t>(size));
      for (int64_t start = 0; start < volume; ++start) {
        if (start / strides[axis] % size != 0) continue;
        checkCancelled(context);
        for (int64_t k = 0; k < size; ++k) {
          line[static_cast<size_t>(k)] = values[static_cast<size_t>(start + k * strides[axis])];
        }
        if (args.border == VK_BORDER_PERIODIC) {
          solvePeriodic(line);
        } else {
          solveMirror(line);
        }
        for (int64_t k = 0; k < size; ++k) {
          values[static_cast<size_t>(start + k * strides[axis])] = line[static_cast<size_t>(k)];
        }
      }
    }
    for (int64_t i = 0; i < volume; ++i) {
      coefficients[v * volume + i] = T(values[static_cast<size_t>(i)]);
    }
  }
}

}  // namespace

void bsplinePrefilterReference(const BsplinePrefilterArgs& args, Context& context,
                               const Workspace&) {
  if (args.type == VK_F64) {
    prefilter<double>(args, context);
  } else {
    prefilter<float>(args, context);
  }
}

}  // namespace vk
