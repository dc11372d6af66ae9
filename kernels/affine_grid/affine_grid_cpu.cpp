#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "affine_grid/affine_grid_cpu.cpp"
#include "affine_grid/affine_grid.h"
#include "core/simd_begin.h"

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using F32 = hn::ScalableTag<float>;
constexpr int64_t kLanes = HWY_LANES(float);
/** Voxels whose sums are f32; beyond they are f64. */
constexpr int64_t kRun = 32 * kLanes;

/** A voxel's normalised coordinate is first + step i. */
struct Axis {
  double first, step;

  HWY_INLINE Axis(const AffineGridArgs& args, int r) : first(0), step(0) {
    const int64_t size = args.size[r];
    if (!args.alignCorners) {
      step = 2.0 / double(size);
      first = 0.5 * step - 1;
    } else if (size > 1) {
      step = 2.0 / double(size - 1);
      first = -1;
    }
  }
  HWY_INLINE double at(int64_t i) const { return first + step * double(i); }
};

template <int kAxes>
HWY_INLINE void writeRow(const AffineGridArgs& args, const float* theta, int64_t row, float* out) {
  const F32 d;
  const Axis x(args, 0);
  const double y = Axis(args, 1).at(row % args.size[1]);
  const double z = kAxes == 3 ? Axis(args, 2).at(row / args.size[1]) : 0;
  // The coordinate r of voxel i is base[r] + step[r] i.
  double base[kAxes];
  double step[kAxes];
  for (int r = 0; r < kAxes; ++r) {
    const float* entries = theta + r * (kAxes + 1);
    base[r] = double(entries[0]) * x.first + double(entries[1]) * y + double(entries[kAxes]);
    if constexpr (kAxes == 3) base[r] += double(entries[2]) * z;
    step[r] = double(entries[0]) * x.step;
  }
  const int64_t width = args.size[0];
  int64_t i = 0;
  for (; i + kLanes <= width; i += kLanes) {
    hn::Vec<F32> v[kAxes];
    for (int r = 0; r < kAxes; ++r) {
      // From a start in f64, so that f32 has only the vector's own voxels to add.
      const float start = float(base[r] + step[r] * double(i));
      v[r] = hn::MulAdd(hn::Iota(d, 0), hn::Set(d, float(step[r])), hn::Set(d, start));
    }
    if constexpr (kAxes == 3) {
      hn::StoreInterleaved3(v[0], v[1], v[2], d, out + 3 * i);
    } else {
      hn::StoreInterleaved2(v[0], v[1], d, out + 2 * i);
    }
  }
  for (; i < width; ++i) {
    for (int r = 0; r < kAxes; ++r) out[kAxes * i + r] = float(base[r] + step[r] * double(i));
  }
}

template <int kAxes>
void forward(const AffineGridArgs& args, Context& context) {
  const int64_t chunks = affineGridChunks(args);
  parallelFor(context, args.batch * chunks, [&](int64_t chunk) HWY_ATTR {
    const int64_t item = chunk / chunks;
    const Range rows = chunkRange(args.rows(), affineGridRows(args), chunk % chunks);
    const float* theta = static_cast<const float*>(args.theta) + item * kAxes * (kAxes + 1);
    for (int64_t row = rows.begin; row < rows.end; ++row) {
      writeRow<kAxes>(
          args, theta, row,
          static_cast<float*>(args.grid) + (item * args.rows() + row) * args.size[0] * kAxes);
    }
  });
}

/** Sums over a row of upstream, and of upstream times x, for every coordinate. */
template <int kAxes>
HWY_INLINE void sumRow(const AffineGridArgs& args, const float* upstream, double sum[kAxes],
                       double sumX[kAxes]) {
  const F32 d;
  const Axis x(args, 0);
  const int64_t width = args.size[0];
  for (int r = 0; r < kAxes; ++r) sum[r] = sumX[r] = 0;
  int64_t i = 0;
  while (i + kLanes <= width) {
    // x from the run's first voxel on.
    const double start = x.at(i);
    const int64_t end = i + kRun < width ? i + kRun : width;
    hn::Vec<F32> total[kAxes];
    hn::Vec<F32> moment[kAxes];
    for (int r = 0; r < kAxes; ++r) total[r] = moment[r] = hn::Zero(d);
    auto along = hn::Mul(hn::Iota(d, 0), hn::Set(d, float(x.step)));
    const auto stride = hn::Set(d, float(x.step * double(kLanes)));
    for (; i + kLanes <= end; i += kLanes) {
      hn::Vec<F32> g[3];
      if constexpr (kAxes == 3) {
        hn::LoadInterleaved3(d, upstream + 3 * i, g[0], g[1], g[2]);
      } else {
        hn::LoadInterleaved2(d, upstream + 2 * i, g[0], g[1]);
      }
      for (int r = 0; r < kAxes; ++r) {
        total[r] = hn::Add(total[r], g[r]);
        moment[r] = hn::MulAdd(g[r], along, moment[r]);
      }
      along = hn::Add(along, stride);
    }
    for (int r = 0; r < kAxes; ++r) {
      const double runSum = double(hn::GetLane(hn::SumOfLanes(d, total[r])));
      sum[r] += runSum;
      sumX[r] += start * runSum + double(hn::GetLane(hn::SumOfLanes(d, moment[r])));
    }
  }
  for (; i < width; ++i) {
    for (int r = 0; r < kAxes; ++r) {
      const double g = double(upstream[kAxes * i + r]);
      sum[r] += g;
      sumX[r] += g * x.at(i);
    }
  }
}

template <int kAxes>
void gradient(const AffineGridArgs& args, Context& context, double* partials) {
  constexpr int kEntries = kAxes * (kAxes + 1);
  const int64_t chunks = affineGridChunks(args);
  parallelFor(context, args.batch * chunks, [&](int64_t chunk) HWY_ATTR {
    const int64_t item = chunk / chunks;
    const Range rows = chunkRange(args.rows(), affineGridRows(args), chunk % chunks);
    double sums[kEntries] = {};
    for (int64_t row = rows.begin; row < rows.end; ++row) {
      double sum[kAxes];
      double sumX[kAxes];
      sumRow<kAxes>(
          args,
          static_cast<const float*>(args.grid) + (item * args.rows() + row) * args.size[0] * kAxes,
          sum, sumX);
      const double y = Axis(args, 1).at(row % args.size[1]);
      const double z = kAxes == 3 ? Axis(args, 2).at(row / args.size[1]) : 0;
      for (int r = 0; r < kAxes; ++r) {
        double* entries = sums + r * (kAxes + 1);
        entries[0] += sumX[r];
        entries[1] += y * sum[r];
        if constexpr (kAxes == 3) entries[2] += z * sum[r];
        entries[kAxes] += sum[r];
      }
    }
    for (int k = 0; k < kEntries; ++k) partials[chunk * kEntries + k] = sums[k];
  });
  float* out = static_cast<float*>(args.theta);
  for (int64_t item = 0; item < args.batch; ++item) {
    for (int k = 0; k < kEntries; ++k) {
      double sum = 0;
      for (int64_t chunk = 0; chunk < chunks; ++chunk) {
        sum += partials[(item * chunks + chunk) * kEntries + k];
      }
      out[item * kEntries + k] = float(sum);
    }
  }
}

}  // namespace

void affineGridCpu(const AffineGridArgs& args, Context& context, const Workspace&) {
  args.axes == 3 ? forward<3>(args, context) : forward<2>(args, context);
}

void affineGridGradientCpu(const AffineGridArgs& args, Context& context,
                           const Workspace& workspace) {
  double* partials = workspace.as<double>();
  args.axes == 3 ? gradient<3>(args, context, partials) : gradient<2>(args, context, partials);
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(affineGridCpu);
VK_SIMD_TABLE(affineGridGradientCpu);

}  // namespace vk
#endif
