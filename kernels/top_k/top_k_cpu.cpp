#include <algorithm>
#include <cstring>

#include "core/scratch.h"
#include "top_k/top_k.h"

namespace vk {
namespace {

constexpr int64_t kChunk = 65536;

/** Elements that are in the running: when the list is full the worse half goes. */
int64_t candidatesOf(const TopKArgs& args) {
  const int64_t most = 2 * args.k + 64;
  return most < args.split.size ? most : args.split.size;
}

/** Ascending in the order of the numbers, NaN last and both zeros alike. */
uint32_t ordered(float x) {
  if (x != x) return UINT32_MAX;
  const float value = x + 0.0f;
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return (bits >> 31) != 0 ? ~bits : bits | 0x80000000u;
}

uint32_t ordered(int32_t x) { return static_cast<uint32_t>(x) ^ 0x80000000u; }

/** The best element is the least rank: the number above, its index below, so that equal numbers
 * stay in their order. */
template <class T>
uint64_t rankOf(T x, int64_t index, bool largest) {
  const uint32_t key = ordered(x);
  return static_cast<uint64_t>(largest ? ~key : key) << 32 | static_cast<uint32_t>(index);
}

template <class T>
void column(const TopKArgs& args, int64_t outer, int64_t inner, uint64_t* candidates) {
  const AxisSplit& split = args.split;
  const T* const x = static_cast<const T*>(args.input) + outer * split.size * split.inner + inner;
  const int64_t room = candidatesOf(args);
  int64_t held = 0;
  uint64_t limit = UINT64_MAX;
  for (int64_t i = 0; i < split.size; ++i) {
    const uint64_t rank = rankOf(x[i * split.inner], i, args.largest);
    if (rank > limit) continue;
    if (held == room) {
      std::nth_element(candidates, candidates + args.k - 1, candidates + held);
      held = args.k;
      limit = candidates[args.k - 1];
      if (rank > limit) continue;
    }
    candidates[held++] = rank;
  }
  if (held > args.k) std::nth_element(candidates, candidates + args.k - 1, candidates + held);
  std::sort(candidates, candidates + args.k);
  const int64_t first = outer * args.k * split.inner + inner;
  for (int64_t i = 0; i < args.k; ++i) {
    const int64_t index = static_cast<int64_t>(candidates[i] & UINT32_MAX);
    args.indices[first + i * split.inner] = index;
    static_cast<T*>(args.values)[first + i * split.inner] = x[index * split.inner];
  }
}

bool isBefore(double a, double b) { return a < b || (b != b && a == a); }
bool isBefore(int64_t a, int64_t b) { return a < b; }
bool isBefore(uint64_t a, uint64_t b) { return a < b; }

/** The same for numbers of 64 bits, whose candidates are indices alone. */
template <class T>
void wideColumn(const TopKArgs& args, int64_t outer, int64_t inner, int64_t* candidates) {
  const AxisSplit& split = args.split;
  const T* const x = static_cast<const T*>(args.input) + outer * split.size * split.inner + inner;
  const auto better = [&](int64_t a, int64_t b) {
    const T left = x[a * split.inner], right = x[b * split.inner];
    if (args.largest ? isBefore(right, left) : isBefore(left, right)) return true;
    if (args.largest ? isBefore(left, right) : isBefore(right, left)) return false;
    return a < b;
  };
  const int64_t room = candidatesOf(args);
  int64_t held = 0;
  int64_t limit = -1;
  for (int64_t i = 0; i < split.size; ++i) {
    if (limit >= 0 && better(limit, i)) continue;
    if (held == room) {
      std::nth_element(candidates, candidates + args.k - 1, candidates + held, better);
      held = args.k;
      limit = candidates[args.k - 1];
      if (better(limit, i)) continue;
    }
    candidates[held++] = i;
  }
  if (held > args.k)
    std::nth_element(candidates, candidates + args.k - 1, candidates + held, better);
  std::sort(candidates, candidates + args.k, better);
  const int64_t first = outer * args.k * split.inner + inner;
  for (int64_t i = 0; i < args.k; ++i) {
    args.indices[first + i * split.inner] = candidates[i];
    static_cast<T*>(args.values)[first + i * split.inner] = x[candidates[i] * split.inner];
  }
}

void columnOf(const TopKArgs& args, int64_t outer, int64_t inner, uint64_t* candidates) {
  int64_t* const indices = reinterpret_cast<int64_t*>(candidates);
  switch (args.type) {
    case VK_I32:
      return column<int32_t>(args, outer, inner, candidates);
    case VK_I64:
      return wideColumn<int64_t>(args, outer, inner, indices);
    case VK_U64:
      return wideColumn<uint64_t>(args, outer, inner, indices);
    case VK_F64:
      return wideColumn<double>(args, outer, inner, indices);
    default:
      return column<float>(args, outer, inner, candidates);
  }
}

}  // namespace

int64_t topKWorkspaceBytes(const TopKArgs& args) {
  return args.threads * candidatesOf(args) * static_cast<int64_t>(sizeof(uint64_t));
}

void topKPlain(const TopKArgs& args, Context& context, const Workspace& workspace) {
  if (args.k == 0) return;
  const int64_t columns = args.split.outer * args.split.inner;
  const int64_t aChunk = kChunk / (args.split.size + 1) + 1;
  ScratchSlots slots(args.threads);
  parallelFor(context, chunkCount(columns, aChunk), [&](int64_t chunk) {
    const Range range = chunkRange(columns, aChunk, chunk);
    const int32_t slot = slots.acquire();
    uint64_t* const candidates = workspace.as<uint64_t>() + slot * candidatesOf(args);
    for (int64_t i = range.begin; i < range.end; ++i) {
      columnOf(args, i / args.split.inner, i % args.split.inner, candidates);
    }
    slots.release(slot);
  });
}

}  // namespace vk
