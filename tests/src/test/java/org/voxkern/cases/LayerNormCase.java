package org.voxkern.cases;

import org.opentest4j.TestAbortedException;
import org.voxkern.Shape;
import org.voxkern.op.LayerNorm;

final class LayerNormCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    Shape shape = test.line().shape("shape");
    LayerNorm norm = norm(test.line(), shape);
    NormInputs in = NormInputs.of(test, shape, norm.scaleShape(shape));
    Shape statistics = norm.statisticsShape(shape);
    test.run(
        call ->
            norm.apply(
                call.tensor(in.input),
                call.tensor(in.scale),
                call.tensor(in.shift),
                call.output("output", test.type(), shape, NormInputs.OUTPUT),
                in.statistic(test, call, "mean", statistics, NormInputs.MEAN),
                in.statistic(test, call, "inverse_deviation", statistics, NormInputs.INVERSE)));
  }

  static LayerNorm norm(CaseLine line, Shape shape) {
    int axis = (int) line.integer("axis", 1);
    if (axis < 0 || axis >= shape.rank()) {
      throw new TestAbortedException("the shapes of scale and shift need an axis");
    }
    return LayerNorm.builder()
        .axis(axis)
        .epsilon(line.number("epsilon", 1e-5))
        .rootMeanSquare(line.flag("rms", false))
        .build();
  }
}
