package org.voxkern.registration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.voxkern.AffineMap;
import org.voxkern.Backend;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Tensor;
import org.voxkern.op.MutualInformation;
import org.voxkern.op.Warp3d;
import org.voxkern.testing.SplitMix64;
import org.voxkern.transform.AffineTransform;
import org.voxkern.transform.Euler3DTransform;
import org.voxkern.transform.LinearTransform;
import org.voxkern.transform.Similarity3DTransform;
import org.voxkern.transform.TranslationTransform;
import org.voxkern.transform.VersorRigid3DTransform;

/**
 * Gradients from the measure through the warp to the parameters or the field, in double on the
 * reference backend, against central differences.
 *
 * <p>Interpolation has kinks at cell faces, and the overlap jumps at the moving image's edge, so
 * samples that lie within a step of either do not count.
 */
class GradientChainTest {
  private static final Geometry FIXED =
      oblique(new int[] {23, 19, 14}, new double[] {1.3, 1.6, 2.4}, 0.3, -0.2, 0.4);
  private static final Geometry MOVING =
      oblique(new int[] {26, 22, 17}, new double[] {1.2, 1.5, 2.1}, -0.2, 0.25, 0.1);
  private static final double[] CENTER = {2, -3, 1};

  /** In mm; samples nearer to a face than {@link #MARGIN} voxels, which is more, do not count. */
  private static final double STEP = 1e-4;

  private static final double MARGIN = 2e-3;

  private static Geometry oblique(int[] size, double[] spacing, double x, double y, double z) {
    double[] direction =
        Euler3DTransform.fromParameters(new double[] {x, y, z, 0, 0, 0}, new double[3])
            .toAffineMap()
            .matrix();
    double[] c = Geometry.of(size, spacing, new double[3], direction).center();
    return Geometry.of(size, spacing, new double[] {-c[0], -c[1], -c[2]}, direction);
  }

  private static double[] texture(int count, long seed) {
    SplitMix64 random = new SplitMix64(seed, "texture");
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] = 60 * Math.sin(i * 0.37) + random.uniform(-30, 30);
    }
    return values;
  }

  private static Tensor image(Context context, Geometry grid, long seed) {
    double[] values = texture((int) grid.voxelCount(), seed);
    return Tensor.of(context, values, grid.shape().toArray());
  }

  /** Whether a position in moving indices is off every cell face and within the voxel centres. */
  private static boolean smooth(double[] index) {
    for (int axis = 0; axis < 3; axis++) {
      boolean within = index[axis] > MARGIN && index[axis] < MOVING.size(axis) - 1 - MARGIN;
      if (!within || Math.abs(index[axis] - Math.rint(index[axis])) < MARGIN) {
        return false;
      }
    }
    return true;
  }

  private static double[] voxel(int i) {
    int width = FIXED.size(0);
    int height = FIXED.size(1);
    return new double[] {i % width, i / width % height, i / width / height};
  }

  private static LinearObjective objective(
      Context context, SimilarityMeasure measure, LinearTransform at, boolean points) {
    Similarity similarity =
        Similarity.of(
            measure, 32, 2, new Similarity.Range(-100, 100), new Similarity.Range(-100, 100));
    AffineMap indexMap =
        MOVING.physicalToIndex().after(at.toAffineMap()).after(FIXED.indexToPhysical());
    Samples samples = points ? points(context, indexMap) : grid(context, indexMap);
    Pyramid.Level moving =
        new Pyramid.Level(image(context, MOVING, 2), null, MOVING, new int[] {1, 1, 1});
    return new LinearObjective(samples, moving, similarity, measure != SimilarityMeasure.SSD, at);
  }

  private static Samples grid(Context context, AffineMap indexMap) {
    byte[] mask = new byte[(int) FIXED.voxelCount()];
    int counted = 0;
    for (int i = 0; i < mask.length; i++) {
      mask[i] = (byte) (smooth(indexMap.apply(voxel(i))) ? 1 : 0);
      counted += mask[i];
    }
    assertTrue(counted > 2000, counted + " samples");
    return new Samples(
        image(context, FIXED, 1), null, Tensor.of(context, mask, FIXED.shape().toArray()), FIXED);
  }

  private static Samples points(Context context, AffineMap indexMap) {
    SplitMix64 random = new SplitMix64(3, "points");
    int count = 3000;
    double[] points = new double[3 * count];
    for (int i = 0; i < count; ) {
      double[] index = new double[3];
      for (int axis = 0; axis < 3; axis++) {
        index[axis] = random.uniform(0, FIXED.size(axis) - 1.0);
      }
      if (smooth(indexMap.apply(index))) {
        for (int axis = 0; axis < 3; axis++) {
          points[axis * count + i] = index[axis];
        }
        i++;
      }
    }
    return new Samples(
        Tensor.of(context, texture(count, 4), count),
        Tensor.of(context, points, 3, count),
        null,
        FIXED);
  }

  static Stream<Arguments> transforms() {
    double[] turn = {0.07, -0.05, 0.06};
    return Stream.of(
        named(TranslationTransform.of(0.7, -0.9, 1.1)),
        named(
            Euler3DTransform.fromParameters(
                new double[] {turn[0], turn[1], turn[2], 0.5, -0.8, 0.3}, CENTER)),
        named(
            VersorRigid3DTransform.fromParameters(
                new double[] {turn[0], turn[1], turn[2], 0.5, -0.8, 0.3}, CENTER)),
        named(
            Similarity3DTransform.fromParameters(
                new double[] {turn[0], turn[1], turn[2], 0.5, -0.8, 0.3, 1.06}, CENTER)),
        named(affine()));
  }

  private static Arguments named(LinearTransform transform) {
    return Arguments.of(Named.of(transform.itkName(), transform));
  }

  private static AffineTransform affine() {
    return AffineTransform.of(
        AffineMap.of(1.05, 0.06, -0.03, 0.4, -0.05, 0.96, 0.07, -0.7, 0.02, -0.04, 1.03, 0.6),
        CENTER);
  }

  @ParameterizedTest
  @MethodSource("transforms")
  void mutualInformationByTheParametersOfATransform(LinearTransform transform) {
    check(SimilarityMeasure.MATTES_MI, transform, false);
    check(SimilarityMeasure.MATTES_MI, transform, true);
  }

  @ParameterizedTest
  @EnumSource(SimilarityMeasure.class)
  void everyMeasureByTheParametersOfAnAffineTransform(SimilarityMeasure measure) {
    check(measure, affine(), false);
  }

  private static void check(SimilarityMeasure measure, LinearTransform at, boolean points) {
    try (Context context = Context.builder().backend(Backend.REFERENCE).build()) {
      LinearObjective objective = objective(context, measure, at, points);
      double[] x = objective.scaled(at);
      double[] gradient = new double[x.length];
      objective.evaluate(x, gradient);
      double[] differences = new double[x.length];
      double[] ignored = new double[x.length];
      double largest = 0;
      for (int p = 0; p < x.length; p++) {
        double[] moved = x.clone();
        moved[p] = x[p] + STEP;
        double above = objective.evaluate(moved, ignored);
        moved[p] = x[p] - STEP;
        double below = objective.evaluate(moved, ignored);
        differences[p] = (above - below) / (2 * STEP);
        largest = Math.max(largest, Math.abs(gradient[p]));
      }
      assertTrue(largest > 0, "the gradient is 0");
      for (int p = 0; p < x.length; p++) {
        double bound = 1e-3 * Math.abs(gradient[p]) + 1e-7 * largest;
        assertEquals(differences[p], gradient[p], bound, "parameter " + p);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(value = MutualInformation.Measure.class)
  void mutualInformationByADenseField(MutualInformation.Measure measure) {
    try (Context context = Context.builder().backend(Backend.REFERENCE).build()) {
      int count = (int) FIXED.voxelCount();
      SplitMix64 random = new SplitMix64(5, "displacement");
      double[] u = new double[3 * count];
      for (int i = 0; i < u.length; i++) {
        u[i] = random.uniform(-2, 2);
      }
      AffineMap toIndex = MOVING.physicalToIndex().after(affine().toAffineMap());
      byte[] mask = new byte[count];
      int[] counted = new int[count];
      int n = 0;
      for (int i = 0; i < count; i++) {
        double[] point = FIXED.indexToPhysical().apply(voxel(i));
        for (int axis = 0; axis < 3; axis++) {
          point[axis] += u[axis * count + i];
        }
        if (smooth(toIndex.apply(point))) {
          mask[i] = 1;
          counted[n++] = i;
        }
      }
      assertTrue(n > 2000, n + " samples");
      Dense dense = new Dense(context, measure, toIndex, mask);
      double[] gradient = dense.gradient(u);
      double largest = 0;
      for (double g : gradient) {
        largest = Math.max(largest, Math.abs(g));
      }
      for (int trial = 0; trial < 100; trial++) {
        int k = (int) random.below(3) * count + counted[(int) random.below(n)];
        double d = dense.difference(u, k, 5 * STEP);
        assertEquals(d, gradient[k], 1e-3 * Math.abs(gradient[k]) + 1e-6 * largest, "offset " + k);
      }
    }
  }

  /** The measure of the images as a function of a displacement field. */
  private static final class Dense {
    private final Context context;
    private final MutualInformation.Parameters parameters;
    private final Warp3d warp;
    private final Tensor fixed;
    private final Tensor moving;
    private final Tensor warped;
    private final Tensor inside;
    private final long[] shape = FIXED.shape().prepend(3).toArray();

    Dense(Context context, MutualInformation.Measure measure, AffineMap toIndex, byte[] mask) {
      this.context = context;
      parameters = new MutualInformation.Parameters(measure, 32, -100, 100, -100, 100);
      warp =
          Warp3d.builder()
              .indexMap(toIndex.after(FIXED.indexToPhysical()))
              .displacementMap(toIndex.matrix())
              .domainMask(Tensor.of(context, mask, FIXED.shape().toArray()))
              .build();
      fixed = image(context, FIXED, 1);
      moving = image(context, MOVING, 2);
      warped = Tensor.uninitialized(context, ElementType.F64, FIXED.shape());
      inside = Tensor.uninitialized(context, ElementType.U8, FIXED.shape());
    }

    private Tensor warpBy(double[] u) {
      Tensor field = Tensor.of(context, u, shape);
      warp.apply(moving, null, field, null, warped, inside);
      return field;
    }

    double value(double[] u) {
      try (Tensor field = warpBy(u)) {
        return MutualInformation.value(fixed, warped, inside, parameters);
      }
    }

    double[] gradient(double[] u) {
      try (Tensor field = warpBy(u)) {
        Tensor upstream = Tensor.uninitialized(context, ElementType.F64, FIXED.shape());
        Tensor gradient = Tensor.uninitialized(context, ElementType.F64, field.shape());
        MutualInformation.valueAndGradient(fixed, warped, inside, parameters, upstream);
        warp.gradientField(moving, field, inside, upstream, gradient);
        return gradient.toDoubleArray();
      }
    }

    double difference(double[] u, int offset, double step) {
      double[] moved = u.clone();
      moved[offset] = u[offset] + step;
      double above = value(moved);
      moved[offset] = u[offset] - step;
      return (above - value(moved)) / (2 * step);
    }
  }
}
