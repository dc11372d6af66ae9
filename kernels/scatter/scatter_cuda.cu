#include <type_traits>

#include "core/carve.h"
#include "cuda/cuda_table.h"
#include "cuda/sort.h"
#include "gather/indexing_device.h"
#include "scatter/scatter.h"

namespace vk::scatter_cuda {
namespace {

using namespace cuda;

using Key = uint32_t;
using Entry = uint32_t;

/** Updates sorted by where they go, those of a place in their order. Slices go to the same places
 * in each group and are sorted once. */
struct Sorted {
  const Key* keys;
  const Entry* entries;
  int64_t count;
  Divider byCount;
  Divider length;
  int64_t groups;
  int64_t groupElements;

  VK_HD int64_t items() const { return groups * count * length.divisor(); }

  /** An element of an update. */
  struct Item {
    int64_t position;
    int64_t column;
    int64_t group;
  };
  __device__ Item item(int64_t number) const {
    const int64_t row = length.quotient(number);
    const int64_t group = byCount.quotient(row);
    return {row - group * count, number - row * length.divisor(), group};
  }
  __device__ int64_t update(const Item& item, int64_t position) const {
    return (item.group * count + int64_t(entries[position])) * length.divisor() + item.column;
  }
  __device__ int64_t place(const Item& item) const {
    return item.group * groupElements + int64_t(keys[item.position]) * length.divisor() +
           item.column;
  }
  /** Whether the update at a position goes where the one at another goes. */
  __device__ bool joins(int64_t position, int64_t other) const {
    return position >= 0 && position < count && keys[position] == keys[other];
  }
};

/** Integers wrap around; NaN stays the least and the greatest. */
template <class T>
__device__ T combined(vk_scatter_mode mode, T a, T x) {
  if (mode == VK_SCATTER_MIN) return x < a || x != x ? x : a;
  if (mode == VK_SCATTER_MAX) return x > a || x != x ? x : a;
  if constexpr (std::is_integral_v<T>) {
    using Bits = std::make_unsigned_t<T>;
    return T(mode == VK_SCATTER_ADD ? Bits(a) + Bits(x) : Bits(a) * Bits(x));
  } else {
    return mode == VK_SCATTER_ADD ? a + x : a * x;
  }
}

/** The last update of each place. */
template <class T>
__global__ void __launch_bounds__(kElementThreads, kElementBlocks)
    replace(Sorted sorted, const T* updates, T* output) {
  forEachItem(sorted.items(), [&](int64_t i) {
    const auto item = sorted.item(i);
    if (sorted.joins(item.position + 1, item.position)) return;
    output[sorted.place(item)] = updates[sorted.update(item, item.position)];
  });
}

/** All updates of each place, in their order: by the thread of the first one, and where there are
 * more than a few of single elements by its warp, whose lanes load 32 of them at a time. */
template <class T>
__global__ void __launch_bounds__(kElementThreads, kElementBlocks)
    combine(Sorted sorted, vk_scatter_mode mode, const T* updates, T* output) {
  constexpr int kAhead = 4;
  constexpr int64_t kFew = 32;
  const int lane = threadIdx.x % kWarpSize;
  const bool single = sorted.length.divisor() == 1;
  const int64_t items = sorted.items();
  const int64_t step = int64_t(gridDim.x) * kElementThreads;
  // Whole warps go on together.
  for (int64_t i = int64_t(blockIdx.x) * kElementThreads + threadIdx.x; i - lane < items;
       i += step) {
    const auto item = sorted.item(i < items ? i : 0);
    const bool leads = i < items && !sorted.joins(item.position - 1, item.position);
    const int64_t place = leads ? sorted.place(item) : 0;
    T sum = leads ? output[place] : T(0);
    int64_t next = item.position;
    bool more = leads;
    while (more && !(single && next - item.position >= kFew)) {
      T values[kAhead];
      bool joins[kAhead];
      VK_UNROLL
      for (int k = 0; k < kAhead; ++k) {
        joins[k] = sorted.joins(next + k, item.position);
        if (joins[k]) values[k] = updates[sorted.update(item, next + k)];
      }
      VK_UNROLL
      for (int k = 0; k < kAhead; ++k) {
        if (joins[k]) sum = combined(mode, sum, values[k]);
      }
      more = joins[kAhead - 1];
      next += kAhead;
    }
    unsigned waiting = __ballot_sync(kWholeWarp, more);
    while (waiting != 0) {
      const int owner = __ffs(int(waiting)) - 1;
      waiting &= waiting - 1;
      const int64_t from = __shfl_sync(kWholeWarp, next, owner);
      const int64_t first = __shfl_sync(kWholeWarp, item.position, owner);
      const int64_t group = __shfl_sync(kWholeWarp, item.group, owner);
      T total = __shfl_sync(kWholeWarp, sum, owner);
      unsigned all = kWholeWarp;
      for (int64_t at = from; all == kWholeWarp; at += kWarpSize) {
        const bool joins = sorted.joins(at + lane, first);
        const T value = joins ? updates[sorted.update({first, 0, group}, at + lane)] : T(0);
        all = __ballot_sync(kWholeWarp, joins);
        const int count = __popc(all);
        for (int k = 0; k < count; ++k) {
          total = combined(mode, total, __shfl_sync(kWholeWarp, value, k));
        }
      }
      if (lane == owner) sum = total;
    }
    if (leads) output[place] = sum;
  }
}

__global__ void __launch_bounds__(kElementThreads, kElementBlocks)
    listUpdates(DeviceIndexing indexing, Divider length, int64_t count, Key* keys, Entry* entries) {
  forEachItem(count, [&](int64_t entry) {
    keys[entry] = Key(length.quotient(indexing.place(entry)));
    entries[entry] = Entry(entry);
  });
}

/** Places of updates: those of one group where all have the same. */
int64_t placesOf(const ScatterArgs& args) {
  const Indexing& indexing = args.indexing;
  if (indexing.kind == VK_INDEX_SLICES) return indexing.sizes[0];
  return indexing.length > 0 ? args.count / indexing.length : 0;
}

struct Scratch {
  unsigned long long* outside;
  Key* keys;
  Entry* entries;
  void* sorting;
  int64_t bytes;

  Scratch(const ScatterArgs& args, void* memory) {
    const int64_t count = indexEntries(args.indexing);
    Carver carver(memory);
    outside = carver.take<unsigned long long>(1);
    keys = carver.take<Key>(count);
    entries = carver.take<Entry>(count);
    sorting = carver.take<char>(radixSortBytes<Key, Entry>(count));
    bytes = carver.bytes();
  }
};

template <class T>
void apply(const ScatterArgs& args, const Sorted& sorted, Context& context) {
  const T* const updates = static_cast<const T*>(args.updates);
  T* const output = static_cast<T*>(args.output);
  if constexpr (std::is_floating_point_v<T> || std::is_signed_v<T>) {
    launch(context, gridOver(sorted.items()), combine<T>, sorted, args.mode, updates, output);
  } else {
    launch(context, gridOver(sorted.items()), replace<T>, sorted, updates, output);
  }
}

void runScatter(const ScatterArgs& args, Context& context, const Workspace& workspace) {
  const Indexing& indexing = args.indexing;
  const Scratch scratch(args, workspace.data);
  requireInside("scatter", indexing, context, scratch.outside);
  const size_t bytes = size_t(args.count * elementSize(args.type));
  if (args.data == nullptr) {
    check(cudaMemsetAsync(args.output, 0, bytes, streamOf(context)));
  } else if (args.data != args.output) {
    check(cudaMemcpyAsync(args.output, args.data, bytes, cudaMemcpyDeviceToDevice,
                          streamOf(context)));
  }
  const bool slices = indexing.kind == VK_INDEX_SLICES;
  const int64_t count = indexEntries(indexing);
  const Sorted sorted{scratch.keys,          scratch.entries,          count,
                      Divider(count),        Divider(indexing.length), slices ? indexing.groups : 1,
                      indexing.groupElements};
  if (count == 0 || indexing.length == 0 || sorted.groups == 0) return;
  launch(context, gridOver(count), listUpdates, DeviceIndexing(indexing), Divider(indexing.length),
         count, scratch.keys, scratch.entries);
  radixSort<Key, Entry>(context, scratch.keys, scratch.entries, count, 0,
                        bitsOfNumbers(placesOf(args)), scratch.sorting);
  if (args.mode == VK_SCATTER_REPLACE) {
    withBits(elementSize(args.type),
             [&](auto bits) { apply<decltype(bits)>(args, sorted, context); });
    return;
  }
  switch (args.type) {
    case VK_I32:
      return apply<int32_t>(args, sorted, context);
    case VK_I64:
      return apply<int64_t>(args, sorted, context);
    case VK_F64:
      return apply<double>(args, sorted, context);
    default:
      return apply<float>(args, sorted, context);
  }
}

Refusal accepts(const ScatterArgs& args) {
  const bool known =
      args.type == VK_F32 || args.type == VK_F64 || args.type == VK_I32 || args.type == VK_I64;
  if (!known && args.mode != VK_SCATTER_REPLACE) return "combines f32, f64, i32 and i64 only";
  constexpr int64_t kMost = int64_t{1} << 32;
  return placesOf(args) < kMost && indexEntries(args.indexing) < kMost
             ? ""
             : "takes less than 2^32 updates and places for them";
}

int64_t workspaceBytes(const ScatterArgs& args) { return Scratch(args, nullptr).bytes; }

}  // namespace

extern "C" CudaImplementations<ScatterArgs> scatterCuda() {
  static const Implementation<ScatterArgs> rows[] = {
      cuda::row<ScatterArgs>(runScatter, accepts, workspaceBytes)};
  return cuda::table(rows);
}

}  // namespace vk::scatter_cuda
