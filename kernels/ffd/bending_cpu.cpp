// The energies as c' A c, where A is a sum of products of banded 1D Gram matrices: three passes, in
// f64, because A cancels everything affine in the coefficients. The subdivision of a control grid
// is here too.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ffd/bending_cpu.cpp"
#include "core/simd_begin.h"
#include "core/carve.h"
#include "ffd/ffd_math.h"

#ifndef VK_FFD_BENDING_LAYOUT
#define VK_FFD_BENDING_LAYOUT
namespace vk {

/** A Gram matrix has three bands on each side of its diagonal. */
constexpr int64_t kGramTaps = 7;
constexpr int64_t kGramReach = 3;

struct FfdBendingLayout {
  /** Elements from one row to the next, a vector's overhang included. */
  int64_t stride;
  int64_t plane;
  /** Rows of an x-contracted slab, with kGramReach rows of zeros on both sides. */
  int64_t slabRows;
  /** Gram matrices of the derivatives of order 0, 1, 2: x as [order][tap][control], y and z as
   * [order][control][tap]. */
  double *gramX, *gramY, *gramZ;
  /** What each tap of a row adds to the six (z order, x order) sums: [control][tap][6]. */
  double* mixY;
  /** One padded row a slice and component. */
  double* rows;
  /** x-contracted slabs, [component and slice][order][row][x]. */
  double* slabs;
  /** y-contracted planes, [z order][component and slice][row][x]. */
  double* planes;
  double* partials;
  int64_t bytes;

  FfdBendingLayout(const FfdBendingArgs& args, Carver carver)
      : stride((args.controls[0] + 15) / 8 * 8),
        plane(stride * args.controls[1]),
        slabRows(args.controls[1] + 2 * kGramReach),
        gramX(carver.take<double>(3 * kGramTaps * stride)),
        gramY(carver.take<double>(3 * kGramTaps * args.controls[1])),
        gramZ(carver.take<double>(3 * kGramTaps * args.controls[2])),
        mixY(carver.take<double>(6 * kGramTaps * args.controls[1])),
        rows(carver.take<double>(3 * args.controls[2] * (stride + 8))),
        slabs(carver.take<double>(3 * args.controls[2] * 3 * slabRows * stride)),
        planes(carver.take<double>(3 * 3 * args.controls[2] * plane)),
        partials(carver.take<double>(3 * args.controls[2])),
        bytes(carver.bytes()) {}
};

/** The mean over the covered intervals of the product of two basis derivatives, for each order
 * 0 .. 2: element [order][control][tap] goes to out[order * orderStride + control * controlStride +
 * tap * tapStride]. */
void ffdGram(int64_t controls, double spacing, double* out, int64_t orderStride,
             int64_t controlStride, int64_t tapStride);

/** Row of control points of the finer grid: taps start .. start + 2 of the coarse one. */
struct RefineTaps {
  int64_t start;
  float weights[3];
};
RefineTaps refineTaps(int64_t controls, bool refined, int64_t index);

}  // namespace vk
#endif

HWY_BEFORE_NAMESPACE();
namespace vk {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<double>;

/** One slice of one component through x: (cy, cx) f32 to three slabs. */
HWY_ATTR void gramAlongX(const FfdBendingArgs& args, const FfdBendingLayout& layout,
                         int64_t chunk) {
  const D d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t width = args.controls[0], height = args.controls[1];
  const float* in = static_cast<const float*>(args.coefficients) + chunk * height * width;
  double* row = layout.rows + chunk * (layout.stride + 8);
  double* slab = layout.slabs + chunk * 3 * layout.slabRows * layout.stride;
  for (int64_t i = 0; i < layout.stride + 8; ++i) row[i] = 0;
  for (int64_t order = 0; order < 3; ++order) {
    for (int64_t i = 0; i < kGramReach * layout.stride; ++i) {
      slab[order * layout.slabRows * layout.stride + i] = 0;
      slab[((order + 1) * layout.slabRows - kGramReach) * layout.stride + i] = 0;
    }
  }
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) row[x + kGramReach] = double(in[y * width + x]);
    for (int64_t x = 0; x < width; x += lanes) {
      auto s0 = hn::Zero(d), s1 = hn::Zero(d), s2 = hn::Zero(d);
      for (int64_t tap = 0; tap < kGramTaps; ++tap) {
        const auto value = hn::LoadU(d, row + x + tap);
        const double* gram = layout.gramX + tap * layout.stride + x;
        s0 = hn::MulAdd(hn::LoadU(d, gram), value, s0);
        s1 = hn::MulAdd(hn::LoadU(d, gram + kGramTaps * layout.stride), value, s1);
        s2 = hn::MulAdd(hn::LoadU(d, gram + 2 * kGramTaps * layout.stride), value, s2);
      }
      double* out = slab + (y + kGramReach) * layout.stride + x;
      hn::StoreU(s0, d, out);
      hn::StoreU(s1, d, out + layout.slabRows * layout.stride);
      hn::StoreU(s2, d, out + 2 * layout.slabRows * layout.stride);
    }
  }
}

/** The same slice through y: three planes, one for each order of the z derivative to come. */
HWY_ATTR void gramAlongY(const FfdBendingArgs& args, const FfdBendingLayout& layout,
                         int64_t chunk) {
  const D d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t slabSize = layout.slabRows * layout.stride;
  const double* slab = layout.slabs + chunk * 3 * slabSize;
  const int64_t orderStride = 3 * args.controls[2] * layout.plane;
  for (int64_t y = 0; y < args.controls[1]; ++y) {
    for (int64_t x = 0; x < args.controls[0]; x += lanes) {
      auto z0 = hn::Zero(d), z1 = hn::Zero(d), z2 = hn::Zero(d);
      for (int64_t tap = 0; tap < kGramTaps; ++tap) {
        const double* mix = layout.mixY + (y * kGramTaps + tap) * 6;
        const double* in = slab + (y + tap) * layout.stride + x;
        const auto x0 = hn::LoadU(d, in);
        const auto x1 = hn::LoadU(d, in + slabSize);
        const auto x2 = hn::LoadU(d, in + 2 * slabSize);
        z0 = hn::MulAdd(hn::Set(d, mix[0]), x2, z0);
        z0 = hn::MulAdd(hn::Set(d, mix[1]), x1, z0);
        z0 = hn::MulAdd(hn::Set(d, mix[2]), x0, z0);
        z1 = hn::MulAdd(hn::Set(d, mix[3]), x1, z1);
        z1 = hn::MulAdd(hn::Set(d, mix[4]), x0, z1);
        z2 = hn::MulAdd(hn::Set(d, mix[5]), x0, z2);
      }
      double* out = layout.planes + chunk * layout.plane + y * layout.stride + x;
      hn::StoreU(z0, d, out);
      hn::StoreU(z1, d, out + orderStride);
      hn::StoreU(z2, d, out + 2 * orderStride);
    }
  }
}

/** Finishes one slice along z: returns its share of c' A c and writes 2 A c where wanted. */
HWY_ATTR double gramAlongZ(const FfdBendingArgs& args, const FfdBendingLayout& layout,
                           int64_t chunk) {
  const D d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t width = args.controls[0], height = args.controls[1], depth = args.controls[2];
  const int64_t z = chunk % depth;
  const int64_t begin = z < kGramReach ? -z : -kGramReach;
  const int64_t end = depth - z <= kGramReach ? depth - z : kGramReach + 1;
  const int64_t orderStride = 3 * depth * layout.plane;
  const float* coefficients = static_cast<const float*>(args.coefficients) + chunk * height * width;
  float* gradient = static_cast<float*>(args.gradient);
  double* row = layout.rows + chunk * (layout.stride + 8);
  double sum = 0;
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; x += lanes) {
      auto value = hn::Zero(d);
      for (int64_t order = 0; order < 3; ++order) {
        const double* gram = layout.gramZ + (order * depth + z) * kGramTaps + kGramReach;
        const double* in =
            layout.planes + order * orderStride + chunk * layout.plane + y * layout.stride + x;
        for (int64_t tap = begin; tap < end; ++tap) {
          value = hn::MulAdd(hn::Set(d, gram[tap]), hn::LoadU(d, in + tap * layout.plane), value);
        }
      }
      hn::StoreU(value, d, row + x);
    }
    const float* c = coefficients + y * width;
    double rowSum = 0;
    for (int64_t x = 0; x < width; ++x) rowSum += double(c[x]) * row[x];
    sum += rowSum;
    if (gradient == nullptr) continue;
    float* out = gradient + (chunk * height + y) * width;
    for (int64_t x = 0; x < width; ++x) out[x] = float(2 * row[x]);
  }
  return sum;
}

void ffdBendingCpu(const FfdBendingArgs& args, Context& context, const Workspace& workspace) {
  const FfdBendingLayout layout(args, Carver(workspace.data));
  const int64_t ny = args.controls[1], nz = args.controls[2];
  for (int64_t i = 0; i < 3 * kGramTaps * layout.stride; ++i) layout.gramX[i] = 0;
  ffdGram(args.controls[0], args.spacingMm[0], layout.gramX, kGramTaps * layout.stride, 1,
          layout.stride);
  ffdGram(ny, args.spacingMm[1], layout.gramY, ny * kGramTaps, kGramTaps, 1);
  ffdGram(nz, args.spacingMm[2], layout.gramZ, nz * kGramTaps, kGramTaps, 1);
  const double first = args.diffusionWeight, second = args.bendingWeight;
  for (int64_t i = 0; i < ny * kGramTaps; ++i) {
    const double g0 = layout.gramY[i], g1 = layout.gramY[ny * kGramTaps + i];
    const double g2 = layout.gramY[2 * ny * kGramTaps + i];
    double* mix = layout.mixY + i * 6;
    mix[0] = second * g0;
    mix[1] = first * g0 + 2 * second * g1;
    mix[2] = first * g1 + second * g2;
    mix[3] = 2 * second * g0;
    mix[4] = first * g0 + 2 * second * g1;
    mix[5] = second * g0;
  }
  parallelFor(context, 3 * nz, [&](int64_t chunk) HWY_ATTR {
    gramAlongX(args, layout, chunk);
    gramAlongY(args, layout, chunk);
  });
  parallelFor(context, 3 * nz, [&](int64_t chunk) HWY_ATTR {
    layout.partials[chunk] = gramAlongZ(args, layout, chunk);
  });
  double value = 0;
  for (int64_t chunk = 0; chunk < 3 * nz; ++chunk) value += layout.partials[chunk];
  *args.value = value;
}

void ffdRefineCpu(const FfdRefineArgs& args, Context& context, const Workspace& workspace) {
  const int64_t nx = args.controls[0], ny = args.controls[1], nz = args.controls[2];
  const int64_t mx = refinedControls(nx, args.refined[0]);
  const int64_t my = refinedControls(ny, args.refined[1]);
  const int64_t mz = refinedControls(nz, args.refined[2]);
  const float* coarse = static_cast<const float*>(args.coefficients);
  float* fine = static_cast<float*>(args.refinedCoefficients);
  parallelFor(context, 3 * mz, [&](int64_t chunk) HWY_ATTR {
    float* row = workspace.as<float>() + chunk * nx;
    const RefineTaps z = refineTaps(nz, args.refined[2], chunk % mz);
    const float* slice = coarse + (chunk / mz * nz + z.start) * ny * nx;
    for (int64_t j = 0; j < my; ++j) {
      const RefineTaps y = refineTaps(ny, args.refined[1], j);
      for (int64_t x = 0; x < nx; ++x) row[x] = 0;
      for (int64_t k = 0; k < 9; ++k) {
        const float weight = z.weights[k / 3] * y.weights[k % 3];
        // A tap of no weight must not spread a NaN.
        if (weight == 0) continue;
        const float* in = slice + (k / 3 * ny + y.start + k % 3) * nx;
        for (int64_t x = 0; x < nx; ++x) row[x] += weight * in[x];
      }
      float* out = fine + (chunk * my + j) * mx;
      if (!args.refined[0]) {
        for (int64_t x = 0; x < nx; ++x) out[x] = row[x];
        continue;
      }
      for (int64_t x = 0; x + 1 < nx; ++x) out[2 * x] = 0.5f * (row[x] + row[x + 1]);
      for (int64_t x = 1; x + 1 < nx; ++x) {
        out[2 * x - 1] = 0.125f * (row[x - 1] + row[x + 1]) + 0.75f * row[x];
      }
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace vk
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vk {

VK_SIMD_TABLE(ffdBendingCpu);
VK_SIMD_TABLE(ffdRefineCpu);

void ffdGram(int64_t controls, double spacing, double* out, int64_t orderStride,
             int64_t controlStride, int64_t tapStride) {
  double local[3][4][4];
  ffdIntervalGram(local);
  double scale = 1.0 / (36 * double(controls - 3));
  for (int64_t order = 0; order < 3; ++order) {
    for (int64_t control = 0; control < controls; ++control) {
      for (int64_t tap = 0; tap < kGramTaps; ++tap) {
        const int64_t other = control + tap - kGramReach;
        double sum = 0;
        for (int64_t interval = 0; interval + 3 < controls; ++interval) {
          const int64_t a = control - interval, b = other - interval;
          if (a >= 0 && a < 4 && b >= 0 && b < 4) sum += local[order][a][b];
        }
        out[order * orderStride + control * controlStride + tap * tapStride] = scale * sum;
      }
    }
    scale /= spacing * spacing;
  }
}

RefineTaps refineTaps(int64_t controls, bool refined, int64_t index) {
  // In half intervals; the refined grid starts half an interval in.
  const int64_t doubled = refined ? index + 1 : 2 * index;
  const int64_t old = doubled / 2;
  RefineTaps taps{0, {0, 0, 0}};
  if (!refined) {
    taps.start = old + 3 <= controls ? old : controls - 3;
    taps.weights[old - taps.start] = 1;
  } else if (doubled % 2 == 0) {
    taps = {old - 1, {0.125f, 0.75f, 0.125f}};
  } else {
    taps.start = old + 3 <= controls ? old : controls - 3;
    taps.weights[old - taps.start] = 0.5f;
    taps.weights[old - taps.start + 1] = 0.5f;
  }
  return taps;
}

int64_t ffdBendingCpuWorkspaceBytes(const FfdBendingArgs& args) {
  return FfdBendingLayout(args, Carver(nullptr)).bytes;
}

int64_t ffdRefineCpuWorkspaceBytes(const FfdRefineArgs& args) {
  return 3 * refinedControls(args.controls[2], args.refined[2]) * args.controls[0] *
         static_cast<int64_t>(sizeof(float));
}

}  // namespace vk
#endif
