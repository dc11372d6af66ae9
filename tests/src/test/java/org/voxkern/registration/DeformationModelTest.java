package org.voxkern.registration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.voxkern.AffineMap;
import org.voxkern.Context;
import org.voxkern.DisplacementField;
import org.voxkern.Image;
import org.voxkern.Images;
import org.voxkern.Scope;
import org.voxkern.Tensor;
import org.voxkern.metrics.JacobianStatistics;
import org.voxkern.op.Compose;
import org.voxkern.transform.Transform;

/** Every deformation model on a scene whose deformation is known everywhere. */
class DeformationModelTest {
  /** Where the fixed grid's points lie in the scene, mm; some 4 mm away, not affine. */
  private static double[] truth(double[] p) {
    return new double[] {
      p[0] + 4.5 * Math.sin(p[1] / 22) * Math.cos(p[2] / 30),
      p[1] + 4 * Math.cos(p[0] / 25 + 0.5) * Math.cos(p[2] / 28),
      p[2] - 4 * Math.sin(p[0] / 24) * Math.cos(p[1] / 27)
    };
  }

  private static Image fixed(Context context) {
    return Phantom.image(context, Phantom.fixedGrid(), (double[] p) -> Phantom.textured(truth(p)));
  }

  private static Image moving(Context context) {
    return Phantom.image(context, Phantom.wideGrid(), (double[] p) -> Phantom.textured(p));
  }

  private static Registration.Builder deformable(DeformationModel model) {
    return Registration.builder().transform(TransformKind.DEFORMABLE).deformationModel(model);
  }

  /** Mean distance in mm to where a map should take the points of the textured object. */
  private static double error(Transform found, UnaryOperator<double[]> truth) {
    double sum = 0;
    int count = 0;
    for (double x = -40; x <= 40; x += 5) {
      for (double y = -45; y <= 45; y += 5) {
        for (double z = -35; z <= 35; z += 5) {
          double[] wanted = truth.apply(new double[] {x, y, z});
          if (Phantom.isInside(wanted)) {
            double[] y0 = found.apply(x, y, z);
            sum += Math.hypot(Math.hypot(y0[0] - wanted[0], y0[1] - wanted[1]), y0[2] - wanted[2]);
            count++;
          }
        }
      }
    }
    return sum / count;
  }

  @ParameterizedTest
  @CsvSource({
    "B_SPLINE, MATTES_MI",
    "B_SPLINE, NMI",
    "B_SPLINE, NCC",
    "B_SPLINE, LNCC",
    "B_SPLINE, SSD",
    "B_SPLINE_VELOCITY, MATTES_MI",
    "B_SPLINE_VELOCITY, NMI",
    "B_SPLINE_VELOCITY, NCC",
    "B_SPLINE_VELOCITY, LNCC",
    "B_SPLINE_VELOCITY, SSD",
    "VELOCITY, MATTES_MI",
    "VELOCITY, NMI",
    "VELOCITY, NCC",
    "VELOCITY, LNCC",
    "VELOCITY, SSD",
    "GREEDY, MATTES_MI",
    "GREEDY, NMI",
    "GREEDY, NCC",
    "GREEDY, LNCC",
    "GREEDY, SSD"
  })
  void recoversADeformationWithoutFoldingOnAnyThreads(
      DeformationModel model, SimilarityMeasure measure) {
    float[] reference = null;
    for (int threads : new int[] {1, 2}) {
      try (Context context = Context.builder().threads(threads).build()) {
        RegistrationResult result =
            deformable(model).measure(measure).build().run(fixed(context), moving(context));
        double linear = error(result.linear(), DeformationModelTest::truth);
        double whole = error(result.transform(), DeformationModelTest::truth);
        assertTrue(whole < 0.5 * linear, whole + " mm, " + linear + " mm by the linear part");
        DisplacementField deformation = result.deformation().orElseThrow();
        assertEquals(0, JacobianStatistics.of(deformation, null).nonpositiveFraction());
        float[] field = deformation.displacementMm().toFloatArray();
        if (reference == null) {
          reference = field;
        }
        assertArrayEquals(reference, field);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(DeformationModel.class)
  void recoversADeformationThatIsPartlyOutOfView(DeformationModel model) {
    try (Context context = Context.create()) {
      // Corners of the fixed grid lie outside this one.
      Image moving =
          Phantom.image(context, Phantom.movingGrid(), (double[] p) -> Phantom.textured(p));
      RegistrationResult result =
          deformable(model)
              .measure(SimilarityMeasure.SSD)
              .deformableMeasure(SimilarityMeasure.MATTES_MI)
              .build()
              .run(fixed(context), moving);
      double linear = error(result.linear(), DeformationModelTest::truth);
      double whole = error(result.transform(), DeformationModelTest::truth);
      assertTrue(whole < 0.5 * linear, whole + " mm, " + linear + " mm by the linear part");
    }
  }

  @ParameterizedTest
  @EnumSource(DeformationModel.class)
  void leavesIdenticalImagesWhereTheyAre(DeformationModel model) {
    for (SimilarityMeasure measure :
        List.of(SimilarityMeasure.MATTES_MI, SimilarityMeasure.LNCC, SimilarityMeasure.SSD)) {
      try (Context context = Context.create()) {
        // Local correlation of a scene without noise gains by bringing edges into flat windows.
        Random noise = new Random(5);
        Image image =
            Phantom.image(
                context,
                Phantom.fixedGrid(),
                (double[] p) -> Phantom.textured(p) + noise.nextGaussian());
        RegistrationResult result =
            deformable(model)
                // By mutual information the linear part would gain by losing background.
                .measure(SimilarityMeasure.SSD)
                .deformableMeasure(measure)
                .initialization(Initialization.IDENTITY)
                .build()
                .run(image, image);
        double error = error(result.transform(), p -> p);
        // The histogram's mutual information is largest a part of a voxel (2 mm) away; the other
        // measures are largest here.
        double bound = measure == SimilarityMeasure.MATTES_MI ? 0.45 : 1e-3;
        assertTrue(error < bound, measure + ": " + error + " mm");
      }
    }
  }

  @ParameterizedTest
  @EnumSource(DeformationModel.class)
  void theInverseUndoesTheDeformation(DeformationModel model) {
    try (Context context = Context.create()) {
      RegistrationResult result =
          deformable(model)
              .measure(SimilarityMeasure.SSD)
              .initialization(Initialization.IDENTITY)
              .build()
              .run(fixed(context), moving(context));
      assertEquals(model.hasVelocity(), result.velocity().isPresent());
      DisplacementField u = result.deformation().orElseThrow();
      DisplacementField w = result.inverseDeformation().orElseThrow();
      for (DisplacementField round :
          List.of(
              Compose.of(u, w, Compose.Outside.CLAMP), Compose.of(w, u, Compose.Outside.CLAMP))) {
        double most = largest(round);
        assertTrue(largest(u) > 2, "the deformation is " + largest(u) + " mm at most");
        assertTrue(most < 0.25, most + " mm off after there and back");
      }
    }
  }

  /** The largest component inside the object. */
  private static double largest(DisplacementField field) {
    float[] values = field.displacementMm().toFloatArray();
    int[] size = field.geometry().size();
    int voxels = size[0] * size[1] * size[2];
    double largest = 0;
    for (int i = 0; i < voxels; i++) {
      double[] p =
          field
              .geometry()
              .indexToPhysical()
              .apply(i % size[0], i / size[0] % size[1], i / size[0] / size[1]);
      if (Phantom.isInside(p)) {
        for (int component = 0; component < 3; component++) {
          largest = Math.max(largest, Math.abs(values[component * voxels + i]));
        }
      }
    }
    return largest;
  }

  @ParameterizedTest
  @EnumSource(DeformationModel.class)
  void keepsToItsMasks(DeformationModel model) {
    try (Context context = Context.create()) {
      Image fixed = fixed(context);
      Image moving = moving(context);
      Image fixedMask =
          Phantom.image(
              context, fixed.geometry(), (double[] p) -> Phantom.isInside(truth(p)) ? 1 : 0);
      Image movingMask =
          Phantom.image(context, moving.geometry(), (double[] p) -> Phantom.isInside(p) ? 1 : 0);
      // What is outside the masks is of no use.
      Image spoiled =
          Phantom.image(
              context,
              fixed.geometry(),
              (double[] p) -> {
                double[] q = truth(p);
                return Phantom.isInside(q) ? Phantom.textured(q) : 150 * Math.sin(p[0] / 9);
              });
      RegistrationResult result =
          deformable(model)
              .measure(SimilarityMeasure.SSD)
              .initialization(Initialization.IDENTITY)
              .fixedMask(Images.mask(fixedMask))
              .movingMask(Images.mask(movingMask))
              .build()
              .run(spoiled, moving);
      double linear = error(result.linear(), DeformationModelTest::truth);
      double whole = error(result.transform(), DeformationModelTest::truth);
      assertTrue(whole < 0.6 * linear, whole + " mm, " + linear + " mm by the linear part");
    }
  }

  @ParameterizedTest
  @EnumSource(DeformationModel.class)
  void reportsEveryIterationAndStopsWhenCancelled(DeformationModel model) {
    try (Context context = Context.create();
        Scope scope = Scope.open(context)) {
      Image fixed = fixed(context);
      Image moving = moving(context);
      long before = context.memory().inUse();
      List<String> told = new ArrayList<>();
      Registration registration =
          deformable(model)
              .deformableIterations(3)
              .listener(
                  (stage, level, iteration, value) -> {
                    told.add(stage + level + ":" + iteration + "=" + value);
                    if (stage.equals("deformable") && level == 0) {
                      context.cancel();
                    }
                  })
              .build();
      assertThrows(CancellationException.class, () -> registration.run(fixed, moving));
      context.clearCancellation();
      assertEquals(before, context.memory().inUse());
      assertTrue(told.get(told.size() - 1).startsWith("deformable0:1="), told.toString());

      RegistrationResult result =
          deformable(model).deformableIterations(3).build().run(fixed, moving);
      List<LevelReport> levels =
          result.levels().stream().filter(level -> level.stage().equals("deformable")).toList();
      assertEquals(2, levels.size());
      for (LevelReport level : levels) {
        assertEquals(3, level.values().size());
        assertEquals("iteration limit", level.stopReason());
        assertTrue(level.values().get(2) > level.values().get(0), level.toString());
      }
    }
  }

  @Test
  void refusesOptionsOutOfRange() {
    Registration.Builder builder = Registration.builder();
    assertThrows(IllegalArgumentException.class, () -> builder.updateSmoothing(-1));
    assertThrows(IllegalArgumentException.class, () -> builder.fieldSmoothing(Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> builder.stepVoxels(0));
    assertThrows(IllegalArgumentException.class, () -> builder.biasFieldDegree(-2));
    assertThrows(IllegalArgumentException.class, () -> builder.biasFieldDegree(6));
    assertThrows(IllegalArgumentException.class, () -> builder.bendingWeight(-0.1));
    assertThrows(
        IllegalArgumentException.class, () -> builder.bendingWeight(Double.POSITIVE_INFINITY));
  }

  @ParameterizedTest
  @CsvSource({
    "B_SPLINE, MATTES_MI, 2",
    "B_SPLINE, LNCC, 2",
    "B_SPLINE, NCC, 2",
    "B_SPLINE, SSD, 2",
    "B_SPLINE, SSD, 40",
    "B_SPLINE_VELOCITY, MATTES_MI, 2",
    "B_SPLINE_VELOCITY, LNCC, 2",
    "B_SPLINE_VELOCITY, NCC, 2",
    "B_SPLINE_VELOCITY, SSD, 2"
  })
  void gradientMatchesFiniteDifferences(
      DeformationModel model, SimilarityMeasure measure, double amplitudeMm) {
    try (Context context = Context.create();
        Scope scope = Scope.open(context)) {
      // The oblique grid is the fixed one here: the penalties must not mind.
      Image fixed = moving(context);
      Image moving =
          Phantom.image(context, Phantom.wideGrid(), (double[] p) -> Phantom.textured(truth(p)));
      Registration options = deformable(model).measure(measure).build();
      Similarity.Range range = new Similarity.Range(-60, 220);
      Pyramid fixedPyramid = new Pyramid(fixed, null, 1);
      Pyramid movingPyramid = new Pyramid(moving, null, 1);
      Problem problem =
          new Problem(
              options,
              fixed,
              moving,
              fixedPyramid,
              movingPyramid,
              new BiasCorrection(options, fixedPyramid, movingPyramid, range, scope),
              range,
              range,
              1,
              1);
      ControlGrid grid = ControlGrid.of(fixed.geometry(), 40, 0);
      double[] x = new double[(int) grid.shape().elementCount()];
      for (int i = 0; i < x.length; i++) {
        x[i] = amplitudeMm * Math.sin(1.7 * i + 0.3 * i * i);
      }
      Tensor start = Tensor.zeros(context, fixed.type(), fixed.geometry().shape().prepend(3));
      DeformableObjective objective =
          new DeformableObjective(
              new FieldMeasure(
                  problem, problem.fixed().level(0), 0, measure, AffineMap.identity(), start),
              model == DeformationModel.B_SPLINE
                  ? new BSplineDisplacement(grid)
                  : new BSplineVelocity(grid),
              grid,
              30);
      double[] gradient = new double[x.length];
      objective.evaluate(x, gradient);
      double largest = 0;
      for (double g : gradient) {
        largest = Math.max(largest, Math.abs(g));
      }
      // Samples cross cell faces within a step, so this holds the chain of derivatives, not the
      // last digits.
      double step = 0.02;
      for (int i = 0; i < x.length; i += 37) {
        double[] moved = x.clone();
        moved[i] += step;
        double above = objective.evaluate(moved, new double[x.length]);
        moved[i] -= 2 * step;
        double below = objective.evaluate(moved, new double[x.length]);
        assertEquals((above - below) / (2 * step), gradient[i], 0.02 * largest, "coefficient " + i);
      }
    }
  }
}
