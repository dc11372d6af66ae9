package org.voxkern.registration;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.voxkern.AffineMap;
import org.voxkern.Context;
import org.voxkern.DisplacementField;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Tensor;
import org.voxkern.op.Ffd;
import org.voxkern.op.Warp3d;
import org.voxkern.transform.LinearTransform;

/** Coefficients of a B-spline control grid, optimised from coarse to fine. */
final class DeformableStage {
  private static final String NAME = "deformable";
  private static final double FINEST_SPACING_MM = 10;
  private static final double FOLDING_WEIGHT = 10;
  private static final double DEFAULT_BENDING_WEIGHT = 30;

  private final Registration options;
  private final Problem problem;
  private final AffineMap linear;
  private final SimilarityMeasure measure;

  DeformableStage(Registration options, Problem problem, LinearTransform linear) {
    this.options = options;
    this.problem = problem;
    this.linear = linear.toAffineMap();
    measure = options.deformableMeasure;
  }

  /** Pyramid levels to run, where the image is large enough. */
  static int wantedLevels(Registration options) {
    return options.deformableLevels > 0 ? options.deformableLevels : 3;
  }

  /** The deformation on the fixed grid; the field belongs to the scope that is open. */
  DisplacementField run(List<LevelReport> reports) {
    int levels = Math.min(problem.levels(), wantedLevels(options));
    double finest = options.controlSpacingMm > 0 ? options.controlSpacingMm : FINEST_SPACING_MM;
    ControlGrid grid =
        ControlGrid.of(
            problem.fixedImage().geometry(), finest * (1 << (levels - 1)), marginMm(levels - 1));
    double[] x = new double[(int) grid.shape().elementCount()];
    for (int level = levels - 1; level >= 0; level--) {
      x = runLevel(grid, x, level, reports);
      if (level > 0) {
        x = refine(grid, x);
        grid = grid.refined();
      }
    }
    return field(grid, x);
  }

  private double[] runLevel(
      ControlGrid grid, double[] start, int level, List<LevelReport> reports) {
    long begin = System.nanoTime();
    try (Scope scope = Scope.open(problem.context())) {
      Pyramid.Level fixed = problem.fixed().level(level);
      DeformableObjective objective =
          new DeformableObjective(
              fixed,
              problem.moving().level(level),
              problem.similarity(measure),
              measure.largerIsBetter(),
              linear,
              model(grid),
              grid,
              bendingWeight(),
              FOLDING_WEIGHT);
      double spacing = LinearStage.smallestSpacing(fixed);
      Lbfgs optimiser =
          new Lbfgs(
              6, options.deformableIterations, 0.5 * spacing, 4 * spacing, 0.01 * spacing, 1e-5);
      List<Double> values = new ArrayList<>();
      Lbfgs.Result result =
          optimiser.minimize(
              objective,
              start,
              (iteration, loss) -> {
                values.add(objective.lastMeasure());
                options.listener.onIteration(NAME, level, iteration, objective.lastMeasure());
              });
      double seconds = (System.nanoTime() - begin) * 1e-9;
      reports.add(
          new LevelReport(
              NAME,
              level,
              LinearStage.boxed(fixed.factors()),
              values,
              result.stopReason(),
              seconds));
      return result.x();
    }
  }

  /** The measure at full resolution under a deformation. */
  double measure(DisplacementField field) {
    Context context = problem.context();
    try (Scope scope = Scope.open(context)) {
      Pyramid.Level fixed = problem.fixed().level(0);
      Pyramid.Level moving = problem.moving().level(0);
      Tensor warped = Tensor.uninitialized(context, ElementType.F32, fixed.image().shape());
      Tensor inside = Tensor.uninitialized(context, ElementType.U8, fixed.image().shape());
      AffineMap toMovingIndex = moving.geometry().physicalToIndex().after(linear);
      Warp3d.builder()
          .indexMap(toMovingIndex.after(fixed.geometry().indexToPhysical()))
          .displacementMap(toMovingIndex.matrix())
          .domainMask(fixed.mask())
          .build()
          .apply(moving.image(), moving.mask(), field.displacementMm(), null, warped, inside);
      return problem.similarity(options.measure).measure(fixed.image(), warped, inside, null);
    }
  }

  private FieldModel model(ControlGrid grid) {
    return switch (options.deformationModel) {
      case B_SPLINE -> new BSplineDisplacement(grid);
    };
  }

  /** By default chosen on lungs and heads; squared differences are in units of the range. */
  private double bendingWeight() {
    double weight =
        Double.isNaN(options.bendingWeight) ? DEFAULT_BENDING_WEIGHT : options.bendingWeight;
    if (measure != SimilarityMeasure.SSD) {
      return weight;
    }
    double range = problem.fixedRange().high() - problem.fixedRange().low();
    return weight * range * range;
  }

  /** Coarse levels have voxels beyond the full grid's outermost centres. */
  private double marginMm(int coarsest) {
    double margin = 0;
    Pyramid.Level level = problem.fixed().level(coarsest);
    for (int axis = 0; axis < 3; axis++) {
      margin = Math.max(margin, level.geometry().spacing(axis));
    }
    return margin;
  }

  private double[] refine(ControlGrid grid, double[] x) {
    try (Scope scope = Scope.open(problem.context())) {
      Tensor coefficients = tensor(grid, x);
      Tensor refined = Ffd.refine(coefficients);
      FloatBuffer buffer = refined.buffer().asFloatBuffer();
      double[] result = new double[buffer.remaining()];
      for (int i = 0; i < result.length; i++) {
        result[i] = buffer.get(i);
      }
      return result;
    }
  }

  private DisplacementField field(ControlGrid grid, double[] x) {
    Tensor displacement =
        Tensor.uninitialized(
            problem.context(), ElementType.F32, problem.fixedImage().geometry().shape().prepend(3));
    try (Scope scope = Scope.open(problem.context())) {
      model(grid).evaluate(tensor(grid, x), problem.fixedImage().geometry(), displacement);
    }
    return new DisplacementField(displacement, problem.fixedImage().geometry());
  }

  private Tensor tensor(ControlGrid grid, double[] x) {
    float[] values = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      values[i] = (float) x[i];
    }
    return Tensor.of(problem.context(), values, grid.shape().toArray());
  }
}
