#include <cstring>

#include "copy_strided/copy_strided.h"

namespace vk {
namespace {

/** Bytes of a chunk, about. */
constexpr int64_t kChunkBytes = 262144;
/** Side of the square of a transposition: its lines of both tensors stay in the first-level cache.
 */
constexpr int64_t kSide = 64;

/** A walk over the axes in front of the innermost ones. */
class Walk {
 public:
  Walk(const CopyAxes& axes, int32_t rank, int64_t begin)
      : axes_(axes), rank_(rank), input_(axes.inputOffset), output_(axes.outputOffset) {
    for (int32_t axis = rank - 1; axis >= 0; --axis) {
      at_[axis] = begin % axes.sizes[axis];
      begin /= axes.sizes[axis];
      input_ += at_[axis] * axes.inputStrides[axis];
      output_ += at_[axis] * axes.outputStrides[axis];
    }
  }
  int64_t input() const { return input_; }
  int64_t output() const { return output_; }
  void next() {
    for (int32_t axis = rank_ - 1; axis >= 0; --axis) {
      input_ += axes_.inputStrides[axis];
      output_ += axes_.outputStrides[axis];
      if (++at_[axis] < axes_.sizes[axis]) return;
      at_[axis] = 0;
      input_ -= axes_.sizes[axis] * axes_.inputStrides[axis];
      output_ -= axes_.sizes[axis] * axes_.outputStrides[axis];
    }
  }

 private:
  const CopyAxes& axes_;
  int32_t rank_;
  int64_t at_[VK_MAX_RANK];
  int64_t input_;
  int64_t output_;
};

template <class T>
void copyRow(const T* from, int64_t fromStep, T* to, int64_t toStep, int64_t count) {
  if (fromStep == 1 && toStep == 1) {
    // A call costs more than a few elements do.
    if (count >= 16) {
      std::memcpy(to, from, static_cast<size_t>(count) * sizeof(T));
    } else {
      for (int64_t i = 0; i < count; ++i) to[i] = from[i];
    }
  } else if (toStep == 1 && fromStep == 0) {
    const T value = *from;
    for (int64_t i = 0; i < count; ++i) to[i] = value;
  } else if (toStep == 1 && fromStep == -1) {
    for (int64_t i = 0; i < count; ++i) to[i] = from[-i];
  } else if (toStep == 1) {
    for (int64_t i = 0; i < count; ++i) to[i] = from[i * fromStep];
  } else {
    for (int64_t i = 0; i < count; ++i) to[i * toStep] = from[i * fromStep];
  }
}

template <class T>
void copyRows(const CopyStridedArgs& args, Context& context, int64_t rows) {
  const CopyAxes& axes = args.axes;
  const int32_t last = axes.rank - 1;
  const T* const input = static_cast<const T*>(args.input.data);
  T* const output = static_cast<T*>(args.output.data);
  const int64_t length = axes.sizes[last];
  const int64_t rowBytes = length * static_cast<int64_t>(sizeof(T));
  if (rows == 1) {
    // One row, cut into pieces.
    const int64_t piece = kChunkBytes / static_cast<int64_t>(sizeof(T));
    parallelFor(context, chunkCount(length, piece), [&](int64_t chunk) {
      const Range range = chunkRange(length, piece, chunk);
      copyRow(input + axes.inputOffset + range.begin * axes.inputStrides[last],
              axes.inputStrides[last],
              output + axes.outputOffset + range.begin * axes.outputStrides[last],
              axes.outputStrides[last], range.end - range.begin);
    });
    return;
  }
  const int64_t aChunk = kChunkBytes / rowBytes + 1;
  parallelFor(context, chunkCount(rows, aChunk), [&](int64_t chunk) {
    const Range range = chunkRange(rows, aChunk, chunk);
    Walk walk(axes, last, range.begin);
    for (int64_t row = range.begin; row < range.end; ++row, walk.next()) {
      copyRow(input + walk.input(), axes.inputStrides[last], output + walk.output(),
              axes.outputStrides[last], length);
    }
  });
}

/** kSide x kSide at most: rows of the output, columns of the input. */
template <class T>
void transposeSquare(const T* from, int64_t fromStep, T* to, int64_t toStep, int64_t rows,
                     int64_t columns) {
  constexpr int64_t kBlock = 4;
  int64_t row = 0;
  for (; row + kBlock <= rows; row += kBlock) {
    int64_t column = 0;
    for (; column + kBlock <= columns; column += kBlock) {
      // In registers: each line of either tensor is touched once.
      T block[kBlock][kBlock];
      for (int i = 0; i < kBlock; ++i) {
        for (int k = 0; k < kBlock; ++k) block[i][k] = from[(column + i) * fromStep + row + k];
      }
      for (int k = 0; k < kBlock; ++k) {
        for (int i = 0; i < kBlock; ++i) to[(row + k) * toStep + column + i] = block[i][k];
      }
    }
    for (; column < columns; ++column) {
      for (int k = 0; k < kBlock; ++k) {
        to[(row + k) * toStep + column] = from[column * fromStep + row + k];
      }
    }
  }
  for (; row < rows; ++row) {
    for (int64_t i = 0; i < columns; ++i) to[row * toStep + i] = from[i * fromStep + row];
  }
}

/** The input is contiguous along axis `fast`, the output along the last one. */
template <class T>
void transpose(const CopyStridedArgs& args, Context& context, int32_t fast) {
  // The outer axes without that one.
  CopyAxes axes = args.axes;
  const int32_t last = axes.rank - 1;
  const int64_t rows = axes.sizes[fast];
  const int64_t rowStep = axes.outputStrides[fast];
  const int64_t columns = axes.sizes[last];
  const int64_t columnStep = axes.inputStrides[last];
  for (int32_t axis = fast; axis < last; ++axis) {
    axes.sizes[axis] = axes.sizes[axis + 1];
    axes.inputStrides[axis] = axes.inputStrides[axis + 1];
    axes.outputStrides[axis] = axes.outputStrides[axis + 1];
  }
  const int32_t outerRank = last - 1;
  int64_t outer = 1;
  for (int32_t axis = 0; axis < outerRank; ++axis) outer *= axes.sizes[axis];
  const int64_t bands = chunkCount(rows, kSide);
  const int64_t bandBytes = kSide * columns * static_cast<int64_t>(sizeof(T));
  const int64_t aChunk = kChunkBytes / bandBytes + 1;
  const T* const input = static_cast<const T*>(args.input.data);
  T* const output = static_cast<T*>(args.output.data);
  parallelFor(context, chunkCount(outer * bands, aChunk), [&](int64_t chunk) {
    const Range range = chunkRange(outer * bands, aChunk, chunk);
    for (int64_t unit = range.begin; unit < range.end; ++unit) {
      const Walk walk(axes, outerRank, unit / bands);
      const Range band = chunkRange(rows, kSide, unit % bands);
      for (int64_t column = 0; column < columns; column += kSide) {
        const int64_t width = columns - column < kSide ? columns - column : kSide;
        transposeSquare(input + walk.input() + band.begin + column * columnStep, columnStep,
                        output + walk.output() + band.begin * rowStep + column, rowStep,
                        band.end - band.begin, width);
      }
    }
  });
}

template <class T>
void copy(const CopyStridedArgs& args, Context& context) {
  const CopyAxes& axes = args.axes;
  const int32_t last = axes.rank - 1;
  int64_t rows = 1;
  for (int32_t axis = 0; axis < last; ++axis) rows *= axes.sizes[axis];
  if (rows * axes.sizes[last] == 0) return;
  if (axes.outputStrides[last] == 1 && axes.inputStrides[last] != 1 &&
      axes.inputStrides[last] != 0) {
    for (int32_t axis = 0; axis < last; ++axis) {
      if (axes.inputStrides[axis] == 1) return transpose<T>(args, context, axis);
    }
  }
  copyRows<T>(args, context, rows);
}

}  // namespace

void copyStridedPlain(const CopyStridedArgs& args, Context& context, const Workspace&) {
  switch (args.elementBytes) {
    case 1:
      return copy<uint8_t>(args, context);
    case 2:
      return copy<uint16_t>(args, context);
    case 4:
      return copy<uint32_t>(args, context);
    default:
      return copy<uint64_t>(args, context);
  }
}

}  // namespace vk
