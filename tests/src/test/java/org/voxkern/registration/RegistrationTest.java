package org.voxkern.registration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.voxkern.AffineMap;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Images;
import org.voxkern.Scope;
import org.voxkern.Tensor;
import org.voxkern.transform.AffineTransform;
import org.voxkern.transform.Euler3DTransform;
import org.voxkern.transform.Transform;

class RegistrationTest {
  private static final AffineMap RIGID =
      Euler3DTransform.fromParameters(new double[] {0.12, -0.1, 0.15, 6, -4, 5}, new double[3])
          .toAffineMap();
  private static final AffineMap AFFINE =
      AffineMap.of(1.05, 0.04, 0, 4, -0.03, 0.96, 0.02, -5, 0.01, 0, 1.03, 3);

  private static Image fixed(Context context) {
    return Phantom.image(context, Phantom.fixedGrid(), p -> p, false);
  }

  /** The scene such that a fixed point x is found at map(x): moving(y) = scene(map^-1(y)). */
  private static Image moving(Context context, AffineMap map, boolean inverted) {
    AffineMap inverse = map.inverse();
    return Phantom.image(context, Phantom.movingGrid(), inverse::apply, inverted);
  }

  /** Mean distance, mm, over points of the scene between a transform and the truth. */
  private static double error(Transform found, UnaryOperator<double[]> truth) {
    double sum = 0;
    int count = 0;
    for (double x = -30; x <= 30; x += 10) {
      for (double y = -30; y <= 30; y += 10) {
        for (double z = -25; z <= 25; z += 10) {
          double[] a = found.apply(x, y, z);
          double[] b = truth.apply(new double[] {x, y, z});
          sum += Math.hypot(Math.hypot(a[0] - b[0], a[1] - b[1]), a[2] - b[2]);
          count++;
        }
      }
    }
    return sum / count;
  }

  @ParameterizedTest
  @EnumSource(
      value = SimilarityMeasure.class,
      names = {"MATTES_MI", "NMI"})
  void recoversARigidTransformAcrossContrasts(SimilarityMeasure measure) {
    try (Context context = Context.create()) {
      RegistrationResult result =
          Registration.builder()
              .transform(TransformKind.RIGID)
              .measure(measure)
              .build()
              .run(fixed(context), moving(context, RIGID, true));
      assertTrue(error(result.linear(), RIGID::apply) < 0.05, result.toString());
      assertTrue(result.metricAfter() > result.metricBefore());
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = SimilarityMeasure.class,
      names = {"SSD"})
  void recoversAnAffineTransform(SimilarityMeasure measure) {
    try (Context context = Context.create()) {
      RegistrationResult result =
          Registration.builder()
              .transform(TransformKind.AFFINE)
              .measure(measure)
              .build()
              .run(fixed(context), moving(context, AFFINE, false));
      assertTrue(error(result.linear(), AFFINE::apply) < 0.05, result.toString());
    }
  }

  private static Image finelySampled(Context context) {
    Geometry grid =
        Geometry.of(
            new int[] {100, 110, 90},
            new double[] {1.2, 1.2, 1.2},
            new double[] {-60, -66, -54},
            new double[] {1, 0, 0, 0, 1, 0, 0, 0, 1});
    return Phantom.image(context, grid, Phantom::textured);
  }

  /** The scene moved, its negative, under a bias field of 15 %. */
  private static Image withBiasField(Context context) {
    AffineMap inverse = RIGID.inverse();
    return Phantom.image(
        context,
        Phantom.wideGrid(),
        p -> {
          double field = 1 + 0.15 * Math.sin(p[0] / 40 + 0.5) * Math.cos(p[1] / 45 - p[2] / 60);
          return field * (200 - 1.5 * Phantom.textured(inverse.apply(p)));
        });
  }

  @Test
  void aBiasFieldOfTheMovingImageDoesNotPullTheResultAside() {
    try (Context context = Context.create()) {
      double[] errors = new double[2];
      for (int i = 0; i < 2; i++) {
        RegistrationResult result =
            Registration.builder()
                .transform(TransformKind.RIGID)
                .biasFieldDegree(i == 0 ? 0 : 4)
                .build()
                .run(finelySampled(context), withBiasField(context));
        errors[i] = error(result.linear(), RIGID::apply);
      }
      assertTrue(errors[1] < 0.35, errors[0] + " mm without, " + errors[1] + " mm with correction");
      assertTrue(errors[1] < 0.3 * errors[0], errors[0] + " mm without, " + errors[1] + " mm with");
    }
  }

  @Test
  void correctsTheBiasFieldUnderADeformationAlikeOnAnyThreads() {
    float[] reference = null;
    for (int threads = 1; threads <= 2; threads++) {
      try (Context context = Context.builder().threads(threads).build()) {
        RegistrationResult result =
            Registration.builder()
                .transform(TransformKind.DEFORMABLE)
                .biasFieldDegree(4)
                .build()
                .run(finelySampled(context), withBiasField(context));
        assertTrue(error(result.transform(), RIGID::apply) < 1, "deformed by more than a voxel");
        float[] field = result.deformation().orElseThrow().displacementMm().toFloatArray();
        if (reference == null) {
          reference = field;
        }
        assertArrayEquals(reference, field);
      }
    }
  }

  @Test
  void aSmallMovingMaskDoesNotEndTheSearch() {
    try (Context context = Context.create()) {
      Image moving = moving(context, RIGID, true);
      AffineMap inverse = RIGID.inverse();
      Image mask =
          Images.mask(
              Phantom.image(
                  context,
                  moving.geometry(),
                  (double[] p) -> Phantom.isInside(inverse.apply(p)) ? 1 : 0));
      RegistrationResult result =
          Registration.builder()
              .transform(TransformKind.RIGID)
              .movingMask(mask)
              .build()
              .run(fixed(context), moving);
      assertTrue(error(result.linear(), RIGID::apply) < 0.5, result.toString());
    }
  }

  @Test
  void multiStartRecoversALargeRotation() {
    AffineMap map =
        Euler3DTransform.fromParameters(
                new double[] {
                  Math.toRadians(50), Math.toRadians(-20), Math.toRadians(35), 8, 5, -9
                },
                new double[3])
            .toAffineMap();
    try (Context context = Context.create()) {
      Geometry wide =
          Geometry.of(
              new int[] {70, 70, 70},
              new double[] {2, 2, 2},
              new double[] {-69, -69, -69},
              new double[] {1, 0, 0, 0, 1, 0, 0, 0, 1});
      Image moving = Phantom.image(context, wide, map.inverse()::apply, true);
      RegistrationResult result =
          Registration.builder().transform(TransformKind.RIGID).build().run(fixed(context), moving);
      assertTrue(error(result.linear(), map::apply) < 0.1, result.toString());
    }
  }

  @Test
  void levelsOfTheLinearStagesDoNotLimitTheDeformableOne() {
    Geometry cube = Geometry.of(new int[] {64, 64, 64}, new double[] {1.6, 1.6, 1.6});
    try (Context context = Context.create()) {
      UnaryOperator<double[]> toScene = p -> new double[] {p[0] - 50, p[1] - 50, p[2] - 50};
      Image fixed = Phantom.image(context, cube, toScene, false);
      RegistrationResult result =
          Registration.builder()
              .transform(TransformKind.DEFORMABLE)
              .linearLevels(1)
              .deformableIterations(1)
              .build()
              .run(fixed, fixed);
      long levels =
          result.levels().stream().filter(report -> report.stage().equals("deformable")).count();
      assertEquals(3, levels);
    }
  }

  @Test
  void sameBitsForAnyThreadCount() {
    float[] reference = null;
    for (int threads : new int[] {1, 2, 3}) {
      try (Context context = Context.builder().threads(threads).build()) {
        RegistrationResult result =
            Registration.builder()
                .transform(TransformKind.DEFORMABLE)
                .deformableIterations(5)
                .build()
                .run(fixed(context), moving(context, AFFINE, true));
        float[] field = result.deformation().orElseThrow().displacementMm().toFloatArray();
        if (reference == null) {
          reference = field;
        }
        assertArrayEquals(reference, field);
      }
    }
  }

  @Test
  void releasesWhatItDoesNotReturn() {
    try (Context context = Context.create();
        Scope scope = Scope.open(context)) {
      Image fixed = fixed(context);
      Image moving = moving(context, RIGID, false);
      long before = context.memory().inUse();
      Registration.builder().transform(TransformKind.RIGID).build().run(fixed, moving);
      assertEquals(before, context.memory().inUse());
    }
  }

  @Test
  void cancellationEndsARunAndLeavesNothing() {
    try (Context context = Context.create();
        Scope scope = Scope.open(context)) {
      Image fixed = fixed(context);
      Image moving = moving(context, RIGID, false);
      long before = context.memory().inUse();
      AtomicInteger iterations = new AtomicInteger();
      Registration registration =
          Registration.builder()
              .transform(TransformKind.DEFORMABLE)
              .listener(
                  (stage, level, iteration, value) -> {
                    if (stage.equals("deformable")) {
                      iterations.incrementAndGet();
                      context.cancel();
                    }
                  })
              .build();
      assertThrows(CancellationException.class, () -> registration.run(fixed, moving));
      // Not another iteration, however long one takes.
      assertEquals(1, iterations.get());
      context.clearCancellation();
      assertEquals(before, context.memory().inUse());
    }
  }

  @Test
  void reportsProgressFromCoarseToFine() {
    try (Context context = Context.create()) {
      List<String> stages = new ArrayList<>();
      RegistrationResult result =
          Registration.builder()
              .transform(TransformKind.AFFINE)
              .listener((stage, level, iteration, value) -> stages.add(stage + level))
              .build()
              .run(fixed(context), moving(context, AFFINE, false));
      assertTrue(stages.get(0).startsWith("rigid"), stages.toString());
      assertEquals("affine0", stages.get(stages.size() - 1));
      assertEquals(0, result.levels().get(result.levels().size() - 1).level());
    }
  }

  @Test
  void masksKeepWhatTheyExcludeFromCounting() {
    try (Context context = Context.create()) {
      Image fixed = fixed(context);
      Image moving = moving(context, RIGID, false);
      float[] spoiled = fixed.data().toFloatArray();
      // A third of the fixed image shows the scene elsewhere, and would pull the result along.
      float[] elsewhere =
          Phantom.image(
                  context, fixed.geometry(), p -> new double[] {p[0], p[1] + 9, p[2] - 7}, false)
              .data()
              .toFloatArray();
      byte[] mask = new byte[spoiled.length];
      int[] size = fixed.geometry().size();
      for (int i = 0; i < mask.length; i++) {
        boolean kept = i % size[0] > 18;
        mask[i] = (byte) (kept ? 1 : 0);
        spoiled[i] = kept ? spoiled[i] : elsewhere[i];
      }
      long[] sizes = fixed.data().shape().toArray();
      Image bad = new Image(Tensor.of(context, spoiled, sizes), fixed.geometry());
      Image keep = new Image(Tensor.of(context, mask, sizes), fixed.geometry());
      RegistrationResult result =
          Registration.builder()
              .transform(TransformKind.RIGID)
              .measure(SimilarityMeasure.SSD)
              .fixedMask(keep)
              .build()
              .run(bad, moving);
      assertTrue(error(result.linear(), RIGID::apply) < 0.05, result.toString());
      RegistrationResult unmasked =
          Registration.builder()
              .transform(TransformKind.RIGID)
              .measure(SimilarityMeasure.SSD)
              .build()
              .run(bad, moving);
      assertTrue(error(unmasked.linear(), RIGID::apply) > 1, unmasked.toString());
    }
  }

  @Test
  void refusesWhatCannotBeRegistered() {
    try (Context context = Context.create()) {
      Image fixed = fixed(context);
      Image constant =
          new Image(Tensor.zeros(context, ElementType.F32, fixed.data().shape()), fixed.geometry());
      Registration registration = Registration.builder().build();
      assertThrows(IllegalArgumentException.class, () -> registration.run(fixed, constant));
      Image empty =
          new Image(Tensor.zeros(context, ElementType.U8, fixed.data().shape()), fixed.geometry());
      assertThrows(
          IllegalArgumentException.class,
          () -> Registration.builder().fixedMask(empty).build().run(fixed, fixed));
      float[] nan = fixed.data().toFloatArray();
      nan[77] = Float.NaN;
      Image broken =
          new Image(Tensor.of(context, nan, fixed.data().shape().toArray()), fixed.geometry());
      assertThrows(IllegalArgumentException.class, () -> registration.run(fixed, broken));
    }
  }

  @Test
  void linearGradientMatchesFiniteDifferences() {
    try (Context context = Context.create()) {
      Image fixed = fixed(context);
      Image moving = moving(context, AFFINE, false);
      Similarity similarity =
          Similarity.of(
              SimilarityMeasure.MATTES_MI,
              32,
              3,
              new Similarity.Range(-40, 180),
              new Similarity.Range(-40, 180));
      AffineTransform start = AffineTransform.of(AffineMap.identity(), 0, 0, 0);
      LinearObjective objective =
          new LinearObjective(
              Samples.wholeGrid(new Pyramid(fixed, null, 1).level(0)),
              new Pyramid(moving, null, 1).level(0),
              similarity,
              true,
              start);
      double[] x = objective.scaled(start);
      double[] gradient = new double[x.length];
      objective.evaluate(x, gradient);
      double largest = 0;
      for (double g : gradient) {
        largest = Math.max(largest, Math.abs(g));
      }
      // Samples cross cell faces within a step, so this holds the chain rule, not the last digits;
      // the operations' own gradients are held in double by their case tables.
      double step = 0.02;
      for (int p = 0; p < x.length; p++) {
        double[] moved = x.clone();
        moved[p] += step;
        double above = objective.evaluate(moved, new double[x.length]);
        moved[p] -= 2 * step;
        double below = objective.evaluate(moved, new double[x.length]);
        assertEquals((above - below) / (2 * step), gradient[p], 0.02 * largest, "parameter " + p);
      }
    }
  }
}
