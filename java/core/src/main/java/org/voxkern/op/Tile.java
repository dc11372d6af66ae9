package org.voxkern.op;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.voxkern.Shape;
import org.voxkern.Tensor;

/**
 * A tensor repeated as a whole along its axes, as ONNX's Tile and NumPy's have it, and the
 * gradient, the sum over the repetitions: output(i, j) = input(i mod n, j mod m).
 *
 * <p>Shapes: where there are fewer repeats than axes, the first axes are not repeated; where there
 * are more, the input gets axes of size 1 in front. A repeat of 0 leaves nothing. Every element
 * type; the gradient f32, or f64 on the reference backend. Where more than three axes are repeated,
 * the last three are first, into a tensor between. Instances are immutable and may be shared by
 * threads.
 */
public final class Tile {
  /** Each is two axes of a view, beside those in front. */
  private static final int AXES_AT_ONCE = 3;

  private final long[] repeats;

  private Tile(long[] repeats) {
    this.repeats = repeats;
  }

  /**
   * How often each axis is repeated, the slowest first.
   *
   * @throws IllegalArgumentException if one is negative
   */
  public static Tile of(long... repeats) {
    if (Arrays.stream(repeats).anyMatch(repeat -> repeat < 0)) {
      throw new IllegalArgumentException("tile: repeats of " + Arrays.toString(repeats));
    }
    return new Tile(repeats.clone());
  }

  /**
   * @throws IllegalArgumentException if there are more repeats than a shape has axes
   */
  public Shape outputShape(Shape input) {
    long[] sizes = alignedSizes(input);
    long[] aligned = alignedRepeats(sizes.length);
    for (int axis = 0; axis < sizes.length; axis++) {
      sizes[axis] = Math.multiplyExact(sizes[axis], aligned[axis]);
    }
    return Shape.of(sizes);
  }

  /**
   * Writes {@code output}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void apply(Tensor input, Tensor output) {
    requireOutput(input.shape(), output.shape());
    repeat(steps(input.shape()), input, output);
  }

  /**
   * Writes dvalue/dinput, given dvalue/doutput.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void gradient(Tensor outputGradient, Tensor inputGradient) {
    requireOutput(inputGradient.shape(), outputGradient.shape());
    sum(steps(inputGradient.shape()), outputGradient, inputGradient);
  }

  private void requireOutput(Shape input, Shape output) {
    Shape expected = outputShape(input);
    if (!expected.equals(output)) {
      throw new IllegalArgumentException(
          "tile: output " + output + ", expected " + expected + " for input " + input);
    }
  }

  private long[] alignedSizes(Shape input) {
    int rank = Math.max(input.rank(), repeats.length);
    long[] sizes = new long[rank];
    Arrays.fill(sizes, 1);
    System.arraycopy(input.toArray(), 0, sizes, rank - input.rank(), input.rank());
    return sizes;
  }

  private long[] alignedRepeats(int rank) {
    long[] aligned = new long[rank];
    Arrays.fill(aligned, 1);
    System.arraycopy(repeats, 0, aligned, rank - repeats.length, repeats.length);
    return aligned;
  }

  /**
   * Some of the axes repeated: each repeat is an axis of its own before the axis that it repeats.
   */
  private record Step(Shape once, Shape repeated, int[] repeats) {
    void repeat(Tensor from, Tensor to) {
      CopyStrided.apply(TensorView.of(from, once).expand(repeated), TensorView.of(to, repeated));
    }

    void sum(Tensor from, Tensor to) {
      Reduce.of(Reduce.Reduction.SUM, true, repeats)
          .apply(TensorView.of(from, repeated), TensorView.of(to, once));
    }
  }

  /** The last axes first, so that what lies between is small. */
  private List<Step> steps(Shape input) {
    long[] sizes = alignedSizes(input);
    long[] aligned = alignedRepeats(sizes.length);
    int[] axes = IntStream.range(0, sizes.length).filter(axis -> aligned[axis] != 1).toArray();
    List<Step> steps = new ArrayList<>();
    int end = axes.length;
    do {
      int begin = Math.max(0, end - AXES_AT_ONCE);
      int[] chosen = Arrays.copyOfRange(axes, begin, end);
      steps.add(step(sizes, aligned, chosen));
      for (int axis : chosen) {
        sizes[axis] *= aligned[axis];
      }
      end = begin;
    } while (end > 0);
    return steps;
  }

  private static Step step(long[] sizes, long[] repeats, int[] axes) {
    // Axes that are not repeated go with the one before.
    long[] once = new long[2 * axes.length + 1];
    Arrays.fill(once, 1);
    long[] repeated = once.clone();
    int[] places = new int[axes.length];
    int place = 0;
    int next = 0;
    for (int axis = 0; axis < sizes.length; axis++) {
      if (next < axes.length && axes[next] == axis) {
        places[next++] = ++place;
        repeated[place] = repeats[axis];
        place++;
      }
      once[place] *= sizes[axis];
      repeated[place] *= sizes[axis];
    }
    return new Step(Shape.of(once), Shape.of(repeated), places);
  }

  private static void repeat(List<Step> steps, Tensor from, Tensor to) {
    Step first = steps.get(0);
    if (steps.size() == 1) {
      first.repeat(from, to);
      return;
    }
    try (Tensor between = Tensor.uninitialized(from.context(), from.type(), first.repeated())) {
      first.repeat(from, between);
      repeat(steps.subList(1, steps.size()), between, to);
    }
  }

  private static void sum(List<Step> steps, Tensor from, Tensor to) {
    int rest = steps.size() - 1;
    Step last = steps.get(rest);
    if (rest == 0) {
      last.sum(from, to);
      return;
    }
    try (Tensor between = Tensor.uninitialized(from.context(), from.type(), last.once())) {
      last.sum(from, between);
      sum(steps.subList(0, rest), between, to);
    }
  }
}
