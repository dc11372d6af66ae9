#include "core/parallel.h"
#include "non_zero/non_zero.h"

namespace vk {
namespace {

constexpr int64_t kChunk = 65536;

int64_t chunksOf(const NonZeroInput& args) { return chunkCount(elementCount(args.input), kChunk); }

template <class T>
int64_t countOf(const NonZeroInput& args, Range range) {
  const T* const values = static_cast<const T*>(args.input.data);
  const T bits = static_cast<T>(args.bits);
  int64_t count = 0;
  for (int64_t i = range.begin; i < range.end; ++i) count += (values[i] & bits) != 0 ? 1 : 0;
  return count;
}

/** Writes the elements that are not 0 in order, from a column on. */
template <class T>
void writeOf(const NonZeroArgs& args, Range range, int64_t column) {
  const T* const values = static_cast<const T*>(args.input.data);
  const T bits = static_cast<T>(args.bits);
  const int32_t rank = args.input.rank;
  int64_t at[VK_MAX_RANK] = {};
  int64_t left = range.begin;
  for (int32_t axis = rank - 1; axis >= 0; --axis) {
    at[axis] = left % args.input.sizes[axis];
    left /= args.input.sizes[axis];
  }
  for (int64_t i = range.begin; i < range.end; ++i) {
    if ((values[i] & bits) != 0) {
      for (int32_t axis = 0; axis < rank; ++axis) {
        args.indices[axis * args.count + column] = at[axis];
      }
      ++column;
    }
    for (int32_t axis = rank - 1; axis >= 0 && ++at[axis] == args.input.sizes[axis]; --axis) {
      at[axis] = 0;
    }
  }
}

/** body(T()) with an unsigned type of the elements' size. */
template <class Body>
void withBits(const NonZeroInput& args, Body&& body) {
  switch (args.elementBytes) {
    case 1:
      return body(uint8_t());
    case 2:
      return body(uint16_t());
    case 4:
      return body(uint32_t());
    default:
      return body(uint64_t());
  }
}

/** Into `counts` how many are in the chunks before each; all together. */
int64_t countAll(const NonZeroInput& args, Context& context, int64_t* counts) {
  const int64_t elements = elementCount(args.input);
  withBits(args, [&](auto type) {
    parallelFor(context, chunksOf(args), [&](int64_t chunk) {
      counts[chunk] = countOf<decltype(type)>(args, chunkRange(elements, kChunk, chunk));
    });
  });
  int64_t sum = 0;
  for (int64_t chunk = 0; chunk < chunksOf(args); ++chunk) {
    const int64_t count = counts[chunk];
    counts[chunk] = sum;
    sum += count;
  }
  return sum;
}

}  // namespace

int64_t nonZeroCountPlainWorkspaceBytes(const NonZeroCountArgs& args) { return 8 * chunksOf(args); }
int64_t nonZeroPlainWorkspaceBytes(const NonZeroArgs& args) { return 8 * chunksOf(args); }

void nonZeroCountPlain(const NonZeroCountArgs& args, Context& context, const Workspace& workspace) {
  *args.count = countAll(args, context, workspace.as<int64_t>());
}

void nonZeroPlain(const NonZeroArgs& args, Context& context, const Workspace& workspace) {
  int64_t* const before = workspace.as<int64_t>();
  const int64_t count = countAll(args, context, before);
  if (count != args.count) {
    invalidArgument("non_zero: %lld elements are not 0, but there are indices of %lld",
                    static_cast<long long>(count), static_cast<long long>(args.count));
  }
  const int64_t elements = elementCount(args.input);
  withBits(args, [&](auto type) {
    parallelFor(context, chunksOf(args), [&](int64_t chunk) {
      writeOf<decltype(type)>(args, chunkRange(elements, kChunk, chunk), before[chunk]);
    });
  });
}

}  // namespace vk
