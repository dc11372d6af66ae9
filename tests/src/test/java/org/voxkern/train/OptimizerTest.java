package org.voxkern.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.voxkern.Context;
import org.voxkern.Scope;
import org.voxkern.Tensor;

/** Optimisers against their formulas in double. */
class OptimizerTest {
  private static final int COUNT = 1037;
  private static final int STEPS = 7;
  private static final double BOUND = 2e-6;

  /** One number, its state and a step of a formula. */
  private interface Formula {
    /** Of numbers that begin at w: w after each gradient. */
    double[] path(double w, double[] gradients, double[] rates);
  }

  private record Pair(String name, Optimizer optimizer, Formula formula) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static Formula sgd(double mu, double tau, boolean nesterov, double decay) {
    return (start, gradients, rates) -> {
      double w = start;
      double v = 0;
      double[] path = new double[gradients.length];
      for (int t = 0; t < gradients.length; t++) {
        double g = gradients[t] + decay * w;
        v = t == 0 ? g : mu * v + (1 - tau) * g;
        double direction = mu == 0 ? g : nesterov ? g + mu * v : v;
        w -= rates[t] * direction;
        path[t] = w;
      }
      return path;
    };
  }

  private static Formula adam(double b1, double b2, double eps, double decay, boolean decoupled) {
    return (start, gradients, rates) -> {
      double w = start;
      double m = 0;
      double v = 0;
      double[] path = new double[gradients.length];
      for (int t = 0; t < gradients.length; t++) {
        double g = gradients[t] + (decoupled ? 0 : decay * w);
        w -= decoupled ? rates[t] * decay * w : 0;
        m = b1 * m + (1 - b1) * g;
        v = b2 * v + (1 - b2) * g * g;
        double mHat = m / (1 - Math.pow(b1, t + 1));
        double vHat = v / (1 - Math.pow(b2, t + 1));
        w -= rates[t] * mHat / (Math.sqrt(vHat) + eps);
        path[t] = w;
      }
      return path;
    };
  }

  static Stream<Pair> pairs() {
    return Stream.of(
        new Pair("sgd", Sgd.create(), sgd(0, 0, false, 0)),
        new Pair("decay", Sgd.builder().weightDecay(0.1).build(), sgd(0, 0, false, 0.1)),
        new Pair("momentum", Sgd.builder().momentum(0.9).build(), sgd(0.9, 0, false, 0)),
        new Pair(
            "dampening",
            Sgd.builder().momentum(0.8).dampening(0.3).weightDecay(0.01).build(),
            sgd(0.8, 0.3, false, 0.01)),
        new Pair(
            "nesterov",
            Sgd.builder().momentum(0.99).nesterov().weightDecay(3e-3).build(),
            sgd(0.99, 0, true, 3e-3)),
        new Pair("adam", Adam.create(), adam(0.9, 0.999, 1e-8, 0, false)),
        new Pair(
            "adam with decay",
            Adam.builder().betas(0.5, 0.9).epsilon(1e-3).weightDecay(0.2).build(),
            adam(0.5, 0.9, 1e-3, 0.2, false)),
        new Pair("adamw", Adam.decoupled(0.3), adam(0.9, 0.999, 1e-8, 0.3, true)));
  }

  private static float[] normal(Random random) {
    float[] values = new float[COUNT];
    for (int i = 0; i < COUNT; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** The parameters after every step. */
  private static List<float[]> run(Optimizer optimizer, int threads, double[] rates) {
    List<float[]> path = new ArrayList<>();
    Random random = new Random(5);
    try (Context context = Context.builder().threads(threads).build();
        Scope scope = Scope.open(context)) {
      Tensor parameter = Tensor.of(scope.context(), normal(random), 17, 61);
      List<Tensor> state =
          optimizer.stateNames().stream()
              .map(name -> Tensor.zeros(context, parameter.type(), parameter.shape()))
              .toList();
      path.add(parameter.toFloatArray());
      for (int step = 1; step <= STEPS; step++) {
        Tensor gradient = Tensor.of(context, normal(random), 17, 61);
        optimizer.update(parameter, gradient, state, rates[step - 1], step);
        path.add(parameter.toFloatArray());
      }
    }
    return path;
  }

  private static double[] rates() {
    double[] rates = new double[STEPS];
    for (int t = 0; t < STEPS; t++) {
      rates[t] = 0.05 / (1 + t);
    }
    return rates;
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void followsItsFormula(Pair pair) {
    List<float[]> path = run(pair.optimizer, 2, rates());
    Random random = new Random(5);
    float[] start = normal(random);
    List<float[]> gradients = new ArrayList<>();
    for (int t = 0; t < STEPS; t++) {
      gradients.add(normal(random));
    }
    for (int i = 0; i < COUNT; i++) {
      int at = i;
      double[] own = gradients.stream().mapToDouble(g -> g[at]).toArray();
      double[] expected = pair.formula.path(start[i], own, rates());
      for (int t = 0; t < STEPS; t++) {
        assertEquals(expected[t], path.get(t + 1)[i], BOUND, "element " + i + " step " + (t + 1));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void hasTheSameBitsWithAnyNumberOfThreads(Pair pair) {
    List<float[]> alone = run(pair.optimizer, 1, rates());
    List<float[]> three = run(pair.optimizer, 3, rates());
    for (int t = 0; t <= STEPS; t++) {
      assertArrayEquals(alone.get(t), three.get(t));
    }
  }

  @Test
  void adamsFirstStepIsTheLearningRateWhateverTheGradientsSize() {
    try (Context context = Context.create()) {
      Tensor parameter = Tensor.of(context, new float[] {1, 1, 1, 1}, 4);
      Tensor gradient = Tensor.of(context, new float[] {1e-3f, -1e3f, 2, 0}, 4);
      List<Tensor> state =
          List.of(
              Tensor.zeros(context, parameter.type(), parameter.shape()),
              Tensor.zeros(context, parameter.type(), parameter.shape()));
      Adam.create().update(parameter, gradient, state, 0.25, 1);
      assertArrayEquals(new float[] {0.75f, 1.25f, 0.75f, 1}, parameter.toFloatArray(), 1e-5f);
    }
  }

  @Test
  void refusesNumbersOutOfRange() {
    for (Runnable wrong :
        List.<Runnable>of(
            () -> Sgd.builder().momentum(1),
            () -> Sgd.builder().weightDecay(-1),
            () -> Sgd.builder().dampening(Double.NaN),
            () -> Sgd.builder().nesterov().build(),
            () -> Sgd.builder().momentum(0.9).dampening(0.1).nesterov().build(),
            () -> Adam.builder().betas(0.9, 1),
            () -> Adam.builder().epsilon(0),
            () -> Adam.decoupled(Double.POSITIVE_INFINITY))) {
      String message = assertThrows(IllegalArgumentException.class, wrong::run).getMessage();
      assertTrue(message.matches(".*(expected|needs).*"), message);
    }
  }
}
