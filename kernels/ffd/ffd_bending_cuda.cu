// The energies as c' A c, A being a sum of products of banded matrices of one axis each: a pass for
// each axis, in f64, because A cancels everything affine in the coefficients. And the subdivision
// of a control grid.
#include "core/carve.h"
#include "cuda/cuda_table.h"
#include "cuda/volume.h"
#include "ffd/ffd_math.h"

namespace vk::ffd_bending_cuda {
namespace {

using namespace cuda;

constexpr int kThreads = 256;
/** A row of a Gram matrix has three entries on each side of its diagonal. */
constexpr int kBand = 7;
constexpr int kReach = 3;

/** The Gram matrices of one axis, for the derivatives of order 0, 1 and 2. */
struct GramAxis {
  int64_t controls;
  double interval[3][4][4];
  /** Of the derivatives by mm, and of the mean over the intervals. */
  double scale[3];

  GramAxis(int64_t count, double spacing) : controls(count) {
    ffdIntervalGram(interval);
    scale[0] = 1.0 / (36 * double(count - 3));
    for (int order = 1; order < 3; ++order) {
      scale[order] = scale[order - 1] / (spacing * spacing);
    }
  }
};

struct GramRow {
  double entries[3][kBand];

  /** Summed over the intervals that the control point bears on. */
  __device__ GramRow(const GramAxis& axis, int64_t control) : entries{} {
    VK_UNROLL
    for (int a = 0; a < 4; ++a) {
      if (control - a < 0 || control - a + 4 > axis.controls) continue;
      VK_UNROLL
      for (int order = 0; order < 3; ++order) {
        VK_UNROLL
        for (int b = 0; b < 4; ++b) entries[order][b - a + kReach] += axis.interval[order][a][b];
      }
    }
    VK_UNROLL
    for (int order = 0; order < 3; ++order) {
      VK_UNROLL
      for (int k = 0; k < kBand; ++k) entries[order][k] *= axis.scale[order];
    }
  }
};

/** body(k, step) for the band's entries k that lie within the axis, `step` control points away. */
template <class Body>
__device__ void forBand(const GramAxis& axis, int64_t control, const Body& body) {
  VK_UNROLL
  for (int k = 0; k < kBand; ++k) {
    const int64_t other = control + k - kReach;
    if (other >= 0 && other < axis.controls) body(k, int64_t(k - kReach));
  }
}

/** Coefficients contracted along x by each order's matrix, then along y for each order that is to
 * come along z. */
struct Contracted {
  double* order[3];

  Contracted(int64_t count, Carver& carver)
      : order{carver.take<double>(count), carver.take<double>(count), carver.take<double>(count)} {}
};

template <class T>
__global__ void __launch_bounds__(kThreads, 1)
    gramAlongX(const T* coefficients, GramAxis axis, Volume volume, int64_t count, Contracted out) {
  forEachItem(count, [&](int64_t i) {
    const int64_t x = volume.at(i).x;
    const GramRow row(axis, x);
    double sums[3] = {0, 0, 0};
    forBand(axis, x, [&](int k, int64_t step) {
      const double value = double(coefficients[i + step]);
      for (int order = 0; order < 3; ++order) sums[order] += row.entries[order][k] * value;
    });
    for (int order = 0; order < 3; ++order) out.order[order][i] = sums[order];
  });
}

/** With diffusion d and bending b, of the orders (x, y, z): d for 1 and b for 2 along one axis, 2 b
 * for 1 along two. */
__global__ void __launch_bounds__(kThreads, 1)
    gramAlongY(Contracted in, GramAxis axis, double d, double b, Volume volume, int64_t count,
               Contracted out) {
  const int64_t width = volume.width.divisor();
  forEachItem(count, [&](int64_t i) {
    const int64_t y = volume.at(i).y;
    const GramRow row(axis, y);
    double sums[3] = {0, 0, 0};
    forBand(axis, y, [&](int k, int64_t step) {
      const int64_t at = i + step * width;
      const double g0 = row.entries[0][k], g1 = row.entries[1][k], g2 = row.entries[2][k];
      const double x0 = in.order[0][at], x1 = in.order[1][at], x2 = in.order[2][at];
      sums[0] += g0 * (d * x1 + b * x2) + g1 * (d * x0 + 2 * b * x1) + g2 * (b * x0);
      sums[1] += g0 * (d * x0 + 2 * b * x1) + g1 * (2 * b * x0);
      sums[2] += g0 * (b * x0);
    });
    for (int order = 0; order < 3; ++order) out.order[order][i] = sums[order];
  });
}

/** The gradient 2 A c, and a sum of c' A c a block. */
template <class T>
__global__ void __launch_bounds__(kThreads, 1)
    gramAlongZ(Contracted in, GramAxis axis, Volume volume, int64_t count, const T* coefficients,
               T* gradient, double* partials) {
  VK_SHARED(double, shared, kThreads / kWarpSize);
  const int64_t plane = volume.width.divisor() * volume.height.divisor();
  double energy = 0;
  for (int64_t i = int64_t(blockIdx.x) * kThreads + threadIdx.x; i < count;
       i += int64_t(gridDim.x) * kThreads) {
    const int64_t z = volume.at(i).z % axis.controls;
    const GramRow row(axis, z);
    double sum = 0;
    forBand(axis, z, [&](int k, int64_t step) {
      const int64_t at = i + step * plane;
      for (int order = 0; order < 3; ++order) sum += row.entries[order][k] * in.order[order][at];
    });
    energy += sum * double(coefficients[i]);
    if (gradient != nullptr) gradient[i] = T(2 * sum);
  }
  energy = blockSum<kThreads>(energy, shared);
  if (threadIdx.x == 0) partials[blockIdx.x] = energy;
}

__global__ void __launch_bounds__(kThreads)
    energyTotal(const double* partials, int64_t count, double* total) {
  VK_SHARED(double, shared, kThreads / kWarpSize);
  double sum = 0;
  for (int64_t i = threadIdx.x; i < count; i += kThreads) sum += partials[i];
  sum = blockSum<kThreads>(sum, shared);
  if (threadIdx.x == 0) *total = sum;
}

struct Layout {
  Carver carver;
  int64_t count;
  Grid grid;
  Contracted x;
  Contracted y;
  double* partials;
  double* total;

  Layout(const FfdBendingArgs& args, void* base)
      : carver(base),
        count(3 * args.controls[0] * args.controls[1] * args.controls[2]),
        grid(gridOver(count)),
        x(count, carver),
        y(count, carver),
        partials(carver.take<double>(grid.blocks.x)),
        total(carver.take<double>(1)) {}
};

int64_t bendingWorkspaceBytes(const FfdBendingArgs& args) {
  return Layout(args, nullptr).carver.bytes();
}

template <class T>
void bending(const FfdBendingArgs& args, Context& context, const Layout& layout) {
  const Volume volume(args.controls);
  const T* const coefficients = static_cast<const T*>(args.coefficients);
  const auto axis = [&](int r) { return GramAxis(args.controls[r], args.spacingMm[r]); };
  launch(context, layout.grid, gramAlongX<T>, coefficients, axis(0), volume, layout.count,
         layout.x);
  launch(context, layout.grid, gramAlongY, layout.x, axis(1), args.diffusionWeight,
         args.bendingWeight, volume, layout.count, layout.y);
  launch(context, layout.grid, gramAlongZ<T>, layout.y, axis(2), volume, layout.count, coefficients,
         static_cast<T*>(args.gradient), layout.partials);
  launch(context, {dim3(1), dim3(kThreads)}, energyTotal, layout.partials,
         int64_t(layout.grid.blocks.x), layout.total);
  deliver(context, args.value, layout.total, sizeof(double));
}

void runBending(const FfdBendingArgs& args, Context& context, const Workspace& workspace) {
  const Layout layout(args, workspace.data);
  args.type == VK_F64 ? bending<double>(args, context, layout)
                      : bending<float>(args, context, layout);
}

/** The coarse control points that make one of the finer grid along an axis. */
struct RefineTaps {
  int64_t start;
  int count;
  double outer;
  double inner;

  __device__ RefineTaps(bool refined, int64_t fine) : start(fine), count(1), outer(1), inner(0) {
    if (!refined) return;
    // In half intervals; the finer grid starts half an interval in.
    const int64_t doubled = fine + 1;
    const bool onPoint = doubled % 2 == 0;
    start = onPoint ? doubled / 2 - 1 : doubled / 2;
    count = onPoint ? 3 : 2;
    outer = onPoint ? 0.125 : 0.5;
    inner = onPoint ? 0.75 : 0.5;
  }
  __device__ double weight(int k) const { return k == 1 ? inner : outer; }
};

/** A thread a control point of the finer grid. */
template <class T>
__global__ void __launch_bounds__(kThreads)
    refine(FfdRefineArgs args, Volume fine, int64_t fineDepth, int64_t count) {
  const T* const coefficients = static_cast<const T*>(args.coefficients);
  forEachItem(count, [&](int64_t i) {
    const VoxelAt at = fine.at(i);
    const int64_t component = at.z / fineDepth;
    const RefineTaps x(args.refined[0], at.x), y(args.refined[1], at.y);
    const RefineTaps z(args.refined[2], at.z - component * fineDepth);
    T sum = 0;
    for (int c = 0; c < z.count; ++c) {
      for (int b = 0; b < y.count; ++b) {
        const int64_t plane = component * args.controls[2] + z.start + c;
        const T* const row =
            coefficients + (plane * args.controls[1] + y.start + b) * args.controls[0] + x.start;
        T along = 0;
        for (int a = 0; a < x.count; ++a) along += T(x.weight(a)) * row[a];
        sum += T(z.weight(c) * y.weight(b)) * along;
      }
    }
    static_cast<T*>(args.refinedCoefficients)[i] = sum;
  });
}

void runRefine(const FfdRefineArgs& args, Context& context, const Workspace&) {
  int64_t fine[3];
  for (int axis = 0; axis < 3; ++axis) {
    fine[axis] = refinedControls(args.controls[axis], args.refined[axis]);
  }
  const int64_t count = 3 * fine[0] * fine[1] * fine[2];
  launch(context, gridOver(count), args.type == VK_F64 ? refine<double> : refine<float>, args,
         Volume(fine), fine[2], count);
}

}  // namespace

extern "C" CudaImplementations<FfdBendingArgs> ffd_bendingCuda() {
  static const Implementation<FfdBendingArgs> rows[] = {
      cuda::row<FfdBendingArgs>(runBending, nullptr, bendingWorkspaceBytes)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<FfdRefineArgs> ffd_refineCuda() {
  static const Implementation<FfdRefineArgs> rows[] = {cuda::row<FfdRefineArgs>(runRefine)};
  return cuda::table(rows);
}

}  // namespace vk::ffd_bending_cuda
