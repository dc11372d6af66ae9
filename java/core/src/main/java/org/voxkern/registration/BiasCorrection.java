package org.voxkern.registration;

import java.util.HashMap;
import java.util.Map;
import org.voxkern.AffineMap;
import org.voxkern.Context;
import org.voxkern.DisplacementField;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.BiasField;
import org.voxkern.op.Histogram;
import org.voxkern.op.Warp3d;

/**
 * The moving image without its bias field, which is estimated against the fixed image once linear
 * levels have brought the two near each other, and again after every deformable level.
 *
 * <p>Global measures assume that one fixed intensity corresponds to one moving intensity
 * everywhere. A bias field of 15 % breaks that, and moves the optimum of mutual information by
 * tenths of a voxel.
 */
final class BiasCorrection {
  private static final long SAMPLES = 25_000;
  private static final long LEAST_SAMPLES = 10_000;
  private static final int MOST_BINS = 256;
  private static final int SAMPLES_PER_BIN = 100;
  private static final int MOST_DEGREES = 4;
  private static final double MM_PER_DEGREE = 50;
  private static final int ITERATIONS = 6;

  private final int degree;
  private final long seed;
  private final Pyramid fixed;
  private final Pyramid moving;
  private final Similarity.Range fixedRange;
  private final Scope scope;
  private final Map<Integer, Pyramid.Level> corrected = new HashMap<>();
  private double[] coefficients;

  /** Corrected images belong to the scope that is open. */
  BiasCorrection(
      Registration options,
      Pyramid fixed,
      Pyramid moving,
      Similarity.Range fixedRange,
      Scope scope) {
    boolean needed =
        options.measure.assumesOneRelation()
            || options.transform == TransformKind.DEFORMABLE
                && options.deformableMeasure.assumesOneRelation();
    int wanted =
        options.biasFieldDegree >= 0 ? options.biasFieldDegree : degree(moving.level(0).geometry());
    degree = needed ? wanted : 0;
    seed = options.seed;
    this.fixed = fixed;
    this.moving = moving;
    this.fixedRange = fixedRange;
    this.scope = scope;
  }

  /** Bias fields are slow in mm: on a small image a high degree would follow the anatomy. */
  private static int degree(Geometry geometry) {
    double longest = 0;
    for (int axis = 0; axis < 3; axis++) {
      longest = Math.max(longest, geometry.size(axis) * geometry.spacing(axis));
    }
    return (int) Math.max(1, Math.min(MOST_DEGREES, longest / MM_PER_DEGREE));
  }

  /**
   * A level of the moving image as corrected so far, for a measure that needs it; as it is for
   * others and before the first estimate.
   */
  Pyramid.Level level(int index, SimilarityMeasure measure) {
    Pyramid.Level raw = moving.level(index);
    return coefficients == null || !measure.assumesOneRelation()
        ? raw
        : corrected.computeIfAbsent(index, key -> correct(raw));
  }

  /**
   * Estimates the field anew.
   *
   * @param level at which the images are compared
   * @param linear from fixed to moving points
   * @param deformation before the linear part; null for none
   */
  void estimate(int level, AffineMap linear, DisplacementField deformation) {
    if (degree == 0) {
      return;
    }
    Context context = scope.context();
    Pyramid.Level fixedLevel = fixed.level(level);
    Pyramid.Level movingLevel = moving.level(level);
    try (Scope inner = Scope.open(context)) {
      Samples samples =
          Samples.stratified(
              fixedLevel,
              (long)
                  Math.min(SAMPLES / counted(fixedLevel), fixedLevel.geometry().voxelCount() / 2),
              seed);
      long count = samples.values().shape().elementCount();
      if (samples.points() == null || count < LEAST_SAMPLES) {
        return; // so little would fit whatever is not aligned yet
      }
      Tensor displacement = deformation == null ? null : at(deformation, fixedLevel, samples);
      AffineMap toPhysical = linear.after(fixedLevel.geometry().indexToPhysical());
      AffineMap toIndex = movingLevel.geometry().physicalToIndex();
      Tensor values = Tensor.uninitialized(context, ElementType.F32, samples.values().shape());
      Tensor inside = Tensor.uninitialized(context, ElementType.U8, samples.values().shape());
      Warp3d.builder()
          .indexMap(toIndex.after(toPhysical))
          .displacementMap(toIndex.after(linear).matrix())
          .build()
          .apply(
              movingLevel.image(),
              movingLevel.mask(),
              displacement,
              samples.points(),
              values,
              inside);
      Geometry whole = moving.level(0).geometry();
      Tensor positions =
          positions(
              samples.points(),
              displacement,
              whole.physicalToIndex().after(toPhysical),
              whole.physicalToIndex().after(linear));
      coefficients =
          BiasField.over(whole.size(), degree)
              .fit(
                  values,
                  samples.values(),
                  positions,
                  inside,
                  new BiasField.Fit(
                      (int) Math.min(MOST_BINS, count / SAMPLES_PER_BIN),
                      ITERATIONS,
                      fixedRange.low(),
                      fixedRange.high()));
    }
    release();
  }

  /** Gives the corrected images back; they are made again when they are asked for. */
  void release() {
    corrected.values().forEach(old -> old.image().close());
    corrected.clear();
  }

  /** Part of the voxels that the mask leaves, at least a thousandth. */
  private static double counted(Pyramid.Level level) {
    return level.mask() == null
        ? 1
        : Math.max(
            1e-3,
            1
                - Histogram.of(level.mask(), null, 0, 0.5, 1)[1]
                    / (double) level.geometry().voxelCount());
  }

  private static Tensor at(DisplacementField field, Pyramid.Level level, Samples samples) {
    long count = samples.values().shape().elementCount();
    Tensor result =
        Tensor.uninitialized(samples.values().context(), ElementType.F32, Shape.of(3, count));
    Warp3d.builder()
        .indexMap(field.geometry().physicalToIndex().after(level.geometry().indexToPhysical()))
        .border(Warp3d.Border.CLAMP)
        .build()
        .apply(field.displacementMm(), null, null, samples.points(), result, null);
    return result;
  }

  /** map (point) + linear part of displacementMap (displacement). */
  private static Tensor positions(
      Tensor points, Tensor displacement, AffineMap map, AffineMap displacementMap) {
    int count = (int) points.shape().size(1);
    double[] m = map.toArray();
    double[] d = displacementMap.matrix();
    float[] p = points.toFloatArray();
    float[] u = displacement == null ? null : displacement.toFloatArray();
    float[] out = new float[p.length];
    for (int row = 0; row < 3; row++) {
      for (int i = 0; i < count; i++) {
        double sum = m[4 * row + 3];
        for (int axis = 0; axis < 3; axis++) {
          sum += m[4 * row + axis] * p[axis * count + i];
          if (u != null) {
            sum += d[3 * row + axis] * u[axis * count + i];
          }
        }
        out[row * count + i] = (float) sum;
      }
    }
    return Tensor.of(points.context(), out, points.shape().toArray());
  }

  private Pyramid.Level correct(Pyramid.Level raw) {
    Geometry whole = moving.level(0).geometry();
    BiasField field = BiasField.over(whole.size(), degree);
    // Grids of one pyramid are parallel: each axis has a factor and an offset.
    double[] map = whole.physicalToIndex().after(raw.geometry().indexToPhysical()).toArray();
    double[] scale = new double[3];
    double[] offset = new double[3];
    for (int axis = 0; axis < 3; axis++) {
      scale[axis] = field.scale()[axis] * map[5 * axis];
      offset[axis] = field.scale()[axis] * map[4 * axis + 3] + field.offset()[axis];
    }
    Tensor image =
        Tensor.uninitialized(raw.image().context(), ElementType.F32, raw.image().shape());
    new BiasField(degree, scale, offset).correct(raw.image(), coefficients, image);
    return new Pyramid.Level(image.moveTo(scope), raw.mask(), raw.geometry(), raw.factors());
  }
}
