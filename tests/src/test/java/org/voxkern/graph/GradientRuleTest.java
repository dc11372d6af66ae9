package org.voxkern.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.voxkern.Backend;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
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

/**
 * The gradient's rule of each operation against differences, in f64 on the reference backend, and
 * what runs in f32 against that.
 */
class GradientRuleTest {
  private static final double STEP = 1e-5;

  private final Random random = new Random(41);

  private double[] normal(Shape shape) {
    return random
        .doubles(2 * shape.elementCount())
        .limit(shape.elementCount())
        .map(ignored -> random.nextGaussian())
        .toArray();
  }

  private static Shape shape(long... sizes) {
    return Shape.of(sizes);
  }

  /** One way of making a value of inputs. */
  private interface Network extends Function<List<Value>, Value> {}

  private void check(Network network, Shape... shapes) {
    check(network, Arrays.stream(shapes).map(this::normal).toList(), shapes.length, shapes);
  }

  /**
   * @param differentiated how many of the inputs, the first ones
   */
  private void check(Network network, List<double[]> inputs, int differentiated, Shape... shapes) {
    double[][] exact = gradients(network, ElementType.F64, inputs, differentiated, shapes);
    double[][] fast = gradients(network, ElementType.F32, inputs, differentiated, shapes);
    for (int input = 0; input < differentiated; input++) {
      double[] gradient = exact[input];
      double length = Math.sqrt(Arrays.stream(gradient).map(g -> g * g).sum());
      assertTrue(length > 0, "the gradient of input " + input + " is zero, which shows nothing");
      double off = 0;
      for (int i = 0; i < gradient.length; i++) {
        off += Math.pow(gradient[i] - fast[input][i], 2);
      }
      assertTrue(Math.sqrt(off) <= 2e-5 * length, "f32, input " + input + ": " + Math.sqrt(off));
    }
  }

  /** Checked against differences where the type is f64. */
  private double[][] gradients(
      Network network,
      ElementType type,
      List<double[]> inputs,
      int differentiated,
      Shape[] shapes) {
    Graph.Builder builder = Graph.builder();
    List<Value> values = new ArrayList<>();
    Map<String, Shape> sizes = new LinkedHashMap<>();
    for (int input = 0; input < shapes.length; input++) {
      String name = "x" + input;
      values.add(builder.input(name, type, SymbolicShape.of(shapes[input])));
      sizes.put(name, shapes[input]);
    }
    Value result = network.apply(values);
    Value weights = builder.input("weights", type, result.shape());
    sizes.put("weights", result.shape().known());
    double[] weighting = new double[(int) result.shape().known().elementCount()];
    Random own = new Random(5);
    Arrays.setAll(weighting, i -> own.nextGaussian());
    Graph graph = builder.output("loss", result.multiply(weights).sum()).build();
    String[] sources =
        IntStream.range(0, differentiated).mapToObj(i -> "x" + i).toArray(String[]::new);
    Graph both = Differentiation.of(graph, "loss").withRespectTo(sources).build();
    Backend backend = type == ElementType.F64 ? Backend.REFERENCE : Backend.CPU;
    try (Context context = Context.builder().backend(backend).build()) {
      Weights none = Weights.initialize(graph, context, 0);
      Executable executable = both.compile(context, none, sizes);
      Executable plain = both.compile(context, none, sizes, Graph.Compilation.AS_BUILT);
      List<double[]> all = new ArrayList<>(inputs);
      all.add(weighting);
      Map<String, double[]> results = run(executable, type, sizes, all);
      double[][] gradients = new double[differentiated][];
      for (int input = 0; input < differentiated; input++) {
        gradients[input] = results.get(Differentiation.nameOf("x" + input));
        assertArrayEquals(
            gradients[input], run(plain, type, sizes, all).get("gradient.x" + input), 1e-4);
        if (type == ElementType.F64) {
          Executable forward = graph.compile(context, none, sizes);
          compareWithDifferences(forward, sizes, all, input, gradients[input]);
        }
      }
      return gradients;
    }
  }

  private void compareWithDifferences(
      Executable executable,
      Map<String, Shape> sizes,
      List<double[]> inputs,
      int input,
      double[] gradient) {
    for (int round = 0; round < 3; round++) {
      double[] direction = normal(shape(gradient.length));
      double[] values = new double[2];
      for (int side = 0; side < 2; side++) {
        double step = side == 0 ? -STEP : STEP;
        List<double[]> moved = new ArrayList<>(inputs);
        double[] to = inputs.get(input).clone();
        Arrays.setAll(to, i -> to[i] + step * direction[i]);
        moved.set(input, to);
        values[side] = run(executable, ElementType.F64, sizes, moved).get("loss")[0];
      }
      double difference = (values[1] - values[0]) / (2 * STEP);
      double product =
          IntStream.range(0, gradient.length).mapToDouble(i -> gradient[i] * direction[i]).sum();
      double scale = Math.sqrt(Arrays.stream(gradient).map(g -> g * g).sum());
      assertEquals(difference, product, 2e-6 * Math.max(scale, 1e-3), "input " + input);
    }
  }

  private static Map<String, double[]> run(
      Executable executable, ElementType type, Map<String, Shape> sizes, List<double[]> inputs) {
    Map<String, double[]> results = new LinkedHashMap<>();
    try (Scope scope = Scope.open(executable.context())) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      for (Map.Entry<String, Shape> size : sizes.entrySet()) {
        double[] values = inputs.get(tensors.size());
        long[] to = size.getValue().toArray();
        float[] rounded = new float[values.length];
        for (int i = 0; i < values.length; i++) {
          rounded[i] = (float) values[i];
        }
        tensors.put(
            size.getKey(),
            type == ElementType.F64
                ? Tensor.of(scope.context(), values, to)
                : Tensor.of(scope.context(), rounded, to));
      }
      executable.run(tensors).forEach((name, result) -> results.put(name, doubles(result)));
    }
    return results;
  }

  private static double[] doubles(Tensor tensor) {
    if (tensor.type() == ElementType.F64) {
      return tensor.toDoubleArray();
    }
    float[] values = tensor.toFloatArray();
    return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
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
  void norms() {
    for (boolean affine : new boolean[] {true, false}) {
      Shape input = shape(2, 4, 3, 2, 3);
      Operation group = new Normalizations.Group(2, affine, Activation.none());
      Operation trained = new Normalizations.Batch(1e-3, affine).inTraining();
      Operation fixed = new Normalizations.Batch(1e-3, affine);
      Shape[] shapes = affine ? new Shape[] {input, shape(4), shape(4)} : new Shape[] {input};
      check(x -> apply(group, x), shapes);
      for (Operation batch : List.of(trained, fixed)) {
        double[] mean = {0.1, -0.2, 0.3, 0.05};
        double[] variance = {1, 2, 0.5, 0.7};
        List<double[]> inputs = new ArrayList<>(Arrays.stream(shapes).map(this::normal).toList());
        inputs.addAll(List.of(mean, variance));
        List<Shape> all = new ArrayList<>(Arrays.asList(shapes));
        all.addAll(List.of(shape(4), shape(4)));
        int last = all.size() - 1;
        check(
            x ->
                affine
                    ? x.get(0).apply(batch, x.get(last - 1), x.get(last), x.get(1), x.get(2))
                    : x.get(0).apply(batch, x.get(last - 1), x.get(last)),
            inputs,
            shapes.length,
            all.toArray(new Shape[0]));
      }
    }
    check(x -> apply(new Normalizations.Layer(-2), x), shape(3, 2, 4), shape(2, 4), shape(2, 4));
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
