package org.voxkern.registration;

import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Tensor;
import org.voxkern.op.Ffd;
import org.voxkern.op.Jacobian;

/**
 * Loss of B-spline coefficients (mm) on one level: the measure, the bending energy of the spline,
 * and a penalty where the deformation comes near to folding.
 */
final class DeformableObjective implements Objective {
  // Below this Jacobian determinant the penalty sets in, quadratically.
  private static final double LEAST_DETERMINANT = 0.2;

  private final FieldMeasure measure;
  private final FieldModel model;
  private final ControlGrid grid;
  private final double bendingWeight;
  private final Geometry lattice;

  // A line search ends with any of its trials, not always the last.
  private final Map<Double, Double> measures = new HashMap<>();
  private final Tensor coefficients;
  private final Tensor byCoefficients;
  private final Tensor displacement;
  private final Tensor byDisplacement;
  private final Tensor latticeDisplacement;
  private final Tensor byLatticeDisplacement;

  DeformableObjective(
      FieldMeasure measure, FieldModel model, ControlGrid grid, double bendingWeight) {
    this.measure = measure;
    this.model = model;
    this.grid = grid;
    this.bendingWeight = bendingWeight;
    lattice = lattice(grid);
    Context context = measure.context();
    coefficients = Tensor.uninitialized(context, ElementType.F32, grid.shape());
    byCoefficients = Tensor.uninitialized(context, ElementType.F32, grid.shape());
    displacement = field(context, measure.geometry());
    byDisplacement = field(context, measure.geometry());
    latticeDisplacement = field(context, lattice);
    byLatticeDisplacement = field(context, lattice);
  }

  private static Tensor field(Context context, Geometry geometry) {
    return Tensor.uninitialized(context, ElementType.F32, geometry.shape().prepend(3));
  }

  /**
   * The measure, without penalties, of the evaluation that gave a loss; the others are forgotten.
   */
  double measureAt(double loss) {
    double value = measures.get(loss);
    measures.clear();
    return value;
  }

  @Override
  public double evaluate(double[] x, double[] gradient) {
    write(x, coefficients);
    model.evaluate(coefficients, measure.geometry(), displacement);
    double loss = measure.evaluate(displacement, byDisplacement);
    model.gradient(byDisplacement, measure.geometry(), byCoefficients);
    add(byCoefficients, measure.slope(), gradient, true);
    if (bendingWeight > 0) {
      loss += Ffd.bending(coefficients, grid.spacingMm(), 0, bendingWeight, byCoefficients);
      add(byCoefficients, 1, gradient, false);
    }
    if (model.foldingWeight() > 0) {
      model.evaluate(coefficients, lattice, latticeDisplacement);
      double penalty =
          Jacobian.penalty(
              latticeDisplacement,
              Jacobian.gradientMap(lattice),
              LEAST_DETERMINANT,
              byLatticeDisplacement);
      if (penalty > 0) {
        loss += model.foldingWeight() * penalty;
        model.gradient(byLatticeDisplacement, lattice, byCoefficients);
        add(byCoefficients, model.foldingWeight(), gradient, false);
      }
    }
    measures.put(loss, measure.lastMeasure());
    return loss;
  }

  private static void write(double[] x, Tensor target) {
    target.fill(
        bytes -> {
          FloatBuffer buffer = bytes.asFloatBuffer();
          for (int i = 0; i < x.length; i++) {
            buffer.put(i, (float) x[i]);
          }
        });
  }

  private static void add(Tensor source, double factor, double[] target, boolean replace) {
    FloatBuffer buffer = source.contents().asFloatBuffer();
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
