// Reductions of a tensor along some of its axes: how the work is dealt to blocks, for any rule of
// reducing and any source of values. The order of everything follows from the shape alone.
#pragma once

#include "core/parallel.h"
#include "cuda/elements.h"

namespace vk::cuda {

constexpr int kReduceThreads = 256;

/** What is reduced, and how. The threads of a block are lanes that share an output, times outputs
 * side by side; where outputs are too few for that, their steps are cut into slices, whose partial
 * results a second kernel puts together. */
struct ReduceTiles {
  /** Where an output's first element lies, and a step's from there. */
  AxisWalk<1> kept;
  AxisWalk<1> reduced;
  int64_t outputs = 0;
  int64_t steps = 0;
  /** A power of two. */
  int32_t lanes = 1;
  /** Whether neighbouring threads take neighbouring steps, not neighbouring outputs. */
  bool along = false;
  int64_t slices = 1;
  int64_t stepsASlice = 0;

  int64_t columns() const { return kReduceThreads / lanes; }
  int64_t blocks() const { return chunkCount(outputs, columns()) * slices; }

  /** Deals `of` outputs of `each` steps. `contiguous`: steps lie next to each other in memory. */
  void split(int64_t of, int64_t each, bool contiguous) {
    outputs = of;
    steps = each;
    along = contiguous;
    constexpr int64_t kAhead = 4;        // steps of a lane at least
    constexpr int64_t kSliceSteps = 32;  // and of one in a slice
    constexpr int64_t kBlocks = 1024;    // more would not make a device busier
    int32_t most = kReduceThreads;
    // An access of a warp is in one piece where 32 outputs lie side by side.
    for (int64_t n = 1; !along && n < kWarpSize && n < outputs; n *= 2) most /= 2;
    while (lanes < most && lanes * kAhead < steps) lanes *= 2;
    const int64_t wanted = outputs > 0 ? kBlocks / chunkCount(outputs, columns()) : 1;
    const int64_t possible = chunkCount(steps, lanes * kSliceSteps);
    slices = wanted < possible ? wanted : possible;
    if (slices < 1) slices = 1;
    stepsASlice = roundUp(chunkCount(steps, slices), lanes);
    if (stepsASlice > 0) slices = chunkCount(steps, stepsASlice);
  }
};

// A source has
//   Value                                               without default values
//   Value load(int64_t offset, int64_t step) const      at an offset, which is an output's step

/** Elements of a tensor as they are. */
template <class T>
struct TensorSource {
  using Value = T;
  const T* values;
  __device__ T load(int64_t offset, int64_t) const { return values[offset]; }
};

// A rule has
//   State                             what a thread has seen, without default values
//   State neutral() const
//   void add(State&, Value) const     another value of the source
//   void merge(State&, State) const   what another thread has seen
//   finish(State) const               the output

/** Sums in f64. */
struct SumRule {
  using State = double;
  __device__ double neutral() const { return 0; }
  __device__ void add(double& sum, double value) const { sum += value; }
  __device__ void merge(double& sum, double other) const { sum += other; }
  __device__ double finish(double sum) const { return sum; }
};

namespace reduce_tiles {

/** The second kernel's rule: its values are what the first one's threads have seen. */
template <class Rule>
struct Merging : Rule {
  using State = typename Rule::State;
  explicit Merging(const Rule& rule) : Rule(rule) {}
  __device__ void add(State& state, const State& other) const { this->merge(state, other); }
};

/** Writes outputs, or the states of slices, those of an output `outputs` apart. */
template <class T, bool kPartial, class Rule, class Source>
__global__ void __launch_bounds__(kReduceThreads, 2)
    reduceTiles(ReduceTiles tiles, Rule rule, Source source, T* to) {
  using State = typename Rule::State;
  constexpr int kAhead = 4;
  VK_SHARED(State, shared, kReduceThreads);
  const int lanes = tiles.lanes;
  const int columns = kReduceThreads / lanes;
  const int lane = tiles.along ? threadIdx.x & (lanes - 1) : threadIdx.x / columns;
  const int column = tiles.along ? threadIdx.x / lanes : threadIdx.x & (columns - 1);
  const int64_t tilesASlice = (tiles.outputs + columns - 1) / columns;
  for (int64_t unit = blockIdx.x; unit < tilesASlice * tiles.slices; unit += gridDim.x) {
    const int64_t slice = unit / tilesASlice;
    const int64_t output = (unit - slice * tilesASlice) * columns + column;
    State state = rule.neutral();
    if (output < tiles.outputs) {
      const int64_t base = tiles.kept.offset(output);
      const int64_t end = min(tiles.steps, (slice + 1) * tiles.stepsASlice);
      for (int64_t step = slice * tiles.stepsASlice + lane; step < end; step += kAhead * lanes) {
        // Loads of several steps are under way at once.
        typename Source::Value values[kAhead];
        VK_UNROLL
        for (int k = 0; k < kAhead; ++k) {
          const int64_t at = step + k * lanes;
          if (at < end) values[k] = source.load(base + tiles.reduced.offset(at), at);
        }
        VK_UNROLL
        for (int k = 0; k < kAhead; ++k) {
          if (step + k * lanes < end) rule.add(state, values[k]);
        }
      }
    }
    const int own = lane * columns + column;
    for (int half = lanes / 2; half > 0; half /= 2) {
      if (lane >= half && lane < 2 * half) shared[own] = state;
      __syncthreads();
      if (lane < half) rule.merge(state, shared[own + half * columns]);
    }
    if (lane == 0 && output < tiles.outputs) {
      if constexpr (kPartial) {
        to[slice * tiles.outputs + output] = state;
      } else {
        to[output] = T(rule.finish(state));
      }
    }
    __syncthreads();
  }
}

}  // namespace reduce_tiles

/** Bytes of scratch memory that reduceTo wants. */
template <class Rule>
int64_t reduceBytes(const ReduceTiles& tiles) {
  return tiles.slices > 1 ? tiles.outputs * tiles.slices * int64_t(sizeof(typename Rule::State))
                          : 0;
}

template <class T, class Rule, class Source>
void reduceTo(Context& context, const ReduceTiles& tiles, const Rule& rule, const Source& source,
              T* output, void* scratch) {
  using namespace reduce_tiles;
  using State = typename Rule::State;
  const Grid grid{dim3(blocksFor(tiles.blocks(), 1)), dim3(kReduceThreads)};
  if (tiles.slices == 1) {
    launch(context, grid, reduceTiles<T, false, Rule, Source>, tiles, rule, source, output);
    return;
  }
  State* const partials = static_cast<State*>(scratch);
  launch(context, grid, reduceTiles<State, true, Rule, Source>, tiles, rule, source, partials);
  ReduceTiles rest;
  rest.kept.add(tiles.outputs, {1});
  rest.reduced.add(tiles.slices, {tiles.outputs});
  rest.split(tiles.outputs, tiles.slices, false);
  rest.slices = 1;
  rest.stepsASlice = tiles.slices;
  launch(context, {dim3(blocksFor(rest.blocks(), 1)), dim3(kReduceThreads)},
         reduceTiles<T, false, Merging<Rule>, TensorSource<State>>, rest, Merging<Rule>(rule),
         TensorSource<State>{partials}, output);
}

}  // namespace vk::cuda
