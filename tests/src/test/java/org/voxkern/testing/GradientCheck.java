package org.voxkern.testing;

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
import org.voxkern.Backend;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Differentiation;
import org.voxkern.graph.Executable;
import org.voxkern.graph.Graph;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Value;
import org.voxkern.graph.Weights;

/**
 * Holds the gradients of what a graph makes of its inputs to differences, in f64 on the reference
 * backend, and those of the fast kernels, in f32, to them; fused as well as node by node.
 */
public final class GradientCheck {
  private static final double STEP = 1e-5;
  private static final double DIFFERENCE_BOUND = 2e-6;
  private static final double F32_BOUND = 2e-5;

  /** What an input is. */
  private enum Kind {
    DIFFERENTIATED,
    CONSTANT,
    /** Whole numbers, i32. */
    CLASSES
  }

  /** An input of the graph. */
  public record Input(Kind kind, Shape shape, double[] values) {
    ElementType type(ElementType floating) {
      return kind == Kind.CLASSES ? ElementType.I32 : floating;
    }

    Input moved(double[] direction, double step) {
      double[] to = values.clone();
      Arrays.setAll(to, i -> to[i] + step * direction[i]);
      return new Input(kind, shape, to);
    }

    Tensor tensor(Context context, ElementType floating) {
      long[] sizes = shape.toArray();
      if (kind == Kind.CLASSES) {
        int[] whole = Arrays.stream(values).mapToInt(value -> (int) value).toArray();
        return Tensor.of(context, whole, sizes);
      }
      if (floating == ElementType.F64) {
        return Tensor.of(context, values, sizes);
      }
      float[] rounded = new float[values.length];
      for (int i = 0; i < values.length; i++) {
        rounded[i] = (float) values[i];
      }
      return Tensor.of(context, rounded, sizes);
    }
  }

  private final Random random;

  public GradientCheck(long seed) {
    random = new Random(seed);
  }

  /** Differentiated by; normally distributed. */
  public Input normal(long... sizes) {
    return of(normal(Math.toIntExact(Shape.of(sizes).elementCount())), sizes);
  }

  private double[] normal(int count) {
    return IntStream.range(0, count).mapToDouble(i -> random.nextGaussian()).toArray();
  }

  /** Differentiated by. */
  public static Input of(double[] values, long... sizes) {
    return new Input(Kind.DIFFERENTIATED, Shape.of(sizes), values);
  }

  public static Input constant(double[] values, long... sizes) {
    return new Input(Kind.CONSTANT, Shape.of(sizes), values);
  }

  /** Random whole numbers from 0 to below a count. */
  public Input classes(int count, long... sizes) {
    Shape shape = Shape.of(sizes);
    double[] values =
        random.ints(shape.elementCount(), 0, count).mapToDouble(value -> value).toArray();
    return new Input(Kind.CLASSES, shape, values);
  }

  /** Whole numbers. */
  public static Input classes(double[] values, long... sizes) {
    return new Input(Kind.CLASSES, Shape.of(sizes), values);
  }

  /** Of a network's output, weighted at random, by every input that is differentiated by. */
  public void check(Function<List<Value>, Value> network, Input... inputs) {
    Map<String, double[]> exact = gradients(network, ElementType.F64, List.of(inputs));
    Map<String, double[]> fast = gradients(network, ElementType.F32, List.of(inputs));
    exact.forEach(
        (name, gradient) -> {
          double length = length(gradient);
          assertTrue(length > 0, name + " is zero, which shows nothing");
          double[] off = gradient.clone();
          Arrays.setAll(off, i -> off[i] - fast.get(name)[i]);
          assertTrue(length(off) <= F32_BOUND * length, name + " in f32 is off by " + length(off));
        });
  }

  private static double length(double[] vector) {
    return Math.sqrt(Arrays.stream(vector).map(value -> value * value).sum());
  }

  /** The value of a network in f64. */
  public static double value(Function<List<Value>, Value> network, Input... inputs) {
    Graph.Builder builder = Graph.builder();
    List<Value> values = declare(builder, ElementType.F64, List.of(inputs));
    Graph graph = builder.output("value", network.apply(values)).build();
    try (Context context = Context.builder().backend(Backend.REFERENCE).build()) {
      Executable executable = compile(graph, context, List.of(inputs), Graph.Compilation.OPTIMISED);
      return run(executable, ElementType.F64, List.of(inputs)).get("value")[0];
    }
  }

  private static String name(int input) {
    return "x" + input;
  }

  private static List<Value> declare(
      Graph.Builder builder, ElementType floating, List<Input> inputs) {
    List<Value> values = new ArrayList<>();
    for (Input input : inputs) {
      SymbolicShape shape = SymbolicShape.of(input.shape());
      values.add(builder.input(name(values.size()), input.type(floating), shape));
    }
    return values;
  }

  private static Executable compile(
      Graph graph, Context context, List<Input> inputs, Graph.Compilation compilation) {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    inputs.forEach(input -> shapes.put(name(shapes.size()), input.shape()));
    return graph.compile(context, Weights.initialize(graph, context, 0), shapes, compilation);
  }

  private Map<String, double[]> gradients(
      Function<List<Value>, Value> network, ElementType floating, List<Input> given) {
    Graph.Builder builder = Graph.builder();
    Value result = network.apply(declare(builder, floating, given));
    Shape shape = result.shape().known();
    Random own = new Random(5);
    double[] weights =
        IntStream.range(0, Math.toIntExact(shape.elementCount()))
            .mapToDouble(i -> own.nextGaussian())
            .toArray();
    List<Input> inputs = new ArrayList<>(given);
    Value weighting = builder.input(name(given.size()), floating, SymbolicShape.of(shape));
    inputs.add(constant(weights, shape.toArray()));
    Graph graph = builder.output("loss", result.multiply(weighting).sum()).build();
    String[] sources =
        IntStream.range(0, given.size())
            .filter(input -> given.get(input).kind() == Kind.DIFFERENTIATED)
            .mapToObj(GradientCheck::name)
            .toArray(String[]::new);
    Graph both = Differentiation.of(graph, "loss").withRespectTo(sources).build();
    boolean exact = floating == ElementType.F64;
    Backend backend = exact ? Backend.REFERENCE : Backend.CPU;
    try (Context context = Context.builder().backend(backend).build()) {
      Executable fused = compile(both, context, inputs, Graph.Compilation.OPTIMISED);
      Executable plain = compile(both, context, inputs, Graph.Compilation.AS_BUILT);
      Map<String, double[]> gradients = run(fused, floating, inputs);
      Map<String, double[]> unfused = run(plain, floating, inputs);
      gradients.forEach(
          (name, values) -> {
            double most = Arrays.stream(values).map(Math::abs).max().orElse(0);
            assertArrayEquals(values, unfused.get(name), F32_BOUND * most, name);
          });
      gradients.remove("loss");
      if (exact) {
        Executable forward = compile(graph, context, inputs, Graph.Compilation.OPTIMISED);
        for (int input = 0; input < given.size(); input++) {
          double[] gradient = gradients.get(Differentiation.nameOf(name(input)));
          if (gradient != null) {
            compareWithDifferences(forward, inputs, input, gradient);
          }
        }
      }
      return gradients;
    }
  }

  private void compareWithDifferences(
      Executable executable, List<Input> inputs, int input, double[] gradient) {
    for (int round = 0; round < 3; round++) {
      double[] direction = normal(gradient.length);
      double[] sides = new double[2];
      for (int side = 0; side < 2; side++) {
        List<Input> moved = new ArrayList<>(inputs);
        moved.set(input, inputs.get(input).moved(direction, side == 0 ? -STEP : STEP));
        sides[side] = run(executable, ElementType.F64, moved).get("loss")[0];
      }
      double product =
          IntStream.range(0, gradient.length).mapToDouble(i -> gradient[i] * direction[i]).sum();
      double bound = DIFFERENCE_BOUND * Math.max(length(gradient), 1e-3);
      assertEquals((sides[1] - sides[0]) / (2 * STEP), product, bound, name(input));
    }
  }

  private static Map<String, double[]> run(
      Executable executable, ElementType floating, List<Input> inputs) {
    Map<String, double[]> results = new LinkedHashMap<>();
    try (Scope scope = Scope.open(executable.context())) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      inputs.forEach(
          input -> tensors.put(name(tensors.size()), input.tensor(scope.context(), floating)));
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
}
