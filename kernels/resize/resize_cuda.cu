#include <algorithm>

#include "core/carve.h"
#include "cuda/cuda_table.h"
#include "cuda/elements.h"
#include "resize/resize.h"
#include "resize/resize_math.h"

// A table of taps for each axis, then one axis after the other; filters of at most two taps an axis
// in one pass without anything in between. The gradient gathers by the same tables: the outputs
// that a voxel is a tap of are neighbours, because positions go one way.

namespace vk::resize_cuda {
namespace {

using namespace cuda;

/** Of the tensors between two axes: groups of planes stay in the second-level cache. */
constexpr int64_t kGroupBytes = int64_t{32} << 20;

/** One axis. The taps of output i are inputs first[i] to first[i] + count[i] - 1, whose weights are
 * weights[tap * outSize + i]; those of 0 do not count. */
template <class T>
struct Table {
  int64_t* first;
  int32_t* count;
  T* weights;
  /** Of the gradient: outputs [ranges[2 v], ranges[2 v + 1]) may have voxel v as a tap. */
  int64_t* ranges;
  int64_t inSize;
  int64_t outSize;
};

/** A thread an output. */
template <class T>
__global__ void __launch_bounds__(256) fillTable(ResizeArgs args, int axis, Table<T> table) {
  forEachItem(table.outSize, [&](int64_t i) {
    const ResizeSpan span = resizeSpan(args, axis, i);
    // Outside, so that positions still go one way.
    const int64_t nowhere = span.position < 0 ? -1 : table.inSize;
    table.first[i] = span.outside ? nowhere : span.first;
    table.count[i] = span.outside ? 0 : int32_t(span.last - span.first + 1);
    for (int64_t at = span.first; at <= span.last && !span.outside; ++at) {
      table.weights[(at - span.first) * table.outSize + i] = T(resizeShare(args, span, at));
    }
  });
}

/** The least i for which isPast(i), which is so for all beyond it. */
template <class Past>
__device__ int64_t firstPast(int64_t count, const Past& isPast) {
  int64_t low = 0, high = count;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (isPast(middle)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

/** A thread an input. */
template <class T>
__global__ void __launch_bounds__(256) fillRanges(Table<T> table, bool descends) {
  const auto firstOf = [&](int64_t i) { return table.first[i]; };
  const auto lastOf = [&](int64_t i) {
    return table.count[i] == 0 ? table.first[i] : table.first[i] + table.count[i] - 1;
  };
  forEachItem(table.inSize, [&](int64_t v) {
    table.ranges[2 * v] = firstPast(
        table.outSize, [&](int64_t i) { return descends ? firstOf(i) <= v : lastOf(i) >= v; });
    table.ranges[2 * v + 1] = firstPast(
        table.outSize, [&](int64_t i) { return descends ? lastOf(i) < v : firstOf(i) > v; });
  });
}

/** From (outer, inSize, inner) to (outer, outSize, inner). */
template <class T>
__global__ void __launch_bounds__(256)
    alongAxis(const T* from, Table<T> table, Divider inner, Divider size, int64_t items, T* to) {
  forEachItem(items, [&](int64_t item) {
    const int64_t line = inner.quotient(item);
    const int64_t plane = size.quotient(line);
    const int64_t i = line - plane * table.outSize;
    const int64_t stride = inner.divisor();
    const T* const taps =
        from + (plane * table.inSize + table.first[i]) * stride + (item - line * stride);
    T sum = 0;
    for (int32_t tap = 0; tap < table.count[i]; ++tap) {
      const T weight = table.weights[tap * table.outSize + i];
      if (weight != 0) sum = fma(weight, taps[tap * stride], sum);
    }
    to[item] = sum;
  });
}

/** The adjoint: from (outer, outSize, inner) to (outer, inSize, inner). */
template <class T>
__global__ void __launch_bounds__(256) backAlongAxis(const T* from, Table<T> table, Divider inner,
                                                     Divider size, int64_t items, T* to) {
  forEachItem(items, [&](int64_t item) {
    const int64_t line = inner.quotient(item);
    const int64_t plane = size.quotient(line);
    const int64_t v = line - plane * table.inSize;
    const int64_t stride = inner.divisor();
    const T* const start = from + plane * table.outSize * stride + (item - line * stride);
    T sum = 0;
    for (int64_t i = table.ranges[2 * v]; i < table.ranges[2 * v + 1]; ++i) {
      const int64_t tap = v - table.first[i];
      if (tap < 0 || tap >= table.count[i]) continue;
      const T weight = table.weights[tap * table.outSize + i];
      if (weight != 0) sum = fma(weight, start[i * stride], sum);
    }
    to[item] = sum;
  });
}

/** In the order z, y, x. */
template <class T>
struct Tables {
  Table<T> axes[3];
};

/** The taps of all axes of an output at once. */
template <class T>
__global__ void __launch_bounds__(256)
    allAxes(const T* from, Tables<T> tables, Divider height, Divider width, Divider depth,
            int64_t items, T extrapolated, T* to) {
  const Table<T>& tz = tables.axes[0];
  const Table<T>& ty = tables.axes[1];
  const Table<T>& tx = tables.axes[2];
  forEachItem(items, [&](int64_t item) {
    const int64_t row = width.quotient(item);
    const int64_t slice = height.quotient(row);
    const int64_t plane = depth.quotient(slice);
    const int64_t x = item - row * tx.outSize;
    const int64_t y = row - slice * ty.outSize;
    const int64_t z = slice - plane * tz.outSize;
    const int32_t nz = tz.count[z], ny = ty.count[y], nx = tx.count[x];
    T sum = nz == 0 || ny == 0 || nx == 0 ? extrapolated : T(0);
    for (int32_t c = 0; c < nz; ++c) {
      const T wz = tz.weights[c * tz.outSize + z];
      if (wz == 0) continue;
      for (int32_t b = 0; b < ny; ++b) {
        const T wy = ty.weights[b * ty.outSize + y];
        if (wy == 0) continue;
        const int64_t sliceIn = plane * tz.inSize + tz.first[z] + c;
        const T* const taps =
            from + (sliceIn * ty.inSize + ty.first[y] + b) * tx.inSize + tx.first[x];
        T along = 0;
        for (int32_t a = 0; a < nx; ++a) {
          const T wx = tx.weights[a * tx.outSize + x];
          if (wx != 0) along = fma(wx, taps[a], along);
        }
        sum = fma(wz * wy, along, sum);
      }
    }
    to[item] = sum;
  });
}

/** Where there are no taps along some axis. */
template <class T>
__global__ void __launch_bounds__(256) extrapolate(Tables<T> tables, Divider height, Divider width,
                                                   Divider depth, int64_t items, T value, T* to) {
  forEachItem(items, [&](int64_t item) {
    const int64_t row = width.quotient(item);
    const int64_t slice = height.quotient(row);
    const int64_t plane = depth.quotient(slice);
    if (tables.axes[0].count[slice - plane * depth.divisor()] == 0 ||
        tables.axes[1].count[row - slice * height.divisor()] == 0 ||
        tables.axes[2].count[item - row * width.divisor()] == 0) {
      to[item] = value;
    }
  });
}

// --- the host side

int64_t mostTaps(const ResizeArgs& args, int axis) {
  if (args.outSize[axis] == 0) return 0;
  if (args.params.mode == VK_SAMPLING_NEAREST) return 1;
  return std::min(2 * resizeReach(args, axis), args.inSize[axis]);
}

/** An axis along which nothing moves. */
bool copies(const ResizeArgs& args, int axis) {
  const double scale = args.params.scale[axis];
  return args.inSize[axis] == args.outSize[axis] && (scale == 0 || scale == 1) &&
         args.params.coordinates != VK_RESIZE_TF_CROP_AND_RESIZE;
}

/** The axes in turn, those first that leave the least, and the parts of the workspace. */
template <class T>
struct Plan {
  bool gradient;
  Tables<T> tables;
  int axes[3];
  int count = 0;
  bool atOnce;
  /** Planes that go through the axes together. */
  int64_t group;
  T* between[2];
  int64_t bytes;

  Plan(const ResizeArgs& args, bool isGradient, void* memory) : gradient(isGradient) {
    const int64_t* const to = gradient ? args.inSize : args.outSize;
    const int64_t* const from = gradient ? args.outSize : args.inSize;
    Carver carver(memory);
    atOnce = !gradient;
    for (int axis = 0; axis < 3; ++axis) {
      const int64_t most = mostTaps(args, axis);
      Table<T>& table = tables.axes[axis];
      table.inSize = args.inSize[axis];
      table.outSize = args.outSize[axis];
      table.first = carver.take<int64_t>(table.outSize);
      table.count = carver.take<int32_t>(table.outSize);
      table.weights = carver.take<T>(most * table.outSize);
      table.ranges = gradient ? carver.take<int64_t>(2 * table.inSize) : nullptr;
      atOnce = atOnce && most <= 2;
      if (!copies(args, axis)) axes[count++] = axis;
    }
    const auto growth = [&](int axis) { return double(to[axis]) / double(from[axis]); };
    std::stable_sort(axes, axes + count, [&](int a, int b) { return growth(a) < growth(b); });
    int64_t size[3] = {from[0], from[1], from[2]};
    int64_t largest = 0;
    for (int k = 0; k + 1 < count && !atOnce; ++k) {
      size[axes[k]] = to[axes[k]];
      largest = std::max(largest, size[0] * size[1] * size[2]);
    }
    const int64_t planeBytes = std::max<int64_t>(1, largest * int64_t(sizeof(T)));
    group = std::max<int64_t>(1, std::min(args.planes, kGroupBytes / planeBytes));
    if (largest == 0) group = std::max<int64_t>(1, args.planes);
    for (T*& buffer : between) buffer = carver.take<T>(group * largest);
    bytes = carver.bytes();
  }
};

template <class T>
void build(const ResizeArgs& args, Context& context, const Plan<T>& plan) {
  const vk_resize_params& params = args.params;
  for (int axis = 0; axis < 3; ++axis) {
    const Table<T>& table = plan.tables.axes[axis];
    const bool descends = params.coordinates == VK_RESIZE_TF_CROP_AND_RESIZE &&
                          params.roi_end[axis] < params.roi_begin[axis];
    launch(context, gridOver(table.outSize), fillTable<T>, args, axis, table);
    if (plan.gradient) launch(context, gridOver(table.inSize), fillRanges<T>, table, descends);
  }
}

/** A group of planes through one axis after the other. */
template <class T>
void throughAxes(const ResizeArgs& args, Context& context, const Plan<T>& plan, int64_t planes,
                 const T* from, T* to) {
  const int64_t* const source = plan.gradient ? args.outSize : args.inSize;
  const int64_t* const target = plan.gradient ? args.inSize : args.outSize;
  int64_t size[3] = {source[0], source[1], source[2]};
  for (int k = 0; k < plan.count; ++k) {
    const int axis = plan.axes[k];
    const int64_t inner = axis == 0 ? size[1] * size[2] : axis == 1 ? size[2] : 1;
    size[axis] = target[axis];
    const int64_t items = planes * size[0] * size[1] * size[2];
    T* const result = k + 1 == plan.count ? to : plan.between[k % 2];
    launch(context, gridOver(items), plan.gradient ? backAlongAxis<T> : alongAxis<T>, from,
           plan.tables.axes[axis], Divider(inner), Divider(target[axis]), items, result);
    from = result;
  }
}

template <class T>
void resize(const ResizeArgs& args, Context& context, const Workspace& workspace, bool gradient) {
  const Plan<T> plan(args, gradient, workspace.data);
  const int64_t inPlane = args.inSize[0] * args.inSize[1] * args.inSize[2];
  const int64_t outPlane = args.outSize[0] * args.outSize[1] * args.outSize[2];
  const int64_t fromPlane = gradient ? outPlane : inPlane;
  const int64_t toPlane = gradient ? inPlane : outPlane;
  const T* const from = static_cast<const T*>(args.from);
  T* const to = static_cast<T*>(args.to);
  if (args.planes * toPlane == 0) return;
  if (plan.count == 0) {
    check(cudaMemcpyAsync(to, from, size_t(args.planes * toPlane) * sizeof(T),
                          cudaMemcpyDeviceToDevice, streamOf(context)));
    return;
  }
  build(args, context, plan);
  const Divider depth(args.outSize[0]), height(args.outSize[1]), width(args.outSize[2]);
  const int64_t items = args.planes * toPlane;
  const T outside = T(args.params.extrapolation_value);
  if (plan.atOnce) {
    launch(context, gridOver(items), allAxes<T>, from, plan.tables, height, width, depth, items,
           outside, to);
    return;
  }
  for (int64_t plane = 0; plane < args.planes; plane += plan.group) {
    throughAxes(args, context, plan, std::min(plan.group, args.planes - plane),
                from + plane * fromPlane, to + plane * toPlane);
  }
  if (!gradient && args.params.coordinates == VK_RESIZE_TF_CROP_AND_RESIZE) {
    launch(context, gridOver(items), extrapolate<T>, plan.tables, height, width, depth, items,
           outside, to);
  }
}

template <bool kGradient>
void runResize(const ResizeArgs& args, Context& context, const Workspace& workspace) {
  withFloats(args.type,
             [&](auto number) { resize<decltype(number)>(args, context, workspace, kGradient); });
}

template <bool kGradient>
int64_t workspaceBytes(const ResizeArgs& args) {
  return args.type == VK_F64 ? Plan<double>(args, kGradient, nullptr).bytes
                             : Plan<float>(args, kGradient, nullptr).bytes;
}

}  // namespace

extern "C" CudaImplementations<ResizeArgs> resizeCuda() {
  static const Implementation<ResizeArgs> rows[] = {
      cuda::row<ResizeArgs>(runResize<false>, nullptr, workspaceBytes<false>)};
  return cuda::table(rows);
}

extern "C" CudaImplementations<ResizeArgs> resize_gradientCuda() {
  static const Implementation<ResizeArgs> rows[] = {
      cuda::row<ResizeArgs>(runResize<true>, nullptr, workspaceBytes<true>)};
  return cuda::table(rows);
}

}  // namespace vk::resize_cuda
