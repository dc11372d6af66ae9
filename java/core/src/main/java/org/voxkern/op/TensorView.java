package org.voxkern.op;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;

/**
 * Elements of a tensor in another order or not all of them, without a copy: what {@link
 * CopyStrided} reads and writes.
 *
 * <p>Immutable; it does not keep the tensor open. Axes are numbered from the slowest, negative ones
 * from the end. All elements lie in the tensor, by construction.
 */
public final class TensorView {
  private final Tensor tensor;
  private final long offset;
  private final Shape shape;
  private final long[] strides;

  private TensorView(Tensor tensor, long offset, Shape shape, long[] strides) {
    this.tensor = tensor;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }

  /** The whole tensor. */
  public static TensorView of(Tensor tensor) {
    return of(tensor, tensor.shape());
  }

  /**
   * The whole tensor with other sizes.
   *
   * @throws IllegalArgumentException if the number of elements is another
   */
  public static TensorView of(Tensor tensor, Shape shape) {
    if (shape.elementCount() != tensor.elementCount()) {
      throw new IllegalArgumentException("cannot view " + tensor + " as " + shape);
    }
    long[] strides = new long[shape.rank()];
    long stride = 1;
    for (int axis = strides.length - 1; axis >= 0; axis--) {
      strides[axis] = stride;
      stride *= shape.size(axis);
    }
    return new TensorView(tensor, 0, shape, strides);
  }

  public Tensor tensor() {
    return tensor;
  }

  public Shape shape() {
    return shape;
  }

  /**
   * {@code count} elements along an axis from {@code start} on, every {@code step}-th; a negative
   * step walks backwards.
   *
   * @throws IllegalArgumentException if one of them is outside
   */
  public TensorView slice(int axis, long start, long count, long step) {
    int at = Axes.checked("slice", shape, axis);
    long last = count == 0 ? 0 : Math.addExact(start, Math.multiplyExact(count - 1, step));
    long size = shape.size(at);
    boolean inside = start >= 0 && start < size && last >= 0 && last < size;
    if (count < 0 || step == 0 || (count > 0 && !inside)) {
      throw new IllegalArgumentException(
          "slice: "
              + count
              + " elements from "
              + start
              + " in steps of "
              + step
              + " along axis "
              + axis
              + " of "
              + shape);
    }
    long[] stepped = strides.clone();
    stepped[at] *= step;
    long begin = count == 0 ? offset : offset + start * strides[at];
    return new TensorView(tensor, begin, Axes.with(shape, at, count), stepped);
  }

  /** Every element along an axis, the last one first. */
  public TensorView flip(int axis) {
    int at = Axes.checked("flip", shape, axis);
    return shape.size(at) == 0 ? this : slice(at, shape.size(at) - 1, shape.size(at), -1);
  }

  /**
   * The axes in another order: axis i of the result is axis {@code order[i]} of this.
   *
   * @throws IllegalArgumentException unless every axis is there once
   */
  public TensorView permute(int... order) {
    Axes.checkOrder("permute", shape, order);
    return new TensorView(
        tensor,
        offset,
        Shape.of(IntStream.of(order).mapToLong(shape::size).toArray()),
        IntStream.of(order).mapToLong(axis -> strides[axis]).toArray());
  }

  /**
   * Axes of size 1, and missing ones in front, repeated to the sizes of a shape.
   *
   * @throws IllegalArgumentException if another axis has another size
   */
  public TensorView expand(Shape to) {
    int missing = to.rank() - shape.rank();
    if (missing < 0) {
      throw new IllegalArgumentException("cannot expand " + shape + " to " + to);
    }
    long[] expanded = new long[to.rank()];
    for (int axis = 0; axis < to.rank(); axis++) {
      long size = axis < missing ? 1 : shape.size(axis - missing);
      if (size != 1 && size != to.size(axis)) {
        throw new IllegalArgumentException("cannot expand " + shape + " to " + to);
      }
      expanded[axis] = size == 1 ? 0 : strides[axis - missing];
    }
    return new TensorView(tensor, offset, to, expanded);
  }

  /**
   * An axis as several, the slowest first.
   *
   * @throws IllegalArgumentException if the product of the sizes is not the axis's
   */
  public TensorView split(int axis, long... sizes) {
    int at = Axes.checked("split", shape, axis);
    if (Shape.of(sizes).elementCount() != shape.size(at)) {
      throw new IllegalArgumentException(
          "split: axis " + axis + " of " + shape + " into " + Arrays.toString(sizes));
    }
    int rank = shape.rank() + sizes.length - 1;
    long[] newSizes = new long[rank];
    long[] newStrides = new long[rank];
    for (int i = 0; i < rank; i++) {
      if (i < at || i >= at + sizes.length) {
        int from = i < at ? i : i - sizes.length + 1;
        newSizes[i] = shape.size(from);
        newStrides[i] = strides[from];
      }
    }
    long stride = strides[at];
    for (int i = sizes.length - 1; i >= 0; i--) {
      newSizes[at + i] = sizes[i];
      newStrides[at + i] = stride;
      stride *= sizes[i];
    }
    return new TensorView(tensor, offset, Shape.of(newSizes), newStrides);
  }

  vk_view view(NativeCall call) {
    return call.view(tensor, offset, shape.toArray(), strides);
  }

  @Override
  public String toString() {
    return "view " + shape + " of " + tensor;
  }
}
