#include "compose/field_device.h"
#include "cuda/cuda_table.h"
#include "cuda/fixed_sums.h"
#include "exponential/exponential.h"
#include "exponential/exponential_device.h"

namespace vk::exponential_gradient_cuda {
namespace {

using namespace cuda;

/** What the corners of a cell receive from an upstream that is no finite number: those of no
 * weight, too. */
template <class T>
__device__ void addNonFinite(const FixedSums& sums, int64_t first, const int64_t size[3],
                             const FieldCell<T>& cell, T upstream) {
  for (int corner = 0; corner < 8; ++corner) {
    const int a = corner & 1, b = corner >> 1 & 1, c = corner >> 2;
    const T weight = (a ? cell.x.fraction : 1 - cell.x.fraction) *
                     (b ? cell.y.fraction : 1 - cell.y.fraction) *
                     (c ? cell.z.fraction : 1 - cell.z.fraction);
    const int64_t voxel = cell.row(size, c, b) + (a ? cell.x.above : cell.x.below);
    sums.addNonFinite(first + voxel, double(weight * upstream));
  }
}

/** Of one squaring: the gradient is left with what comes by the term itself and by the positions,
 * the sums with what comes by the values sampled there. A thread a voxel; the lanes of a warp stay
 * together, to pass on to their neighbours what falls on the same voxels. */
template <class T>
__global__ void __launch_bounds__(256, 1)
    squareAdjoint(const T* field, T scale, FieldMap<T> map, Volume volume, int64_t voxels,
                  FixedSums sums, T* gradient) {
  const FixedUnit<T> unit(*sums.range, sums.log2Addends);
  forEachItem((voxels + kWarpSize - 1) / kWarpSize * kWarpSize, [&](int64_t i) {
    const bool active = i < voxels;
    T u[3] = {0, 0, 0};
    T g[3] = {0, 0, 0};
    if (active) {
      loadVector(field, voxels, i, u);
      loadVector(gradient, voxels, i, g);
    }
    for (int k = 0; k < 3; ++k) u[k] *= scale;
    const FieldCell<T> cell(map, FieldPosition<T>(volume.at(active ? i : 0)), u);
    const T fx = cell.x.fraction, fy = cell.y.fraction, fz = cell.z.fraction;
    T slope[3] = {0, 0, 0};
    VK_UNROLL
    for (int c = 0; c < 2; ++c) {
      VK_UNROLL
      for (int b = 0; b < 2; ++b) {
        const T weightY = b ? fy : 1 - fy;
        const T weightZ = c ? fz : 1 - fz;
        const T* const row = field + cell.row(map.size, c, b);
        VK_UNROLL
        for (int k = 0; k < 3; ++k) {
          const T left = scale * row[k * voxels + cell.x.below];
          const T right = scale * row[k * voxels + cell.x.above];
          const T between = g[k] * ((1 - fx) * left + fx * right);
          slope[0] += weightY * weightZ * (g[k] * (right - left));
          slope[1] += (b ? weightZ : -weightZ) * between;
          slope[2] += (c ? weightY : -weightY) * between;
        }
      }
    }
    slope[0] *= T(cell.x.moves);
    slope[1] *= T(cell.y.moves);
    slope[2] *= T(cell.z.moves);
    if (active) {
      T own[3];
      for (int k = 0; k < 3; ++k) {
        own[k] = g[k] + (map.offsets[k] * slope[0] + map.offsets[3 + k] * slope[1] +
                         map.offsets[6 + k] * slope[2]);
      }
      storeVector(gradient, voxels, i, own);
    }
    const int32_t first[3] = {int32_t(cell.x.below), int32_t(cell.y.below), int32_t(cell.z.below)};
    const int32_t pair[2] = {first[0], int32_t(cell.x.above)};
    const WarpRun run(active, first);
    VK_UNROLL
    for (int k = 0; k < 3; ++k) {
      if (g[k] - g[k] != 0) {
        addNonFinite(sums, k * voxels, map.size, cell, g[k]);
        g[k] = 0;
      }
      const T scaled = unit.scaled(g[k]);
      VK_UNROLL
      for (int c = 0; c < 2; ++c) {
        VK_UNROLL
        for (int b = 0; b < 2; ++b) {
          const T weight = scaled * (b ? fy : 1 - fy) * (c ? fz : 1 - fz);
          long long values[2] = {roundedToInteger(weight * (1 - fx)),
                                 roundedToInteger(weight * fx)};
          addRuns(sums, k * voxels + cell.row(map.size, c, b), pair, values, run);
        }
      }
    }
  });
}

/** Puts the two parts together. */
template <class T>
__global__ void __launch_bounds__(256) addSums(FixedSums sums, T scale, T* gradient) {
  const FixedUnit<T> unit(*sums.range, sums.log2Addends);
  forEachItem(sums.count,
              [&](int64_t i) { gradient[i] = scale * (gradient[i] + sums.total(i, unit)); });
}

/** Of the fields between the squarings every `segment`-th is kept; those between are made again. */
template <class T>
struct Layout {
  Carver carver;
  int64_t elements;
  int32_t segment = 1;
  int32_t kept = 0;
  FixedSums sums;
  T* fields;

  Layout(const ExponentialGradientArgs& args, void* base)
      : carver(base),
        elements(3 * exponentialVoxels(args.size)),
        sums(elements, elements / 3, carver) {
    while (segment * segment < args.steps) ++segment;
    kept = (args.steps + segment - 1) / segment;
    // The first kept one is the velocity itself.
    fields = carver.take<T>((kept > 0 ? kept - 1 + segment - 1 : 0) * elements);
  }
  T* keptField(int32_t s) const { return fields + (s - 1) * elements; }
  T* within(int32_t j) const { return fields + (kept - 1 + j - 1) * elements; }
};

template <class T>
class Gradient {
 public:
  Gradient(const ExponentialGradientArgs& args, Context& context, const Layout<T>& layout)
      : args_(args), context_(context), layout_(layout), map_(args.size, args.displacementMap) {}

  void run() {
    T* const gradient = static_cast<T*>(args_.velocityGradient);
    check(cudaMemcpyAsync(gradient, args_.displacementGradient,
                          size_t(layout_.elements) * sizeof(T), cudaMemcpyDefault,
                          streamOf(context_)));
    for (int32_t s = 0; s + 1 < layout_.kept; ++s) {
      for (int32_t j = 0; j < layout_.segment; ++j) {
        squareOf(s, j, j + 1 == layout_.segment ? layout_.keptField(s + 1) : layout_.within(j + 1));
      }
    }
    for (int32_t s = layout_.kept - 1; s >= 0; --s) {
      const int32_t left = args_.steps - s * layout_.segment;
      const int32_t length = left < layout_.segment ? left : layout_.segment;
      for (int32_t j = 0; j + 1 < length; ++j) squareOf(s, j, layout_.within(j + 1));
      for (int32_t j = length - 1; j >= 0; --j) adjoint(fieldAt(s, j), s == 0 && j == 0, gradient);
    }
  }

 private:
  struct Field {
    const T* data;
    T scale;
  };

  T velocityScale() const { return T(ldexp(1.0, -args_.steps)); }
  int64_t voxels() const { return layout_.elements / 3; }

  /** The field after j squarings in segment s. */
  Field fieldAt(int32_t s, int32_t j) const {
    if (j > 0) return {layout_.within(j), T(1)};
    if (s > 0) return {layout_.keptField(s), T(1)};
    return {static_cast<const T*>(args_.velocity), velocityScale()};
  }

  void squareOf(int32_t s, int32_t j, T* out) {
    const Field field = fieldAt(s, j);
    launch(context_, gridOver(voxels()), exponentialSquare<T>, field.data, field.scale, map_,
           Volume(args_.size), voxels(), out);
  }

  void adjoint(const Field& field, bool last, T* gradient) {
    const FixedSums& sums = layout_.sums;
    sums.begin(context_, static_cast<const T*>(gradient), layout_.elements);
    launch(context_, gridOver(voxels()), squareAdjoint<T>, field.data, field.scale, map_,
           Volume(args_.size), voxels(), sums, gradient);
    launch(context_, gridOver(sums.count), addSums<T>, sums, last ? velocityScale() : T(1),
           gradient);
  }

  const ExponentialGradientArgs& args_;
  Context& context_;
  const Layout<T>& layout_;
  FieldMap<T> map_;
};

template <class T>
void gradientOf(const ExponentialGradientArgs& args, Context& context, void* base) {
  const Layout<T> layout(args, base);
  Gradient<T>(args, context, layout).run();
}

int64_t workspaceBytes(const ExponentialGradientArgs& args) {
  return args.type == VK_F64 ? Layout<double>(args, nullptr).carver.bytes()
                             : Layout<float>(args, nullptr).carver.bytes();
}

Refusal accepts(const ExponentialGradientArgs& args) {
  for (const int64_t size : args.size) {
    if (size > INT32_MAX) return "takes fewer than 2^31 voxels along an axis";
  }
  return "";
}

void runGradient(const ExponentialGradientArgs& args, Context& context,
                 const Workspace& workspace) {
  args.type == VK_F64 ? gradientOf<double>(args, context, workspace.data)
                      : gradientOf<float>(args, context, workspace.data);
}

}  // namespace

extern "C" CudaImplementations<ExponentialGradientArgs> exponential_gradientCuda() {
  static const Implementation<ExponentialGradientArgs> rows[] = {
      cuda::row<ExponentialGradientArgs>(runGradient, accepts, workspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk::exponential_gradient_cuda
