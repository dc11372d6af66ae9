package org.voxkern.registration;

import java.util.Optional;
import org.voxkern.AffineMap;
import org.voxkern.DisplacementField;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Scope;
import org.voxkern.Tensor;
import org.voxkern.op.Convert;
import org.voxkern.op.Gaussian;
import org.voxkern.op.Jacobian;
import org.voxkern.op.Statistics;
import org.voxkern.op.Warp3d;

/**
 * A dense field by gradient flow: the loss's gradient is smoothed, scaled so that its largest
 * component is the step, and applied; then the field is smoothed. A step that does not lower the
 * loss, or that brings the deformation near to folding, is taken back and halved.
 */
final class FlowSearch implements DeformableSearch {
  private static final int DEFAULT_ITERATIONS = 100;
  // Halvings of the step before a level is given up.
  private static final double SMALLEST_STEP = 1.0 / 16;
  // A level ends when as many steps brought less than this part of all that it brought before.
  private static final int WINDOW = 5;
  private static final double LEAST_PROGRESS = 0.02;
  // Steps may not make the smallest Jacobian determinant smaller than this.
  private static final double LEAST_DETERMINANT = 0.05;

  private final Registration options;
  private final Problem problem;
  private final AffineMap linear;
  private final FlowModel model;
  private Tensor field;
  private Geometry geometry;

  FlowSearch(Registration options, Problem problem, AffineMap linear, FlowModel model) {
    this.options = options;
    this.problem = problem;
    this.linear = linear;
    this.model = model;
  }

  @Override
  public String run(int level, Listener listener) {
    onto(problem.fixed().level(level).geometry());
    try (Scope scope = Scope.open(problem.context())) {
      return new LevelFlow(level).run(listener);
    }
  }

  @Override
  public DisplacementField displacement(int level) {
    onto(problem.fixed().level(level).geometry());
    Tensor displacement = like();
    model.displacement(field, geometry, displacement);
    return new DisplacementField(displacement, geometry);
  }

  @Override
  public Deformation result() {
    onto(problem.fixedImage().geometry());
    Tensor displacement = like();
    model.displacement(field, geometry, displacement);
    return new Deformation(
        new DisplacementField(displacement, geometry),
        options.deformationModel.hasVelocity()
            ? Optional.of(new Image(field, geometry))
            : Optional.empty());
  }

  /** Brings the field onto a grid, linear between voxels. */
  private void onto(Geometry grid) {
    Tensor coarse = field;
    Geometry from = geometry;
    geometry = grid;
    if (coarse == null) {
      field = Tensor.zeros(problem.context(), ElementType.F32, grid.shape().prepend(3));
      return;
    }
    field = like();
    Warp3d.builder()
        .indexMap(from.physicalToIndex().after(grid.indexToPhysical()))
        .border(Warp3d.Border.CLAMP)
        .build()
        .apply(coarse, null, null, null, field, null);
    coarse.close();
  }

  private Tensor like() {
    return Tensor.uninitialized(problem.context(), ElementType.F32, geometry.shape().prepend(3));
  }

  /** The flow on one level. */
  private final class LevelFlow {
    private final Tensor displacement = like();
    private final Tensor byDisplacement = like();
    private final Tensor gradient = like();
    private final Tensor smooth = like();
    private final Tensor update = like();
    private final Tensor updated = like();
    private final Tensor trial = like();
    private final FieldMeasure measure;
    private final double spacing;
    private double slope;

    LevelFlow(int level) {
      spacing = LinearStage.smallestSpacing(problem.fixed().level(level));
      model.displacement(field, geometry, displacement);
      measure = new FieldMeasure(problem, level, options.deformableMeasure, linear, displacement);
    }

    String run(Listener listener) {
      int iterations =
          options.deformableIterations > 0 ? options.deformableIterations : DEFAULT_ITERATIONS;
      double[] losses = new double[iterations + 1];
      losses[0] = measure.evaluate(displacement, byDisplacement);
      double determinant = smallestDeterminant();
      double step = options.stepVoxels;
      for (int iteration = 1; iteration <= iterations; iteration++) {
        model.gradient(field, byDisplacement, geometry, gradient);
        slope = measure.slope();
        smoothed(gradient, options.updateSmoothing, Gaussian.Border.ZERO, smooth);
        Statistics.Result range = Statistics.of(smooth, null);
        double largest = Math.max(range.max(), -range.min());
        if (!(largest > 0)) {
          return largest == 0 ? "converged" : "not a number";
        }
        boolean folds = false;
        while (true) {
          if (step < SMALLEST_STEP * options.stepVoxels) {
            return folds ? "folding limit" : "converged";
          }
          Convert.apply(smooth, -Math.signum(slope) * step * spacing / largest, 0, update);
          model.update(field, update, geometry, updated);
          smoothed(updated, options.fieldSmoothing, Gaussian.Border.CLAMP, trial);
          model.displacement(trial, geometry, displacement);
          double smallest = smallestDeterminant();
          folds = smallest < Math.min(LEAST_DETERMINANT, determinant);
          if (!folds) {
            losses[iteration] = measure.evaluate(displacement, byDisplacement);
            if (losses[iteration] < losses[iteration - 1]) {
              determinant = smallest;
              break;
            }
          }
          step /= 2;
        }
        field.set(trial);
        listener.onIteration(iteration, measure.lastMeasure());
        if (iteration > WINDOW) {
          double before = losses[iteration - WINDOW];
          if (before - losses[iteration] < LEAST_PROGRESS * (losses[0] - before)) {
            return "converged";
          }
        }
      }
      return "iteration limit";
    }

    private double smallestDeterminant() {
      return Jacobian.statistics(displacement, Jacobian.gradientMap(geometry), null).min();
    }

    /** By a width in units of the level's smallest spacing, the same in mm along every axis. */
    private void smoothed(Tensor source, double width, Gaussian.Border border, Tensor target) {
      double[] sigma = new double[3];
      for (int axis = 0; axis < 3; axis++) {
        sigma[axis] = width * spacing / geometry.spacing(axis);
      }
      Gaussian.apply(source, null, sigma, border, new int[] {1, 1, 1}, new double[3], target);
    }
  }
}
