package org.voxkern.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;

/**
 * Operations that are a view and a copy: what they move where, and that their gradient is the
 * transposed map.
 */
class MovementTest {
  private final Context context = Context.create();

  @AfterEach
  void close() {
    context.close();
  }

  /** 0, 1, 2, ... */
  private Tensor counting(long... sizes) {
    int count = (int) Shape.of(sizes).elementCount();
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = i;
    }
    return Tensor.of(context, values, sizes);
  }

  private Tensor empty(Shape shape) {
    return Tensor.uninitialized(context, ElementType.F32, shape);
  }

  /** Whole numbers, so that the sums are exact. */
  private Tensor numbers(Shape shape, int seed) {
    float[] values = new float[(int) shape.elementCount()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (i * 31 + seed) % 17 - 8;
    }
    return Tensor.of(context, values, shape.toArray());
  }

  private static double dot(Tensor a, Tensor b) {
    double sum = 0;
    float[] left = a.toFloatArray();
    float[] right = b.toFloatArray();
    for (int i = 0; i < left.length; i++) {
      sum += left[i] * right[i];
    }
    return sum;
  }

  private void checkAdjoint(
      Shape input,
      Shape output,
      BiConsumer<Tensor, Tensor> apply,
      BiConsumer<Tensor, Tensor> back) {
    Tensor x = numbers(input, 3);
    Tensor y = numbers(output, 5);
    Tensor there = empty(output);
    Tensor here = empty(input);
    apply.accept(x, there);
    back.accept(y, here);
    assertEquals(dot(there, y), dot(x, here));
  }

  @Test
  void concatPutsPartsOneAfterTheOther() {
    Concat concat = Concat.along(1);
    Tensor a = counting(2, 1, 2);
    Tensor b = counting(2, 2, 2);
    Tensor whole = empty(concat.outputShape(List.of(a.shape(), b.shape())));
    concat.apply(List.of(a, b), whole);
    assertEquals(Shape.of(2, 3, 2), whole.shape());
    assertArrayEquals(new float[] {0, 1, 0, 1, 2, 3, 2, 3, 4, 5, 6, 7}, whole.toFloatArray());

    Tensor partA = empty(a.shape());
    Tensor partB = empty(b.shape());
    concat.split(whole, List.of(partA, partB));
    assertArrayEquals(a.toFloatArray(), partA.toFloatArray());
    assertArrayEquals(b.toFloatArray(), partB.toFloatArray());
  }

  @Test
  void concatRefusesPartsThatDoNotFit() {
    Concat concat = Concat.along(-1);
    assertThrows(
        IllegalArgumentException.class,
        () -> concat.outputShape(List.of(Shape.of(2, 3), Shape.of(3, 3))));
    assertThrows(IllegalArgumentException.class, () -> concat.outputShape(List.of()));
    Tensor a = counting(2, 3);
    Tensor wrong = empty(Shape.of(2, 5));
    assertThrows(IllegalArgumentException.class, () -> concat.apply(List.of(a, a), wrong));
  }

  @Test
  void sliceStepsBothWays() {
    Slice slice = Slice.of(new long[] {1, 3}, new long[] {2, 2}, new long[] {1, -2});
    Tensor input = counting(3, 4);
    Tensor output = empty(slice.outputShape(input.shape()));
    slice.apply(input, output);
    assertArrayEquals(new float[] {7, 5, 11, 9}, output.toFloatArray());
    checkAdjoint(input.shape(), output.shape(), slice::apply, slice::gradient);
    Slice outside = Slice.of(new long[] {1, 3}, new long[] {2, 2});
    assertThrows(IllegalArgumentException.class, () -> outside.apply(input, output));
  }

  @Test
  void permuteAndFlipMoveAxes() {
    Permute permute = Permute.of(1, 0);
    Tensor input = counting(2, 3);
    Tensor output = empty(permute.outputShape(input.shape()));
    permute.apply(input, output);
    assertArrayEquals(new float[] {0, 3, 1, 4, 2, 5}, output.toFloatArray());
    assertThrows(IllegalArgumentException.class, () -> Permute.of(0, 0).outputShape(input.shape()));
    Permute cycle = Permute.of(2, 0, 1);
    Shape shape = Shape.of(2, 3, 4);
    checkAdjoint(shape, cycle.outputShape(shape), cycle::apply, cycle::gradient);

    Flip flip = Flip.of(-1);
    Tensor flipped = empty(input.shape());
    flip.apply(input, flipped);
    assertArrayEquals(new float[] {2, 1, 0, 5, 4, 3}, flipped.toFloatArray());
    checkAdjoint(input.shape(), input.shape(), flip::apply, flip::gradient);
  }

  @Test
  void expandRepeatsAndItsGradientAdds() {
    Expand expand = Expand.to(Shape.of(2, 3, 2));
    Tensor input = counting(3, 1);
    Tensor output = empty(expand.outputShape(input.shape()));
    expand.apply(input, output);
    assertArrayEquals(new float[] {0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2}, output.toFloatArray());
    checkAdjoint(input.shape(), output.shape(), expand::apply, expand::gradient);
    Shape sameRank = Shape.of(1, 3, 2);
    checkAdjoint(sameRank, output.shape(), expand::apply, expand::gradient);
    assertThrows(IllegalArgumentException.class, () -> expand.outputShape(Shape.of(2, 2)));
  }

  @Test
  void depthToSpaceInterleavesBlocks() {
    // Two channels of one voxel each, four to a block.
    Tensor input = counting(1, 8, 1, 1, 1);
    DepthToSpace channels = DepthToSpace.channelsFirst(1, 2, 2);
    Tensor output = empty(channels.outputShape(input.shape()));
    assertEquals(Shape.of(1, 2, 1, 2, 2), output.shape());
    channels.apply(input, output);
    assertArrayEquals(new float[] {0, 1, 2, 3, 4, 5, 6, 7}, output.toFloatArray());
    DepthToSpace.blocksFirst(1, 2, 2).apply(input, output);
    assertArrayEquals(new float[] {0, 2, 4, 6, 1, 3, 5, 7}, output.toFloatArray());

    Shape deep = Shape.of(2, 24, 3, 2, 5);
    for (DepthToSpace d :
        List.of(DepthToSpace.channelsFirst(2, 3, 1), DepthToSpace.blocksFirst(1, 2, 2))) {
      checkAdjoint(deep, d.outputShape(deep), d::apply, d::gradient);
      Tensor x = numbers(deep, 1);
      Tensor there = empty(d.outputShape(deep));
      Tensor back = empty(deep);
      d.apply(x, there);
      d.inverse(there, back);
      assertArrayEquals(x.toFloatArray(), back.toFloatArray());
    }
    assertThrows(
        IllegalArgumentException.class, () -> channels.outputShape(Shape.of(1, 6, 1, 1, 1)));
  }

  @Test
  void tileRepeatsTheWholeAndItsGradientAdds() {
    Tile tile = Tile.of(2, 3);
    Tensor input = counting(2, 2);
    Tensor output = empty(tile.outputShape(input.shape()));
    tile.apply(input, output);
    assertEquals(Shape.of(4, 6), output.shape());
    assertArrayEquals(
        new float[] {0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3, 0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3},
        output.toFloatArray());
    List<long[]> repeats =
        List.of(
            new long[] {1},
            new long[] {3},
            new long[] {2, 1, 3},
            new long[] {2, 3, 1, 1, 2},
            new long[] {2, 1, 3, 2, 2},
            new long[] {2, 3, 2, 3, 2},
            new long[] {2, 2, 1, 1, 1, 3, 1, 2},
            new long[] {2, 0, 3});
    for (Shape shape : List.of(Shape.of(2, 1, 3, 1, 2), Shape.of(3, 2, 2), Shape.of(4, 0))) {
      for (long[] of : repeats) {
        Tile each = Tile.of(of);
        checkAdjoint(shape, each.outputShape(shape), each::apply, each::gradient);
        checkTiled(numbers(shape, 7), each);
      }
    }
    assertThrows(IllegalArgumentException.class, () -> Tile.of(2, -1));
    assertThrows(IllegalArgumentException.class, () -> tile.apply(input, input));
    assertThrows(IllegalArgumentException.class, () -> tile.gradient(input, input));
  }

  /** Every element is the input's at the position modulo the input's size. */
  private void checkTiled(Tensor input, Tile tile) {
    Tensor output = empty(tile.outputShape(input.shape()));
    tile.apply(input, output);
    float[] from = input.toFloatArray();
    float[] to = output.toFloatArray();
    for (int i = 0; i < to.length; i++) {
      int rest = i;
      int at = 0;
      int stride = 1;
      for (int axis = output.shape().rank() - 1; axis >= 0; axis--) {
        int size = (int) output.shape().size(axis);
        int missing = output.shape().rank() - input.shape().rank();
        int inputSize = axis < missing ? 1 : (int) input.shape().size(axis - missing);
        at += rest % size % inputSize * stride;
        rest /= size;
        stride *= inputSize;
      }
      assertEquals(from[at], to[i]);
    }
  }

  @Test
  void tileTakesEveryType() {
    for (ElementType type : ElementType.values()) {
      Tensor input = Tensor.zeros(context, type, Shape.of(3));
      for (int i = 0; i < input.byteCount(); i++) {
        input.buffer().put(i, (byte) (type == ElementType.BOOL ? i % 2 : i + 1));
      }
      Tensor output = Tensor.uninitialized(context, type, Shape.of(6));
      Tile.of(2).apply(input, output);
      for (int i = 0; i < output.byteCount(); i++) {
        assertEquals(
            input.buffer().get(i % (int) input.byteCount()),
            output.buffer().get(i),
            type + " " + i);
      }
    }
  }

  @Test
  void triangleIsItsOwnTransposedMap() {
    Shape shape = Shape.of(3, 7, 5);
    for (long diagonal = -8; diagonal <= 6; diagonal++) {
      for (Trilu trilu : List.of(Trilu.upper(diagonal), Trilu.lower(diagonal))) {
        checkAdjoint(shape, trilu.outputShape(shape), trilu::apply, trilu::apply);
      }
    }
  }
}
