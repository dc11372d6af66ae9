package org.voxkern.registration;

import java.util.ArrayList;
import java.util.List;
import org.voxkern.AffineMap;
import org.voxkern.Context;
import org.voxkern.DisplacementField;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Tensor;
import org.voxkern.op.Warp3d;
import org.voxkern.transform.LinearTransform;

/** The deformation, level by level from coarse to fine. */
final class DeformableStage {
  private static final String NAME = "deformable";

  private final Registration options;
  private final Problem problem;
  private final AffineMap linear;

  DeformableStage(Registration options, Problem problem, LinearTransform linear) {
    this.options = options;
    this.problem = problem;
    this.linear = linear.toAffineMap();
  }

  /** The deformation on the fixed grid; its tensors belong to the scope that is open. */
  DeformableSearch.Deformation run(List<LevelReport> reports) {
    int levels = problem.deformableLevels();
    DeformableSearch search = search(levels);
    for (int level = levels - 1; level >= 0; level--) {
      long begin = System.nanoTime();
      int current = level;
      List<Double> values = new ArrayList<>();
      String stopReason =
          search.run(
              level,
              (iteration, value) -> {
                values.add(value);
                options.listener.onIteration(NAME, current, iteration, value);
              });
      if (level > 0 && options.deformableMeasure.assumesOneRelation()) {
        DisplacementField found = search.displacement(level);
        problem.bias().estimate(level, linear, found);
        found.displacementMm().close();
      }
      reports.add(
          new LevelReport(
              NAME,
              level,
              LinearStage.boxed(problem.fixed().level(level).factors()),
              values,
              stopReason,
              (System.nanoTime() - begin) * 1e-9));
    }
    problem.bias().release();
    problem.context().trim(); // a whole field is larger than anything the levels left behind
    return search.result();
  }

  private DeformableSearch search(int levels) {
    return switch (options.deformationModel) {
      case B_SPLINE ->
          new CoefficientSearch(options, problem, linear, levels, BSplineDisplacement::new);
      case B_SPLINE_VELOCITY ->
          new CoefficientSearch(options, problem, linear, levels, BSplineVelocity::new);
      case VELOCITY -> new FlowSearch(options, problem, linear, new DenseVelocity());
      case GREEDY -> new FlowSearch(options, problem, linear, new GreedyDisplacement());
    };
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
      return problem.linearSimilarity().measure(fixed.image(), warped, inside, null);
    }
  }
}
