package org.voxkern.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.voxkern.Shape;
import org.voxkern.op.Activation;
import org.voxkern.op.Binary;
import org.voxkern.op.Conv3d;
import org.voxkern.op.Conv3dTransposed;
import org.voxkern.op.GridSample;
import org.voxkern.op.Pad;
import org.voxkern.op.PoolWindow;
import org.voxkern.op.Reduce;
import org.voxkern.op.Resize;
import org.voxkern.op.Unary;
import org.voxkern.op.Warp3d;
import org.voxkern.testing.GradientCheck;

/** The gradient's rule of each operation. */
class GradientRuleTest {
  private final GradientCheck gradients = new GradientCheck(41);

  private static Shape shape(long... sizes) {
    return Shape.of(sizes);
  }

  private void check(Function<List<Value>, Value> network, Shape... shapes) {
    gradients.check(
        network,
        Arrays.stream(shapes)
            .map(shape -> gradients.normal(shape.toArray()))
            .toArray(GradientCheck.Input[]::new));
  }

  @Test
  void convolutions() {
    Conv3d convolution =
        Conv3d.builder().stride(1, 2, 1).padding(1, 0, 1).dilation(1, 1, 2).groups(2).build();
    check(
        x -> x.get(0).apply(new Convolution(convolution, true, false), x.get(1), x.get(2)),
        shape(2, 4, 5, 7, 6),
        shape(6, 2, 3, 2, 3),
        shape(6));
    check(
        x -> x.get(0).apply(new Convolution(Conv3d.builder().build(), false, false), x.get(1)),
        shape(1, 2, 3, 4, 5),
        shape(3, 2, 1, 1, 1));
    Conv3d rectified =
        Conv3d.builder().activation(Conv3d.Activation.LEAKY_RELU).negativeSlope(0.2).build();
    check(
        x -> x.get(0).apply(new Convolution(rectified, true, true), x.get(1), x.get(2), x.get(3)),
        shape(1, 2, 3, 4, 5),
        shape(3, 2, 2, 2, 2),
        shape(3),
        shape(1, 3, 2, 3, 4));
    Conv3dTransposed transposed = Conv3dTransposed.builder().stride(2, 2, 1).groups(2).build();
    check(
        x -> x.get(0).apply(new TransposedConvolution(transposed, true, false), x.get(1), x.get(2)),
        shape(2, 4, 3, 2, 4),
        shape(4, 3, 2, 2, 2),
        shape(6));
    check(
        x -> x.get(0).apply(new TransposedConvolution(transposed, false, false), x.get(1)),
        shape(1, 2, 3, 2, 4),
        shape(2, 1, 2, 2, 2));
  }

  @Test
  void products() {
    check(
        x -> x.get(0).apply(new Products.Linear(true, Activation.none()), x.get(1), x.get(2)),
        shape(3, 2, 5),
        shape(4, 5),
        shape(4));
    check(x -> x.get(0).matmul(x.get(1)), shape(2, 1, 3, 4), shape(3, 4, 5));
  }

  @Test
  void recurrences() {
    for (boolean reverse : new boolean[] {false, true}) {
      Shape[] shapes = {shape(5, 2, 3), shape(16, 3), shape(16, 4), shape(16), shape(16)};
      Operation lstm = new Recurrent(Recurrent.Kind.LSTM, reverse, false);
      check(x -> apply(lstm, x), shapes);
      check(x -> apply(lstm, x).further(1), shapes);
      check(
          x -> {
            Value all = apply(lstm, x);
            return all.mean(0).add(all.further(1)).multiply(all.further(2));
          },
          shapes);
      Shape[] ofGru = {shape(5, 2, 3), shape(12, 3), shape(12, 4), shape(12), shape(12)};
      Operation gru = new Recurrent(Recurrent.Kind.GRU, reverse, false);
      check(x -> apply(gru, x), ofGru);
      check(x -> apply(gru, x).mean(0).multiply(apply(gru, x).further(1)), ofGru);
    }
  }

  @Test
  void recurrencesWithInitialStates() {
    for (boolean reverse : new boolean[] {false, true}) {
      Operation lstm = new Recurrent(Recurrent.Kind.LSTM, reverse, true);
      check(
          x -> apply(lstm, x).mean(0).multiply(apply(lstm, x).further(2)),
          shape(3, 2, 3),
          shape(16, 3),
          shape(16, 4),
          shape(16),
          shape(16),
          shape(2, 4),
          shape(2, 4));
      Operation gru = new Recurrent(Recurrent.Kind.GRU, reverse, true);
      check(
          x -> apply(gru, x),
          shape(3, 2, 3),
          shape(12, 3),
          shape(12, 4),
          shape(12),
          shape(12),
          shape(2, 4));
    }
  }

  @Test
  void norms() {
    for (boolean affine : new boolean[] {true, false}) {
      Shape input = shape(2, 4, 3, 2, 3);
      Operation group = new Normalizations.Group(2, 1e-2, affine, Activation.none());
      Operation trained = new Normalizations.Batch(1e-3, affine).inTraining();
      Operation fixed = new Normalizations.Batch(1e-3, affine);
      Shape[] shapes = affine ? new Shape[] {input, shape(4), shape(4)} : new Shape[] {input};
      check(x -> apply(group, x), shapes);
      for (Operation batch : List.of(trained, fixed)) {
        List<GradientCheck.Input> inputs = new ArrayList<>();
        for (Shape each : shapes) {
          inputs.add(gradients.normal(each.toArray()));
        }
        inputs.add(1, GradientCheck.constant(new double[] {0.1, -0.2, 0.3, 0.05}, 4));
        inputs.add(2, GradientCheck.constant(new double[] {1, 2, 0.5, 0.7}, 4));
        gradients.check(x -> apply(batch, x), inputs.toArray(new GradientCheck.Input[0]));
      }
    }
    check(
        x -> apply(new Normalizations.Layer(-2, 1e-2), x),
        shape(3, 2, 4),
        shape(2, 4),
        shape(2, 4));
  }

  private static Value apply(Operation operation, List<Value> inputs) {
    return inputs.get(0).apply(operation, inputs.subList(1, inputs.size()).toArray(new Value[0]));
  }

  @Test
  void elementwise() {
    for (Activation activation :
        List.of(
            Activation.relu(),
            Activation.leakyRelu(0.1),
            Activation.leakyRelu(-0.3),
            Activation.elu(1.2),
            Activation.gelu(),
            Activation.sigmoid(),
            Activation.tanh(),
            Activation.softplus(1),
            Activation.hardSwish())) {
      check(x -> x.get(0).activation(activation), shape(3, 4, 5));
    }
    for (Unary.Function function :
        List.of(Unary.Function.NEGATE, Unary.Function.ABSOLUTE, Unary.Function.EXP)) {
      check(x -> x.get(0).unary(function), shape(3, 4, 5));
    }
    check(x -> x.get(0).clip(-0.5, 0.7), shape(3, 4, 5));
    check(x -> x.get(0).softmax(1), shape(2, 3, 4));
    check(x -> x.get(0).logSoftmax(-1), shape(2, 3, 4));
  }

  @Test
  void ofTwo() {
    for (Binary.Function function :
        List.of(
            Binary.Function.ADD,
            Binary.Function.SUBTRACT,
            Binary.Function.MULTIPLY,
            Binary.Function.MIN,
            Binary.Function.MAX)) {
      check(x -> x.get(0).binary(function, x.get(1)), shape(2, 3, 4), shape(2, 3, 4));
      check(x -> x.get(0).binary(function, x.get(1)), shape(2, 1, 4), shape(3, 1));
      check(x -> x.get(0).binary(function, x.get(0)).add(x.get(0)), shape(2, 3));
    }
    check(
        x -> x.get(0).divide(x.get(1).multiply(x.get(1)).add(x.get(2).unary(Unary.Function.EXP))),
        shape(2, 3),
        shape(2, 3),
        shape(1));
  }

  @Test
  void pools() {
    PoolWindow window = PoolWindow.kernel(2, 3, 2).stride(2, 1, 2).padding(1, 1, 0).build();
    Shape input = shape(2, 2, 4, 5, 6);
    check(x -> x.get(0).maxPool(window), input);
    check(x -> x.get(0).averagePool(window, true), input);
    check(x -> x.get(0).averagePool(window, false), input);
    check(x -> x.get(0).adaptiveAveragePool(2, 3, 1), input);
    check(x -> x.get(0).adaptiveMaxPool(2, 3, 1), input);
  }

  @Test
  void layouts() {
    check(x -> x.get(0).concat(1, x.get(1), x.get(0)), shape(2, 3, 4), shape(2, 1, 4));
    check(x -> x.get(0).concat(-1, x.get(1)), shape(1, 3), shape(1, 2));
    check(x -> x.get(0).reshape(4, -1).multiply(x.get(1)), shape(2, 3, 4), shape(4, 6));
    check(x -> x.get(0).flatten().multiply(x.get(1)), shape(2, 3, 4), shape(2, 12));
    check(x -> x.get(0).squeeze(-1, 1).multiply(x.get(1)), shape(2, 1, 3, 1), shape(2, 3));
    check(x -> x.get(0).dropout().permute(2, 0, 1), shape(2, 3, 4));
    check(x -> x.get(0).slice(1, 1, 3).concat(1, x.get(0).slice(-2, -2, -1)), shape(2, 4, 3));
    check(
        x -> x.get(0).centerCrop(x.get(1)).add(x.get(1)),
        shape(1, 2, 5, 6, 4),
        shape(1, 2, 2, 3, 4));
    check(
        x -> x.get(0).pad(Pad.of(Pad.Mode.REFLECT, new long[] {0, 1, 2}, new long[] {1, 0, 1})),
        shape(2, 3, 4));
  }

  @Test
  void reductions() {
    for (Reduce.Reduction reduction :
        List.of(
            Reduce.Reduction.SUM,
            Reduce.Reduction.MEAN,
            Reduce.Reduction.MAX,
            Reduce.Reduction.L1,
            Reduce.Reduction.L2,
            Reduce.Reduction.SUM_SQUARE,
            Reduce.Reduction.LOG_SUM_EXP)) {
      check(x -> x.get(0).reduce(reduction, true, 0, -1), shape(2, 3, 4));
      check(x -> x.get(0).reduce(reduction, false, 1), shape(2, 3, 4));
      check(x -> x.get(0).reduce(reduction, false), shape(2, 3, 4));
    }
    check(x -> x.get(0).expandLike(x.get(1)).multiply(x.get(1)), shape(3, 1), shape(2, 3, 4));
  }

  @Test
  void sampling() {
    check(x -> x.get(0).enlarge(Resize.Mode.LINEAR, 2), shape(1, 2, 3, 4, 2));
    check(
        x ->
            x.get(0).resizeLike(Resize.builder(Resize.Mode.LINEAR).build(), x.get(1)).add(x.get(1)),
        shape(1, 2, 3, 4, 2),
        shape(1, 2, 5, 3, 4));
    GridSample sample = GridSample.of(GridSample.Mode.LINEAR, GridSample.Padding.ZEROS, false);
    check(x -> x.get(0).gridSample(sample, x.get(1)), shape(2, 2, 3, 4, 5), shape(2, 2, 3, 2, 3));
    Shape field = shape(2, 3, 4, 5, 6);
    check(x -> x.get(0).warp(x.get(1), Warp3d.Border.CLAMP), shape(2, 2, 4, 5, 6), field);
    check(x -> x.get(0).warp(x.get(0).tanh(), Warp3d.Border.CONSTANT), field);
    check(x -> x.get(0).scalingAndSquaring(4), field);
  }
}
