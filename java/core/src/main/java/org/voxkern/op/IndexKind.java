package org.voxkern.op;

import java.util.Arrays;
import java.util.stream.LongStream;
import org.voxkern.Shape;

/** What an index of {@link Gather} and {@link Scatter} names; in the order of vk_index_kind. */
enum IndexKind {
  SLICES,
  ELEMENTS,
  TUPLES;

  /** Shape of gather's output and of scatter's updates. */
  Shape pickedShape(String operation, Shape data, Shape indices, int axis) {
    switch (this) {
      case SLICES -> {
        int at = Axes.checked(operation, data, axis);
        return join(part(data, 0, at), part(indices, 0, indices.rank()), rest(data, at + 1));
      }
      case ELEMENTS -> {
        int at = Axes.checked(operation, data, axis);
        if (indices.rank() != data.rank()
            || !Axes.with(indices, at, 1).equals(Axes.with(data, at, 1))) {
          throw disagreement(operation, data, indices);
        }
        return indices;
      }
      default -> {
        int last = indices.rank() - 1;
        if (axis < 0 || last < axis || axis + indices.size(last) > data.rank()) {
          throw disagreement(operation, data, indices);
        }
        for (int i = 0; i < axis; i++) {
          if (data.size(i) != indices.size(i)) {
            throw disagreement(operation, data, indices);
          }
        }
        int depth = (int) indices.size(last);
        return join(part(indices, 0, last), LongStream.empty(), rest(data, axis + depth));
      }
    }
  }

  private IllegalArgumentException disagreement(String operation, Shape data, Shape indices) {
    return new IllegalArgumentException(
        operation + ": " + this + " of data " + data + " and indices " + indices + " do not fit");
  }

  private static LongStream part(Shape shape, int begin, int end) {
    return Arrays.stream(shape.toArray(), begin, end);
  }

  private static LongStream rest(Shape shape, int begin) {
    return part(shape, begin, shape.rank());
  }

  private static Shape join(LongStream first, LongStream second, LongStream third) {
    return Shape.of(LongStream.concat(LongStream.concat(first, second), third).toArray());
  }
}
