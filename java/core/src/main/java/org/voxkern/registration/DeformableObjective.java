package org.voxkern.registration;

import java.nio.FloatBuffer;
import org.voxkern.AffineMap;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Tensor;
import org.voxkern.op.Ffd;
import org.voxkern.op.Jacobian;
import org.voxkern.op.Warp3d;

/**
 * Loss of B-spline coefficients (mm) on one level: the measure, the bending energy of the spline,
 * and a penalty where the deformation comes near to folding.
 */
final class DeformableObjective implements Objective {
  // Below this Jacobian determinant the penalty sets in, quadratically.
  private static final double LEAST_DETERMINANT = 0.2;

  private final Pyramid.Level fixed;
  private final Pyramid.Level moving;
  private final Similarity similarity;
  private final boolean largerIsBetter;
  private final FieldModel model;
  private final ControlGrid grid;
  private final double bendingWeight;
  private final double foldingWeight;
  private final Geometry lattice;
  private final Warp3d sampler;

  private final Tensor coefficients;
  private final Tensor byCoefficients;
  private final Tensor penaltyByCoefficients;
  private final Tensor displacement;
  private final Tensor byDisplacement;
  private final Tensor latticeDisplacement;
  private final Tensor byLatticeDisplacement;
  private final Tensor warped;
  private final Tensor inside;
  private final Tensor upstream;
  private double lastMeasure;

  DeformableObjective(
      Pyramid.Level fixed,
      Pyramid.Level moving,
      Similarity similarity,
      boolean largerIsBetter,
      AffineMap linear,
      FieldModel model,
      ControlGrid grid,
      double bendingWeight,
      double foldingWeight) {
    this.fixed = fixed;
    this.moving = moving;
    this.similarity = similarity;
    this.largerIsBetter = largerIsBetter;
    this.model = model;
    this.grid = grid;
    this.bendingWeight = bendingWeight;
    this.foldingWeight = foldingWeight;
    lattice = lattice(grid);
    AffineMap toMovingIndex = moving.geometry().physicalToIndex().after(linear);
    sampler =
        Warp3d.builder()
            .indexMap(toMovingIndex.after(fixed.geometry().indexToPhysical()))
            .displacementMap(toMovingIndex.matrix())
            .domainMask(fixed.mask())
            .build();
    Context context = fixed.image().context();
    coefficients = Tensor.uninitialized(context, ElementType.F32, grid.shape());
    byCoefficients = Tensor.uninitialized(context, ElementType.F32, grid.shape());
    penaltyByCoefficients = Tensor.uninitialized(context, ElementType.F32, grid.shape());
    displacement = Tensor.uninitialized(context, ElementType.F32, fixed.image().shape().prepend(3));
    byDisplacement =
        Tensor.uninitialized(context, ElementType.F32, fixed.image().shape().prepend(3));
    latticeDisplacement =
        Tensor.uninitialized(context, ElementType.F32, lattice.shape().prepend(3));
    byLatticeDisplacement =
        Tensor.uninitialized(context, ElementType.F32, lattice.shape().prepend(3));
    warped = Tensor.uninitialized(context, ElementType.F32, fixed.image().shape());
    inside = Tensor.uninitialized(context, ElementType.U8, fixed.image().shape());
    upstream = Tensor.uninitialized(context, ElementType.F32, fixed.image().shape());
  }

  /** The measure, without penalties, of the last evaluation. */
  double lastMeasure() {
    return lastMeasure;
  }

  @Override
  public double evaluate(double[] x, double[] gradient) {
    write(x, coefficients);
    double sign = largerIsBetter ? -1 : 1;
    model.evaluate(coefficients, fixed.geometry(), displacement);
    sampler.apply(moving.image(), moving.mask(), displacement, null, warped, inside);
    lastMeasure = similarity.measure(fixed.image(), warped, inside, upstream);
    sampler.gradientField(moving.image(), displacement, inside, upstream, byDisplacement);
    model.gradient(byDisplacement, fixed.geometry(), byCoefficients);
    double loss = sign * lastMeasure;
    add(byCoefficients, sign, gradient, true);
    if (bendingWeight > 0) {
      loss += Ffd.bending(coefficients, grid.spacingMm(), 0, bendingWeight, penaltyByCoefficients);
      add(penaltyByCoefficients, 1, gradient, false);
    }
    if (foldingWeight > 0) {
      model.evaluate(coefficients, lattice, latticeDisplacement);
      double penalty =
          Jacobian.penalty(
              latticeDisplacement,
              lattice.physicalToIndex().matrix(),
              LEAST_DETERMINANT,
              byLatticeDisplacement);
      if (penalty > 0) {
        loss += foldingWeight * penalty;
        model.gradient(byLatticeDisplacement, lattice, penaltyByCoefficients);
        add(penaltyByCoefficients, foldingWeight, gradient, false);
      }
    }
    return loss;
  }

  private static void write(double[] x, Tensor target) {
    FloatBuffer buffer = target.buffer().asFloatBuffer();
    for (int i = 0; i < x.length; i++) {
      buffer.put(i, (float) x[i]);
    }
  }

  private static void add(Tensor source, double factor, double[] target, boolean replace) {
    FloatBuffer buffer = source.buffer().asFloatBuffer();
    for (int i = 0; i < target.length; i++) {
      target[i] = (replace ? 0 : target[i]) + factor * buffer.get(i);
    }
  }

  /** Where folding is looked for: two samples a control interval, over the fixed grid. */
  private static Geometry lattice(ControlGrid grid) {
    Geometry geometry = grid.geometry();
    int[] size = new int[3];
    double[] spacing = new double[3];
    for (int axis = 0; axis < 3; axis++) {
      double extent = (geometry.size(axis) - 1) * geometry.spacing(axis);
      int intervals = Math.max(1, (int) Math.ceil(2 * extent / grid.spacingMm()[axis]));
      size[axis] = extent > 0 ? intervals + 1 : 1;
      spacing[axis] = extent > 0 ? extent / intervals : geometry.spacing(axis);
    }
    return Geometry.of(size, spacing, geometry.origin(), geometry.direction());
  }
}
