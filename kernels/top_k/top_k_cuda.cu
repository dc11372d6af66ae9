#include "core/carve.h"
#include "cuda/cuda_table.h"
#include "cuda/elements.h"
#include "top_k/top_k.h"
#include "top_k/top_k_select.h"

namespace vk::top_k_cuda {
namespace {

using namespace cuda;

/** Candidates that a block sorts in its shared memory; of more all columns are sorted together. */
constexpr int64_t kSortedByBlock = 2048;
/** Columns of up to this many elements are a thread's. */
constexpr int64_t kShort = 64;

TopKind kindOf(vk_element_type type) {
  if (type == VK_F32 || type == VK_F64) return TopKind::kFloat;
  return type == VK_U64 ? TopKind::kUnsigned : TopKind::kSigned;
}

template <class Key>
TopColumns<Key> columnsOf(const TopKArgs& args) {
  return {static_cast<const Key*>(args.input),
          args.split.outer * args.split.inner,
          args.split.size,
          args.split.inner,
          Divider(args.split.inner),
          args.k,
          kindOf(args.type),
          args.largest};
}

/** Slices that a column is cut into, none with fewer than k elements: where columns are few, each
 * slice gives its k best, and the best of these are the column's. */
int64_t slicesOf(const TopKArgs& args) {
  constexpr int64_t kBlocks = 512;
  const int64_t columns = args.split.outer * args.split.inner;
  const int64_t least = max(int64_t{8192}, 4 * args.k);
  return max(int64_t{1}, min(kBlocks / max(int64_t{1}, columns), args.split.size / least));
}

template <class Key>
struct Scratch {
  TopCandidates<Key> ofSlices;
  TopCandidates<Key> best;
  int64_t* positions;
  Key* columns;
  void* sorting;
  int64_t bytes;

  Scratch(const TopKArgs& args, void* memory) {
    const int64_t count = args.split.outer * args.split.inner * args.k;
    const int64_t slices = slicesOf(args);
    const int64_t sorted = args.k > kSortedByBlock ? count : 0;
    Carver carver(memory);
    best = {carver.take<Key>(count), carver.take<Key>(count)};
    const int64_t all = slices > 1 ? count * slices : 0;
    ofSlices = {carver.take<Key>(all), carver.take<Key>(all)};
    positions = carver.take<int64_t>(sorted);
    columns = carver.take<Key>(sorted);
    sorting = carver.take<char>(sorted > 0 ? radixSortBytes<Key, int64_t>(sorted) : 0);
    bytes = carver.bytes();
  }
};

template <class Key>
__global__ void __launch_bounds__(kElementThreads, kElementBlocks)
    shortColumns(TopColumns<Key> columns, Key* values, int64_t* indices) {
  forEachItem(columns.count, [&](int64_t column) {
    const Key* const elements = columns.elements(column);
    TopCandidate<Key> last{0, 0};
    for (int64_t j = 0; j < columns.k; ++j) {
      // The best of what comes behind the last one.
      TopCandidate<Key> best{0, 0};
      bool any = false;
      for (int64_t i = 0; i < columns.size; ++i) {
        const TopCandidate<Key> own{columns.key(elements[i * columns.step]), Key(i)};
        if (j > 0 && !isBefore(last, own)) continue;
        if (!any || isBefore(own, best)) best = own;
        any = true;
      }
      const int64_t to = columns.output(column, j);
      values[to] = elements[int64_t(best.index) * columns.step];
      indices[to] = int64_t(best.index);
      last = best;
    }
  });
}

/** Sorts the candidates of a column, and writes them. */
template <class Key>
__global__ void __launch_bounds__(kTopThreads)
    sortColumns(TopColumns<Key> columns, TopCandidates<Key> best, int room, Key* values,
                int64_t* indices) {
  using Candidate = TopCandidate<Key>;
  VK_DYNAMIC_SHARED(Candidate, items);
  for (int64_t column = blockIdx.x; column < columns.count; column += gridDim.x) {
    for (int64_t i = threadIdx.x; i < room; i += kTopThreads) {
      const int64_t from = column * columns.k + i;
      // What only fills up comes last.
      items[i] = i < columns.k ? Candidate{best.keys[from], best.indices[from]}
                               : Candidate{Key(~Key(0)), Key(~Key(0))};
    }
    blockSort<kTopThreads>(items, room, isBefore<Key>);
    const Key* const elements = columns.elements(column);
    for (int64_t j = threadIdx.x; j < columns.k; j += kTopThreads) {
      const int64_t to = columns.output(column, j);
      values[to] = elements[int64_t(items[j].index) * columns.step];
      indices[to] = int64_t(items[j].index);
    }
    __syncthreads();
  }
}

/** Numbers the candidates of all columns. */
static __global__ void __launch_bounds__(kElementThreads, kElementBlocks)
    numberPositions(int64_t count, int64_t* positions) {
  forEachItem(count, [&](int64_t i) { positions[i] = i; });
}

template <class Key>
__global__ void __launch_bounds__(kElementThreads, kElementBlocks)
    findColumns(int64_t count, Divider k, const int64_t* positions, Key* columns) {
  forEachItem(count, [&](int64_t i) { columns[i] = Key(k.quotient(positions[i])); });
}

template <class Key>
__global__ void __launch_bounds__(kElementThreads, kElementBlocks)
    writeSorted(TopColumns<Key> columns, Divider k, const int64_t* positions, const Key* candidates,
                Key* values, int64_t* indices) {
  forEachItem(columns.count * columns.k, [&](int64_t i) {
    const int64_t column = k.quotient(i);
    const int64_t index = int64_t(candidates[positions[i]]);
    const int64_t to = columns.output(column, i - column * columns.k);
    values[to] = columns.elements(column)[index * columns.step];
    indices[to] = index;
  });
}

/** Of all columns at once: by key, and then by column, which keeps the order of the keys. */
template <class Key>
void sortTogether(const TopKArgs& args, Context& context, const Scratch<Key>& scratch) {
  const TopColumns<Key> columns = columnsOf<Key>(args);
  const int64_t count = columns.count * columns.k;
  const Divider k(columns.k);
  launch(context, gridOver(count), numberPositions, count, scratch.positions);
  radixSort<Key, int64_t>(context, scratch.best.keys, scratch.positions, count, 0, 8 * sizeof(Key),
                          scratch.sorting);
  if (columns.count > 1) {
    launch(context, gridOver(count), findColumns<Key>, count, k, scratch.positions,
           scratch.columns);
    radixSort<Key, int64_t>(context, scratch.columns, scratch.positions, count, 0,
                            bitsOfNumbers(columns.count), scratch.sorting);
  }
  launch(context, gridOver(count), writeSorted<Key>, columns, k, scratch.positions,
         scratch.best.indices, static_cast<Key*>(args.values), args.indices);
}

template <class Key>
void topK(const TopKArgs& args, Context& context, const Workspace& workspace) {
  const TopColumns<Key> columns = columnsOf<Key>(args);
  Key* const values = static_cast<Key*>(args.values);
  if (columns.size <= kShort) {
    launch(context, gridOver(columns.count), shortColumns<Key>, columns, values, args.indices);
    return;
  }
  const Scratch<Key> scratch(args, workspace.data);
  const int64_t slices = slicesOf(args);
  const auto blocks = [](int64_t units) {
    return Grid{dim3(blocksFor(units, 1)), dim3(kTopThreads)};
  };
  const TopSlices<Key> ofColumns{columns, slices};
  if (slices == 1) {
    launch(context, blocks(columns.count), selectBest<Key, TopSlices<Key>>, ofColumns, args.k,
           columns.count, scratch.best);
  } else {
    launch(context, blocks(columns.count * slices), selectBest<Key, TopSlices<Key>>, ofColumns,
           args.k, columns.count * slices, scratch.ofSlices);
    launch(context, blocks(columns.count), selectBest<Key, TopLists<Key>>,
           TopLists<Key>{scratch.ofSlices, slices * args.k}, args.k, columns.count, scratch.best);
  }
  if (args.k > kSortedByBlock) return sortTogether<Key>(args, context, scratch);
  int room = 1;
  while (room < args.k) room *= 2;
  Grid grid = blocks(columns.count);
  grid.sharedBytes = size_t(room) * sizeof(TopCandidate<Key>);
  launch(context, grid, sortColumns<Key>, columns, scratch.best, room, values, args.indices);
}

bool isNarrow(const TopKArgs& args) { return args.type == VK_F32 || args.type == VK_I32; }

void runTopK(const TopKArgs& args, Context& context, const Workspace& workspace) {
  if (args.split.outer * args.split.inner * args.k == 0) return;
  if (isNarrow(args)) {
    topK<uint32_t>(args, context, workspace);
  } else {
    topK<uint64_t>(args, context, workspace);
  }
}

Refusal accepts(const TopKArgs& args) {
  const bool takes = args.type == VK_F32 || args.type == VK_F64 || args.type == VK_I32 ||
                     args.type == VK_I64 || args.type == VK_U64;
  if (!takes) return "takes f32, f64, i32, i64 and u64 only";
  return args.split.size < int64_t{1} << 32 ? "" : "takes less than 2^32 elements along the axis";
}

int64_t workspaceBytes(const TopKArgs& args) {
  if (args.split.size <= kShort) return 0;
  return isNarrow(args) ? Scratch<uint32_t>(args, nullptr).bytes
                        : Scratch<uint64_t>(args, nullptr).bytes;
}

}  // namespace

extern "C" CudaImplementations<TopKArgs> top_kCuda() {
  static const Implementation<TopKArgs> rows[] = {
      cuda::row<TopKArgs>(runTopK, accepts, workspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk::top_k_cuda
