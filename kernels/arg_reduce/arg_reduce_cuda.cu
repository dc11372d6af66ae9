#include "arg_reduce/arg_reduce.h"
#include "cuda/cuda_table.h"
#include "cuda/reduce_tiles.h"

namespace vk::arg_reduce_cuda {
namespace {

using namespace cuda;

/** An element, and where it lies along the axis. */
template <class T>
struct Found {
  T value;
  /** -1 for none. */
  int64_t index;
};

/** Elements are in one order, whoever compares them: by value, NaN before all, then by index. */
template <class T>
struct BestRule {
  using State = Found<T>;
  bool largest;
  bool selectLast;

  __device__ State neutral() const { return {T(0), -1}; }
  __device__ void add(State& best, const Found<T>& found) const { merge(best, found); }
  __device__ void merge(State& best, const State& other) const {
    if (other.index >= 0 && (best.index < 0 || beats(other, best))) best = other;
  }
  __device__ int64_t finish(const State& best) const { return best.index; }

 private:
  __device__ bool beats(const State& a, const State& b) const {
    const bool isNan = a.value != a.value;
    const bool isOtherNan = b.value != b.value;
    if (isNan != isOtherNan) return isNan;
    if (isNan || a.value == b.value) return selectLast ? a.index > b.index : a.index < b.index;
    return largest ? a.value > b.value : a.value < b.value;
  }
};

template <class T>
struct Elements {
  using Value = Found<T>;
  const T* values;
  __device__ Found<T> load(int64_t offset, int64_t step) const { return {values[offset], step}; }
};

ReduceTiles tilesOf(const AxisSplit& split) {
  ReduceTiles tiles;
  tiles.kept.add(split.outer, {split.size * split.inner});
  if (split.inner > 1) tiles.kept.add(split.inner, {1});
  tiles.reduced.add(split.size, {split.inner});
  tiles.split(split.outer * split.inner, split.size, split.inner == 1);
  return tiles;
}

/** body(T()) with the element type. */
template <class Body>
void withType(vk_element_type type, const Body& body) {
  switch (type) {
    case VK_I32:
      return body(int32_t());
    case VK_I64:
      return body(int64_t());
    default:
      return withFloats(type, body);
  }
}

Refusal accepts(const ArgReduceArgs& args) {
  const bool takes =
      args.type == VK_F32 || args.type == VK_F64 || args.type == VK_I32 || args.type == VK_I64;
  return takes ? "" : "takes f32, f64, i32 and i64 only";
}

int64_t workspaceBytes(const ArgReduceArgs& args) {
  int64_t bytes = 0;
  withType(args.type, [&](auto number) {
    bytes = reduceBytes<BestRule<decltype(number)>>(tilesOf(args.split));
  });
  return bytes;
}

void runArgReduce(const ArgReduceArgs& args, Context& context, const Workspace& workspace) {
  withType(args.type, [&](auto number) {
    using T = decltype(number);
    reduceTo(context, tilesOf(args.split), BestRule<T>{args.largest, args.selectLast},
             Elements<T>{static_cast<const T*>(args.input)}, args.output, workspace.data);
  });
}

}  // namespace

extern "C" CudaImplementations<ArgReduceArgs> arg_reduceCuda() {
  static const Implementation<ArgReduceArgs> rows[] = {
      cuda::row<ArgReduceArgs>(runArgReduce, accepts, workspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk::arg_reduce_cuda
