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
 * A dense field by gradient flow. The loss's derivative by the displacement is smoothed, scaled so
 * that its largest component is the step, and the update d applied; then the field is smoothed. As
 * in the log demons and greedy, the derivative by d is taken to be that by u, which leaves out the
 * deformation's Jacobian. A step that does not lower the loss, or that brings the deformation near
 * to folding, is taken back and halved; so the loss falls with every step that is kept.
 */
final class FlowSearch implements DeformableSearch {
  private static final int DEFAULT_ITERATIONS = 100;
  // Halvings of the step before a level is given up.
  private static final double SMALLEST_STEP = 1.0 / 16;
  // A level ends when as many steps brought less than this part of all that it brought before.
  private static final int WINDOW = 5;
  private static final double LEAST_PROGRESS = 0.02;
  // Of the Jacobian; no step may bring it below.
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
    if (field != null && grid.equals(geometry)) {
      return;
    }
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

  /** The flow on one level. Fields are large, so what is no longer needed is written over. */
  private final class LevelFlow {
    private final Tensor displacement = like();
    private final Tensor byDisplacement = like();
    private final Tensor smoothGradient = like();
    private final Tensor trial = like();
    private final FieldMeasure measure;
    private final double spacing;
    private double leastDeterminant;
    private double trialDeterminant;

    LevelFlow(int level) {
      spacing = LinearStage.smallestSpacing(problem.fixed().level(level));
      model.displacement(field, geometry, displacement);
      measure =
          new FieldMeasure(
              problem,
              problem.fixed().level(level),
              level,
              options.deformableMeasure,
              linear,
              displacement);
      leastDeterminant = Math.min(LEAST_DETERMINANT, smallestDeterminant());
    }

    String run(Listener listener) {
      int iterations =
          options.deformableIterations > 0 ? options.deformableIterations : DEFAULT_ITERATIONS;
      double[] losses = new double[iterations + 1];
      losses[0] = measure.evaluate(displacement, byDisplacement);
      double step = options.stepVoxels;
      for (int iteration = 1; iteration <= iterations; iteration++) {
        double downhill = -Math.signum(measure.slope());
        smooth(byDisplacement, options.updateSmoothing, Gaussian.Border.ZERO, smoothGradient);
        Statistics.Result range = Statistics.of(smoothGradient, null);
        double largest = Math.max(range.max(), -range.min());
        if (!(largest > 0) || !Double.isFinite(losses[iteration - 1])) {
          return largest == 0 ? "converged" : "not a number";
        }
        while (true) {
          losses[iteration] = attempt(downhill * step * spacing / largest);
          if (losses[iteration] < losses[iteration - 1]) {
            break;
          }
          step /= 2;
          if (step < SMALLEST_STEP * options.stepVoxels) {
            return trialDeterminant >= leastDeterminant ? "converged" : "folding limit";
          }
        }
        field.set(trial);
        leastDeterminant = Math.min(LEAST_DETERMINANT, trialDeterminant);
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

    /** The loss of the field after an update by the scaled gradient; infinite where it folds. */
    private double attempt(double scale) {
      Convert.apply(smoothGradient, scale, 0, byDisplacement);
      model.update(field, byDisplacement, geometry, displacement);
      smooth(displacement, options.fieldSmoothing, Gaussian.Border.CLAMP, trial);
      model.displacement(trial, geometry, displacement);
      trialDeterminant = smallestDeterminant();
      return trialDeterminant >= leastDeterminant
          ? measure.evaluate(displacement, byDisplacement)
          : Double.POSITIVE_INFINITY;
    }

    private double smallestDeterminant() {
      return Jacobian.statistics(displacement, Jacobian.gradientMap(geometry), null).min();
    }

    /** By a width in units of the level's smallest spacing, the same in mm along every axis. */
    private void smooth(Tensor source, double width, Gaussian.Border border, Tensor target) {
      double[] sigma = new double[3];
      for (int axis = 0; axis < 3; axis++) {
        sigma[axis] = width * spacing / geometry.spacing(axis);
      }
      Gaussian.apply(source, null, sigma, border, new int[] {1, 1, 1}, new double[3], target);
    }
  }
}
