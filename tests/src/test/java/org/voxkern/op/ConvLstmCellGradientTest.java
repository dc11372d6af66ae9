package org.voxkern.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.voxkern.Backend;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;

/** The gradient of a step is the difference quotient, in f64. */
class ConvLstmCellGradientTest {
  private static final Shape INPUT = Shape.of(2, 3, 2, 3, 2);
  private static final Shape STATE = Shape.of(2, 2, 2, 3, 2);
  private static final Shape GATES = Shape.of(2, 8, 2, 3, 2);
  private static final double STEP = 1e-5;

  private final ConvLstmCell layer = ConvLstmCell.ofKernel(1, 3, 3);

  private static Map<String, Shape> shapes(boolean peepholes) {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    shapes.put("input", INPUT);
    shapes.put("hidden", STATE);
    shapes.put("cell", STATE);
    shapes.put("inputWeights", Shape.of(8, 3, 1, 3, 3));
    shapes.put("hiddenWeights", Shape.of(8, 2, 1, 3, 3));
    shapes.put("bias", Shape.of(8));
    if (peepholes) {
      shapes.put("peepholes", Shape.of(3, 2, 2, 3, 2));
    }
    return shapes;
  }

  private static double[] uniform(Random random, Shape shape) {
    return random.doubles(shape.elementCount(), -1, 1).toArray();
  }

  private record Step(Tensor gates, Tensor cell, Tensor hidden) {}

  private static Tensor empty(Context context, Shape shape) {
    return Tensor.uninitialized(context, ElementType.F64, shape);
  }

  private Step step(Context context, Map<String, Tensor> x) {
    Step to = new Step(empty(context, GATES), empty(context, STATE), empty(context, STATE));
    layer.apply(
        x.get("input"),
        x.get("hidden"),
        x.get("cell"),
        layer.pack(x.get("inputWeights"), INPUT),
        layer.pack(x.get("hiddenWeights"), STATE),
        x.get("bias"),
        x.get("peepholes"),
        to.gates(),
        to.cell(),
        to.hidden());
    return to;
  }

  /** The loss: a sum of cell and hidden values with random weights. */
  private double loss(
      Context context, Map<String, double[]> values, double[] ofCell, double[] ofHidden) {
    try (Scope scope = Scope.open(context)) {
      Step to = step(scope.context(), tensors(scope.context(), values));
      return dot(to.cell().toDoubleArray(), ofCell) + dot(to.hidden().toDoubleArray(), ofHidden);
    }
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static Map<String, Tensor> tensors(Context context, Map<String, double[]> values) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    Map<String, Shape> shapes = shapes(true);
    values.forEach(
        (name, of) ->
            tensors.put(name, Tensor.of(context, of.clone(), shapes.get(name).toArray())));
    return tensors;
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void isTheDifferenceQuotient(boolean peepholes) {
    Random random = new Random(5);
    Map<String, double[]> values = new LinkedHashMap<>();
    shapes(peepholes).forEach((name, shape) -> values.put(name, uniform(random, shape)));
    double[] ofCell = uniform(random, STATE);
    double[] ofHidden = uniform(random, STATE);
    try (Context context = Context.builder().backend(Backend.REFERENCE).build();
        Scope scope = Scope.open(context)) {
      Context inScope = scope.context();
      Map<String, Tensor> x = tensors(inScope, values);
      Map<String, Tensor> gradients = new LinkedHashMap<>();
      shapes(peepholes).forEach((name, shape) -> gradients.put(name, empty(inScope, shape)));
      layer.gradient(
          x.get("input"),
          x.get("hidden"),
          x.get("cell"),
          x.get("inputWeights"),
          x.get("hiddenWeights"),
          x.get("peepholes"),
          step(inScope, x).gates(),
          Tensor.of(inScope, ofCell, STATE.toArray()),
          Tensor.of(inScope, ofHidden, STATE.toArray()),
          new ConvLstmCell.Gradients(
              empty(inScope, GATES),
              gradients.get("input"),
              gradients.get("hidden"),
              gradients.get("cell"),
              gradients.get("inputWeights"),
              gradients.get("hiddenWeights"),
              gradients.get("bias"),
              gradients.get("peepholes")));
      gradients.forEach(
          (name, gradient) -> {
            double[] ours = gradient.toDoubleArray();
            double[] at = values.get(name);
            for (int i = 0; i < at.length; i++) {
              double before = at[i];
              at[i] = before + STEP;
              double above = loss(context, values, ofCell, ofHidden);
              at[i] = before - STEP;
              double below = loss(context, values, ofCell, ofHidden);
              at[i] = before;
              assertEquals((above - below) / (2 * STEP), ours[i], 1e-8, name + " " + i);
            }
          });
    }
  }

  @Test
  void refusesTheBiasWithoutTheWeights() {
    try (Context context = Context.create()) {
      Tensor any = Tensor.zeros(context, ElementType.F32, STATE);
      assertThrows(
          IllegalArgumentException.class,
          () -> new ConvLstmCell.Gradients(any, null, null, any, null, null, any, null));
    }
  }
}
