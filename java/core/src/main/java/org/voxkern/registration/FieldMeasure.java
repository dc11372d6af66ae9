package org.voxkern.registration;

import org.voxkern.AffineMap;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Tensor;
import org.voxkern.op.Warp3d;

/**
 * How well a displacement field aligns the images of one level, as a loss in nats a voxel, so that
 * one weight of the smoothness suits every measure: mutual informations and the local correlation
 * count as they are, the others by the likelihood of Gaussian noise of unknown variance, squared
 * differences as ln(SSD) / 2 and the correlation as ln(1 - NCC&sup2;) / 2.
 *
 * <p>Without a moving mask the voxels that count are those that lie in the moving image when the
 * level begins, and beyond its edge the image continues, so that no measure changes by what is
 * pushed out of view. On a phantom that the moving image cuts closely the error was up to a quarter
 * smaller by local correlation and an eighth by mutual information, and about the same by the rest.
 */
final class FieldMeasure {
  // Noise of 1 % of the range is taken to be there at least, and of the variance the like: without,
  // images free of noise would leave smoothness no weight.
  private static final double LEAST_RESIDUAL = 1e-4;
  private static final double LEAST_UNEXPLAINED = 1e-3;

  private final Pyramid.Level fixed;
  private final Pyramid.Level moving;
  private final Similarity similarity;
  private final SimilarityMeasure measure;
  private final double squaredRange;
  private final Warp3d sampler;
  private final Tensor warped;
  private final Tensor inside;
  private final Tensor counted;
  private final Tensor upstream;
  private double lastMeasure;
  private double slope;

  /**
   * @param fixed what is compared: a level, or a part of its voxels
   * @param level of the moving image
   * @param start the displacement on the fixed voxels with which the level begins
   */
  FieldMeasure(
      Problem problem,
      Pyramid.Level fixed,
      int level,
      SimilarityMeasure measure,
      AffineMap linear,
      Tensor start) {
    this.fixed = fixed;
    moving = problem.bias().level(level, measure);
    this.measure = measure;
    similarity = problem.deformableSimilarity();
    double range = problem.fixedRange().high() - problem.fixedRange().low();
    squaredRange = range * range;
    Context context = problem.context();
    warped = Tensor.uninitialized(context, ElementType.F32, fixed.image().shape());
    inside = Tensor.uninitialized(context, ElementType.U8, fixed.image().shape());
    upstream = Tensor.uninitialized(context, ElementType.F32, fixed.image().shape());
    AffineMap toMovingIndex = moving.geometry().physicalToIndex().after(linear);
    Warp3d.Builder warp =
        Warp3d.builder()
            .indexMap(toMovingIndex.after(fixed.geometry().indexToPhysical()))
            .displacementMap(toMovingIndex.matrix())
            .domainMask(fixed.mask());
    if (moving.mask() == null) {
      counted = Tensor.uninitialized(context, ElementType.U8, fixed.image().shape());
      warp.build().apply(moving.image(), null, start, null, warped, counted);
      sampler = warp.border(Warp3d.Border.CLAMP).domainMask(counted).build();
    } else {
      counted = inside;
      sampler = warp.build();
    }
  }

  Context context() {
    return fixed.image().context();
  }

  Geometry geometry() {
    return fixed.geometry();
  }

  /** The measure of the last evaluation, in its own sign. */
  double lastMeasure() {
    return lastMeasure;
  }

  /** Derivative of the loss by the measure at the last evaluation. */
  double slope() {
    return slope;
  }

  /**
   * The loss of a displacement (3, D, H, W) in mm.
   *
   * @param byDisplacement written with the derivative of the measure; times {@link #slope} it is
   *     that of the loss
   */
  double evaluate(Tensor displacement, Tensor byDisplacement) {
    sampler.apply(moving.image(), moving.mask(), displacement, null, warped, inside);
    lastMeasure = similarity.measure(fixed.image(), warped, counted, upstream);
    sampler.gradientField(moving.image(), displacement, counted, upstream, byDisplacement);
    switch (measure) {
      case SSD:
        double residual = lastMeasure + LEAST_RESIDUAL * squaredRange;
        slope = 0.5 / residual;
        return 0.5 * Math.log(residual / squaredRange);
      case NCC:
        double unexplained = 1 - lastMeasure * lastMeasure + LEAST_UNEXPLAINED;
        slope = -lastMeasure / unexplained;
        return 0.5 * Math.log(unexplained);
      default:
        slope = -1;
        return -lastMeasure;
    }
  }
}
