package org.voxkern.study.command;

import org.voxkern.DisplacementField;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.metrics.PointSet;
import org.voxkern.op.Warp3d.Interpolation;
import org.voxkern.study.BadInputException;
import org.voxkern.study.InverseMapping;
import org.voxkern.study.TransformFields;
import org.voxkern.study.Warping;
import org.voxkern.transform.AffineTransform;
import org.voxkern.transform.CompositeTransform;
import org.voxkern.transform.DisplacementFieldTransform;
import org.voxkern.transform.LinearTransform;
import org.voxkern.transform.Transform;

/** A transform as a command applies it: to images onto one grid, and to points. */
abstract class ImageMapping {

  /**
   * @param grid of the output images; may be null where the transform has one
   */
  static ImageMapping of(Transform transform, boolean inverse, Geometry grid) {
    if (transform instanceof CompositeTransform parts && parts.isLinear()) {
      return of(AffineTransform.of(parts.toAffineMap(), 0, 0, 0), inverse, grid);
    }
    if (transform instanceof LinearTransform linear) {
      return new Linear(inverse ? linear.inverse() : linear, grid);
    }
    if (transform instanceof DisplacementFieldTransform field) {
      return inverse
          ? new Inverse(new InverseMapping(field.field()), grid)
          : new Dense(field.field(), grid);
    }
    if (inverse) {
      throw new BadInputException("only linear transforms and displacement fields are inverted");
    }
    return new ByPoint(transform, grid);
  }

  abstract Image image(Image moving, Interpolation interpolation);

  abstract PointSet points(PointSet points);

  private static final class Linear extends ImageMapping {
    private final LinearTransform transform;
    private final Geometry grid;

    Linear(LinearTransform transform, Geometry grid) {
      this.transform = transform;
      this.grid = grid;
    }

    @Override
    Image image(Image moving, Interpolation interpolation) {
      if (grid == null) {
        throw new BadInputException(
            "a linear transform has no grid: give the image to align with by --reference");
      }
      return Warping.linear(moving, transform.toAffineMap(), grid, interpolation);
    }

    @Override
    PointSet points(PointSet points) {
      return points.map(transform);
    }
  }

  private static final class Dense extends ImageMapping {
    private final DisplacementField field;
    private final Geometry grid;

    Dense(DisplacementField field, Geometry grid) {
      this.field = field;
      this.grid = grid;
    }

    @Override
    Image image(Image moving, Interpolation interpolation) {
      DisplacementField onGrid = grid == null ? field : Warping.field(field, grid);
      return Warping.dense(moving, onGrid, interpolation);
    }

    @Override
    PointSet points(PointSet points) {
      return points.map(new DisplacementFieldTransform(field));
    }
  }

  private static final class Inverse extends ImageMapping {
    private final InverseMapping inverse;
    private final Geometry grid;

    Inverse(InverseMapping inverse, Geometry grid) {
      this.inverse = inverse;
      this.grid = grid;
    }

    @Override
    Image image(Image fixed, Interpolation interpolation) {
      if (grid == null) {
        throw new BadInputException(
            "the inverse has no grid of its own: give the image to align with by --reference");
      }
      return Warping.dense(fixed, inverse.linear(), inverse.beyondLinear(grid), interpolation);
    }

    @Override
    PointSet points(PointSet points) {
      return points.map(inverse);
    }
  }

  /** A transform that is known point by point. */
  private static final class ByPoint extends ImageMapping {
    private final Transform transform;
    private final Geometry grid;

    ByPoint(Transform transform, Geometry grid) {
      this.transform = transform;
      this.grid = grid;
    }

    @Override
    Image image(Image moving, Interpolation interpolation) {
      if (grid == null) {
        throw new BadInputException(
            "this transform has no grid of its own: give the image to align with by --reference");
      }
      return Warping.dense(
          moving, TransformFields.of(moving.context(), transform, grid), interpolation);
    }

    @Override
    PointSet points(PointSet points) {
      return points.map(transform);
    }
  }
}
