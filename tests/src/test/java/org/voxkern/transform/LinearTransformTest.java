package org.voxkern.transform;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.voxkern.AffineMap;

/** Linear transforms against hand-computed values, ITK's own, finite differences and each other. */
class LinearTransformTest {
  private static final double[] CENTER = {4, 5, 6};
  private static final double[] POINT = {12.5, -7.25, 31.0};

  static Stream<LinearTransform> samples() {
    Random random = new Random(7);
    double[] affine = new double[12];
    for (int i = 0; i < 12; i++) {
      affine[i] = (i < 9 && i % 4 == 0 ? 1 : 0) + 0.3 * random.nextGaussian();
    }
    return Stream.of(
        TranslationTransform.of(1.5, -2, 30),
        Euler3DTransform.fromParameters(new double[] {0.3, -0.5, 0.7, 1, 2, 3}, CENTER),
        Euler3DTransform.fromParameters(new double[] {-1.2, 2.5, -3, 1, 2, 3}, CENTER),
        VersorRigid3DTransform.fromParameters(new double[] {0.3, -0.5, 0.7, 1, 2, 3}, CENTER),
        VersorRigid3DTransform.identity(CENTER),
        Similarity3DTransform.fromParameters(new double[] {-0.2, 0.1, 0.4, 10, 2, 3, 1.25}, CENTER),
        AffineTransform.fromParameters(affine, CENTER));
  }

  @Test
  void eulerTurnsAboutYFirstThenXThenZ() {
    double right = Math.PI / 2;
    Euler3DTransform aboutZ =
        Euler3DTransform.fromParameters(
            new double[] {0, 0, right, 10, 20, 30}, new double[] {1, 2, 3});
    assertArrayEquals(new double[] {11, 23, 33}, aboutZ.apply(2, 2, 3), 1e-12);
    Euler3DTransform aboutYThenX =
        Euler3DTransform.fromParameters(new double[] {right, right, 0, 0, 0, 0}, new double[3]);
    assertArrayEquals(new double[] {0, 1, 0}, aboutYThenX.apply(1, 0, 0), 1e-12);
  }

  /** Expected points were computed by ITK 5.2. */
  @Test
  void agreesWithItk() {
    double[] versor = {0.3, -0.5, 0.7, 1, 2, 3};
    assertArrayEquals(
        new double[] {14.030036530062493, -10.74670240578245, 30.232651600455657},
        LinearTransform.ofItk("Euler3DTransform_double_3_3", versor, new double[] {4, 5, 6, 0})
            .apply(POINT),
        1e-12);
    assertArrayEquals(
        new double[] {15.573742240757669, -9.0544038896830408, 30.857826762350989},
        LinearTransform.ofItk("Euler3DTransform_double_3_3", versor, new double[] {4, 5, 6, 1})
            .apply(POINT),
        1e-12);
    assertArrayEquals(
        new double[] {11.858362083890135, -12.368162743941472, 29.61915714694603},
        LinearTransform.ofItk("VersorRigid3DTransform_double_3_3", versor, CENTER).apply(POINT),
        1e-12);
    assertArrayEquals(
        new double[] {13.572952604862671, -17.210203429926846, 34.773946433682539},
        LinearTransform.ofItk(
                "Similarity3DTransform_double_3_3",
                new double[] {0.3, -0.5, 0.7, 1, 2, 3, 1.25},
                CENTER)
            .apply(POINT),
        1e-12);
  }

  /** A vector part longer than 1 is shortened as ITK 5.2 does, which computed the point. */
  @Test
  void longVersorIsShortened() {
    assertArrayEquals(
        new double[] {15.421564891033693, -12.286192698213894, 28.150620262261352},
        VersorRigid3DTransform.fromParameters(new double[] {0.9, -1.5, 2.1, 1, 2, 3}, CENTER)
            .apply(POINT),
        1e-9);
  }

  @ParameterizedTest
  @MethodSource("samples")
  void jacobianAgreesWithCentralDifferences(LinearTransform transform) {
    double[][] jacobian = transform.parameterJacobian();
    double[] parameters = transform.parameters();
    double step = 1e-6;
    for (int p = 0; p < parameters.length; p++) {
      double[] ahead = parameters.clone();
      double[] behind = parameters.clone();
      ahead[p] += step;
      behind[p] -= step;
      double[] a = transform.withParameters(ahead).toAffineMap().toArray();
      double[] b = transform.withParameters(behind).toAffineMap().toArray();
      for (int row = 0; row < 12; row++) {
        double expected = (a[row] - b[row]) / (2 * step);
        assertEquals(
            expected,
            jacobian[row][p],
            1e-7 * Math.max(1, Math.abs(expected)),
            "derivative of number " + row + " with respect to parameter " + p);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("samples")
  void gradientIsTheChainRule(LinearTransform transform) {
    double[] mapGradient = new double[12];
    Random random = new Random(3);
    for (int i = 0; i < 12; i++) {
      mapGradient[i] = random.nextGaussian();
    }
    double[] gradient = transform.parameterGradient(mapGradient);
    double[] parameters = transform.parameters();
    double step = 1e-6;
    for (int p = 0; p < parameters.length; p++) {
      double expected = 0;
      for (int sign = -1; sign <= 1; sign += 2) {
        double[] moved = parameters.clone();
        moved[p] += sign * step;
        double[] map = transform.withParameters(moved).toAffineMap().toArray();
        for (int i = 0; i < 12; i++) {
          expected += sign * map[i] * mapGradient[i] / (2 * step);
        }
      }
      assertEquals(expected, gradient[p], 1e-6 * Math.max(1, Math.abs(expected)));
    }
  }

  @ParameterizedTest
  @MethodSource("samples")
  void inverseUndoes(LinearTransform transform) {
    LinearTransform inverse = transform.inverse();
    assertEquals(transform.getClass(), inverse.getClass());
    assertArrayEquals(transform.center(), inverse.center());
    assertArrayEquals(POINT, inverse.apply(transform.apply(POINT)), 1e-12 * 1000);
    assertArrayEquals(
        AffineMap.identity().toArray(), inverse.after(transform).toAffineMap().toArray(), 1e-12);
  }

  @ParameterizedTest
  @MethodSource("samples")
  void centerDoesNotChangeTheMap(LinearTransform transform) {
    LinearTransform moved = transform.withCenter(-30, 12, 100);
    assertArrayEquals(
        transform.toAffineMap().toArray(), moved.toAffineMap().toArray(), 1e-12 * 100);
    assertEquals(transform.getClass(), moved.getClass());
  }

  @ParameterizedTest
  @MethodSource("samples")
  void itkNumbersGiveItBack(LinearTransform transform) {
    assertEquals(
        transform,
        LinearTransform.ofItk(
            transform.itkName() + "_double_3_3",
            transform.parameters(),
            transform.itkFixedParameters()));
  }

  @Test
  void compositionKeepsTheSimplestKind() {
    LinearTransform translation = TranslationTransform.of(1, 2, 3);
    LinearTransform euler =
        Euler3DTransform.fromParameters(new double[] {0.3, -0.5, 0.7, 1, 2, 3}, CENTER);
    LinearTransform similarity =
        Similarity3DTransform.fromParameters(new double[] {0.1, 0, 0.2, 1, 2, 3, 0.8}, CENTER);
    LinearTransform affine = AffineTransform.identity(CENTER);
    assertInstanceOf(TranslationTransform.class, translation.after(translation));
    assertInstanceOf(VersorRigid3DTransform.class, euler.after(translation));
    assertInstanceOf(Similarity3DTransform.class, euler.after(similarity));
    assertInstanceOf(AffineTransform.class, affine.after(euler));
    for (LinearTransform outer : new LinearTransform[] {translation, euler, similarity, affine}) {
      for (LinearTransform inner : new LinearTransform[] {translation, euler, similarity, affine}) {
        assertArrayEquals(
            outer.apply(inner.apply(POINT)), outer.after(inner).apply(POINT), 1e-12 * 100);
      }
    }
  }

  @Test
  void rotationsOfEveryAngleSurviveTheRoundTrip() {
    Random random = new Random(11);
    for (int i = 0; i < 2000; i++) {
      double[] axis = {random.nextGaussian(), random.nextGaussian(), random.nextGaussian()};
      double norm = Math.sqrt(axis[0] * axis[0] + axis[1] * axis[1] + axis[2] * axis[2]);
      // Every fourth is within 1e-9 of a half turn.
      double half =
          Math.PI / 2 * (i % 4 == 0 ? 1 - 1e-9 * random.nextDouble() : random.nextDouble());
      double[] parameters = new double[6];
      for (int k = 0; k < 3; k++) {
        parameters[k] = axis[k] / norm * Math.sin(half);
      }
      AffineMap map = VersorRigid3DTransform.fromParameters(parameters, CENTER).toAffineMap();
      assertArrayEquals(
          map.toArray(), VersorRigid3DTransform.of(map, CENTER).toAffineMap().toArray(), 5e-5);
      assertArrayEquals(
          map.toArray(), Euler3DTransform.of(map, CENTER).toAffineMap().toArray(), 1e-12 * 100);
    }
  }

  @Test
  void eulerAnglesExistAtTheGimbalLock() {
    for (double x : new double[] {Math.PI / 2, -Math.PI / 2}) {
      AffineMap map =
          Euler3DTransform.fromParameters(new double[] {x, 0.4, 0.9, 1, 2, 3}, CENTER)
              .toAffineMap();
      Euler3DTransform found = Euler3DTransform.of(map, CENTER);
      assertArrayEquals(map.toArray(), found.toAffineMap().toArray(), 1e-12 * 100);
    }
  }

  @Test
  void compositeAppliesTheLastOneFirst() {
    Transform scale =
        AffineTransform.fromParameters(
            new double[] {2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0}, new double[3]);
    Transform shift = TranslationTransform.of(1, 0, 0);
    CompositeTransform composite = CompositeTransform.of(scale).add(shift);
    assertArrayEquals(new double[] {4, 0, 0}, composite.apply(1, 0, 0), 0);
    assertTrue(composite.isLinear());
    assertArrayEquals(new double[] {4, 0, 0}, composite.toAffineMap().apply(1, 0, 0), 0);
    assertArrayEquals(POINT, CompositeTransform.of().apply(POINT), 0);
    CompositeTransform nested = CompositeTransform.of(shift, composite);
    assertArrayEquals(nested.apply(POINT), nested.toAffineMap().apply(POINT), 1e-12);
  }

  @Test
  void refusalsSayWhatWasExpected() {
    assertMessage(
        "expected 6 numbers, not 5", () -> Euler3DTransform.fromParameters(new double[5], CENTER));
    assertMessage(
        "positive scale",
        () -> Similarity3DTransform.identity(0, 0, 0).withParameters(0, 0, 0, 0, 0, 0, -1));
    assertMessage(
        "not a rotation", () -> VersorRigid3DTransform.of(AffineMap.scale(1, 2, 1), 0, 0, 0));
    assertMessage(
        "not a rotation", () -> Euler3DTransform.of(AffineMap.scale(-1, -1, -1), 0, 0, 0));
    assertMessage("finite", () -> TranslationTransform.of(0, Double.NaN, 0));
    assertMessage(
        "AffineTransform_double_2_2",
        () -> LinearTransform.ofItk("AffineTransform_double_2_2", new double[6], new double[2]));
    assertMessage(
        "expected a linear one",
        () -> LinearTransform.ofItk("BSplineTransform_double_3_3", new double[6], new double[2]));
    assertThrows(
        ArithmeticException.class,
        () -> AffineTransform.fromParameters(new double[12], CENTER).inverse());
  }

  private static void assertMessage(String part, org.junit.jupiter.api.function.Executable call) {
    String message = assertThrows(IllegalArgumentException.class, call).getMessage();
    assertTrue(message.contains(part), message);
    assertTrue(!message.contains("\n"), message);
  }
}
