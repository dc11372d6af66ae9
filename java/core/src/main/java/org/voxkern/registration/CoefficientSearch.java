package org.voxkern.registration;

import java.util.function.Function;
import org.voxkern.AffineMap;
import org.voxkern.DisplacementField;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Scope;
import org.voxkern.Tensor;
import org.voxkern.op.Ffd;

/** Coefficients of a B-spline control grid, by L-BFGS; a finer level halves the grid's spacing. */
final class CoefficientSearch implements DeformableSearch {
  private static final double FINEST_SPACING_MM = 10;
  private static final double DEFAULT_BENDING_WEIGHT = 30;
  private static final int DEFAULT_ITERATIONS = 40;
  // A level ends when two steps in a row gain less than this part of the loss: what comes then fits
  // the noise.
  private static final double LEAST_GAIN = 2e-4;
  private static final double SAMPLES_PER_INTERVAL = 4;
  private static final long LEAST_SAMPLES = 1_500_000;

  private final Registration options;
  private final Problem problem;
  private final AffineMap linear;
  private final Function<ControlGrid, FieldModel> model;
  private ControlGrid grid;
  private double[] x;
  private int gridLevel;

  CoefficientSearch(
      Registration options,
      Problem problem,
      AffineMap linear,
      int levels,
      Function<ControlGrid, FieldModel> model) {
    this.options = options;
    this.problem = problem;
    this.linear = linear;
    this.model = model;
    gridLevel = levels - 1;
    double finest = options.controlSpacingMm > 0 ? options.controlSpacingMm : FINEST_SPACING_MM;
    grid =
        ControlGrid.of(
            problem.fixedImage().geometry(), finest * (1 << gridLevel), marginMm(gridLevel));
    x = new double[(int) grid.shape().elementCount()];
  }

  @Override
  public String run(int level, Listener listener) {
    for (; gridLevel > level; gridLevel--) {
      x = refine(x);
      grid = grid.refined();
    }
    try (Scope scope = Scope.open(problem.context())) {
      Pyramid.Level fixed = problem.fixed().level(level);
      DeformableObjective objective =
          new DeformableObjective(measure(level), model.apply(grid), grid, bendingWeight());
      double spacing = LinearStage.smallestSpacing(fixed);
      int iterations =
          options.deformableIterations > 0 ? options.deformableIterations : DEFAULT_ITERATIONS;
      Lbfgs optimiser =
          new Lbfgs(6, iterations, 0.5 * spacing, 4 * spacing, 0.01 * spacing, LEAST_GAIN);
      Lbfgs.Result result =
          optimiser.minimize(
              objective,
              x,
              (iteration, loss) -> listener.onIteration(iteration, objective.measureAt(loss)));
      x = result.x();
      return result.stopReason();
    }
  }

  @Override
  public DisplacementField displacement(int level) {
    return displacement(problem.fixed().level(level).geometry());
  }

  private DisplacementField displacement(Geometry geometry) {
    Tensor displacement = field(geometry);
    try (Scope scope = Scope.open(problem.context())) {
      model.apply(grid).evaluate(tensor(x), geometry, displacement);
    }
    return new DisplacementField(displacement, geometry);
  }

  @Override
  public Deformation result() {
    Geometry geometry = problem.fixedImage().geometry();
    DisplacementField displacement = displacement(geometry);
    try (Tensor coefficients = tensor(x)) {
      return new Deformation(
          displacement,
          model.apply(grid).velocity(coefficients, geometry).map(v -> new Image(v, geometry)));
    }
  }

  private FieldMeasure measure(int level) {
    Pyramid.Level fixed = sparse(level);
    try (Tensor start = displacement(fixed.geometry()).displacementMm()) {
      return new FieldMeasure(problem, fixed, level, options.deformableMeasure, linear, start);
    }
  }

  /**
   * The fixed voxels that are compared: every second one along an axis where that leaves four in a
   * control interval, which determine the coefficients about as well as all of them.
   */
  private Pyramid.Level sparse(int level) {
    Pyramid.Level fixed = problem.fixed().level(level);
    int[] steps = {1, 1, 1};
    if (options.deformableMeasure == SimilarityMeasure.LNCC) {
      return fixed; // windows need neighbours
    }
    long voxels = fixed.geometry().voxelCount();
    for (int axis = 0; axis < 3; axis++) {
      if (grid.spacingIn(fixed.geometry())[axis] >= 2 * SAMPLES_PER_INTERVAL
          && voxels / 2 >= LEAST_SAMPLES) {
        steps[axis] = 2;
        voxels /= 2;
      }
    }
    return fixed.everyNth(steps);
  }

  private double bendingWeight() {
    return Double.isNaN(options.bendingWeight) ? DEFAULT_BENDING_WEIGHT : options.bendingWeight;
  }

  /**
   * Coarse levels have voxels beyond the full grid's outermost centres; every second one of theirs,
   * and a flow's grid of half of those, end up to a voxel and a half further.
   */
  private double marginMm(int coarsest) {
    double margin = 0;
    Pyramid.Level level = problem.fixed().level(coarsest);
    for (int axis = 0; axis < 3; axis++) {
      margin = Math.max(margin, level.geometry().spacing(axis));
    }
    return 2 * margin;
  }

  private double[] refine(double[] coarse) {
    try (Scope scope = Scope.open(problem.context())) {
      float[] refined = Ffd.refine(tensor(coarse)).toFloatArray();
      double[] result = new double[refined.length];
      for (int i = 0; i < result.length; i++) {
        result[i] = refined[i];
      }
      return result;
    }
  }

  private Tensor field(Geometry geometry) {
    return Tensor.uninitialized(problem.context(), ElementType.F32, geometry.shape().prepend(3));
  }

  private Tensor tensor(double[] coefficients) {
    float[] values = new float[coefficients.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) coefficients[i];
    }
    return Tensor.of(problem.context(), values, grid.shape().toArray());
  }
}
