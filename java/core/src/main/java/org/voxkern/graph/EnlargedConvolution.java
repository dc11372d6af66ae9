package org.voxkern.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.voxkern.Context;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Program.Step;
import org.voxkern.op.Conv3d;
import org.voxkern.op.Conv3dTransposed;
import org.voxkern.op.Resize;

/**
 * A convolution of features that were enlarged by 2, nearest, and joined with others: a transposed
 * convolution of what was small, and a convolution of the others that adds to it. The enlarged
 * features never exist.
 *
 * <p>Along an axis output 2 i + p sees w0 x(i - 1) + (w1 + w2) x(i) for p = 0, and (w0 + w1) x(i) +
 * w2 x(i + 1) for p = 1: a transposed convolution of stride 2 and padding 1 by the kernel w2, w1 +
 * w2, w0 + w1, w0. That has 8 products where the convolution has 27.
 */
final class EnlargedConvolution {
  private static final double[][] SUMS = {{0, 0, 1}, {0, 1, 1}, {1, 1, 0}, {1, 0, 0}};
  private static final int KERNEL = 3;

  private EnlargedConvolution() {}

  /** Puts the two into the place of a convolution where it is such a one. */
  static void apply(Context context, Program program, Step step, Convolution convolution) {
    Tensor weights = program.constants.get(step.inputs.get(1));
    Step join = program.onlyFor(step.inputs.get(0));
    if (weights == null
        || !isPlain(convolution, weights.shape())
        || join == null
        || !(join.operation instanceof Layouts.Joined joined)
        || Math.floorMod(joined.axis(), 5) != 1
        || join.inputs.size() != 2) {
      return;
    }
    Step enlarge = program.onlyFor(join.inputs.get(0));
    if (enlarge == null
        || !(enlarge.operation instanceof Sampling.Enlarged enlarged)
        || !isNearestTwice(enlarged)) {
      return;
    }
    int small = enlarge.inputs.get(0);
    int channels = Math.toIntExact(program.shapes.get(small).size(1));
    int sum = program.slot(program.types.get(step.output), program.shapes.get(step.output));
    Conv3dTransposed twice =
        Conv3dTransposed.builder()
            .stride(2, 2, 2)
            .padding(1, 1, 1)
            .accuracy(convolution.convolution().accuracy())
            .build();
    Step first =
        new Step(
            step.name + ".enlarged",
            new TransposedConvolution(twice, false, false),
            List.of(small, program.constant(transposed(context, weights, channels))),
            sum);
    List<Integer> inputs = new ArrayList<>(step.inputs);
    inputs.set(0, join.inputs.get(1));
    inputs.set(1, program.constant(rest(context, weights, channels)));
    inputs.add(sum);
    Operation adding = new Convolution(convolution.convolution(), convolution.bias(), true);
    int at = program.steps.indexOf(step);
    program.steps.set(at, new Step(step.name, adding, inputs, step.output));
    program.steps.add(at, first);
    program.steps.removeAll(Set.of(join, enlarge));
  }

  private static boolean isPlain(Convolution convolution, Shape weights) {
    Conv3d with = convolution.convolution();
    boolean three =
        weights.size(2) == KERNEL && weights.size(3) == KERNEL && weights.size(4) == KERNEL;
    return three
        && !convolution.residual()
        && with.activation() == Conv3d.Activation.NONE
        && with.groups() == 1
        && all(with.stride())
        && all(with.dilation())
        && all(with.paddingBegin())
        && all(with.paddingEnd());
  }

  private static boolean all(long[] numbers) {
    return Arrays.stream(numbers).allMatch(number -> number == 1);
  }

  private static boolean isNearestTwice(Sampling.Enlarged enlarged) {
    Resize resize = enlarged.resize();
    return resize.mode() == Resize.Mode.NEAREST
        && resize.coordinates() == Resize.Coordinates.HALF_PIXEL
        && Arrays.stream(resize.scale()).allMatch(scale -> scale == 0 || scale == 2)
        && enlarged.z() == 2
        && enlarged.y() == 2
        && enlarged.x() == 2;
  }

  /** (C, O, 4, 4, 4) of the first channels of (O, C + others, 3, 3, 3). */
  private static Tensor transposed(Context context, Tensor weights, int channels) {
    float[] from = weights.toFloatArray();
    int outputs = Math.toIntExact(weights.shape().size(0));
    int all = Math.toIntExact(weights.shape().size(1));
    float[] to = new float[channels * outputs * 64];
    for (int c = 0; c < channels; c++) {
      for (int o = 0; o < outputs; o++) {
        int begin = (o * all + c) * 27;
        for (int t = 0; t < 64; t++) {
          double sum = 0;
          for (int k = 0; k < 27; k++) {
            double share = SUMS[t / 16][k / 9] * SUMS[t / 4 % 4][k / 3 % 3] * SUMS[t % 4][k % 3];
            sum += share * from[begin + k];
          }
          to[(c * outputs + o) * 64 + t] = (float) sum;
        }
      }
    }
    return Tensor.of(context, to, channels, outputs, 4, 4, 4);
  }

  /** The channels behind the first. */
  private static Tensor rest(Context context, Tensor weights, int channels) {
    float[] from = weights.toFloatArray();
    int outputs = Math.toIntExact(weights.shape().size(0));
    int all = Math.toIntExact(weights.shape().size(1));
    int others = all - channels;
    float[] to = new float[outputs * others * 27];
    for (int o = 0; o < outputs; o++) {
      System.arraycopy(from, (o * all + channels) * 27, to, o * others * 27, others * 27);
    }
    return Tensor.of(context, to, outputs, others, KERNEL, KERNEL, KERNEL);
  }
}
