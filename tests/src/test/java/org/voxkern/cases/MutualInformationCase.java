package org.voxkern.cases;

import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.MutualInformation;
import org.voxkern.op.MutualInformation.Measure;
import org.voxkern.op.MutualInformation.OutsideRange;
import org.voxkern.op.MutualInformation.Parameters;

final class MutualInformationCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    Shape shape = test.line().shape("shape");
    boolean integers = test.line().word("input", "uniform").equals("integers");
    double share = test.line().number("share", 0.6);
    Input fixed =
        integers ? test.integers("fixed", shape, 0, 252) : test.uniform("fixed", shape, -100, 100);
    Input warped =
        integers
            ? test.integers("warped", shape, 0, 252)
            : test.uniform("warped", shape, -100, 100);
    for (int i = 0; i < warped.count(); i++) {
      warped.set(i, (1 - share) * warped.get(i) + share * fixed.get(i));
    }
    Input mask = test.mask("mask", shape);
    if (test.line().flag("spoilFixed", false)) {
      test.spoil(fixed);
    }
    test.spoil(warped);
    Parameters parameters = parameters(test.line(), integers);
    int counted = 0;
    for (int i = 0; i < warped.count(); i++) {
      if (mask == null || mask.get(i) != 0) {
        counted++;
      }
    }
    double slope =
        (parameters.bins() - 4)
            / (parameters.movingMax() - parameters.movingMin())
            / Math.max(counted, 1);
    Bound valueBound =
        counted >= 10000 ? new Bound(1e-6, 1e-12, 0, 0) : new Bound(1e-5, 1e-6, 0, 0);
    Bound gradientBound = new Bound(1e-3, 2e-3 * slope, 0, 0);
    boolean wantsGradient = test.line().flag("gradient", true);
    boolean wantsHistogram = test.line().flag("histogram", true);
    test.run(
        call -> {
          Tensor f = call.tensor(fixed);
          Tensor w = call.tensor(warped);
          Tensor m = call.tensor(mask);
          double value =
              wantsGradient
                  ? MutualInformation.valueAndGradient(
                      f,
                      w,
                      m,
                      parameters,
                      call.output("gradient", test.type(), shape, gradientBound))
                  : MutualInformation.value(f, w, m, parameters);
          call.value("value", valueBound, value);
          if (wantsHistogram) {
            Tensor histogram =
                call.output(
                    "joint_histogram",
                    ElementType.F64,
                    Shape.of(parameters.bins(), parameters.bins()),
                    Bound.absolute(2e-5));
            test.expect(
                MutualInformation.valueAndJointHistogram(f, w, m, parameters, histogram) == value,
                "another value with the joint histogram");
          }
        });
  }

  private static Parameters parameters(CaseLine line, boolean integers) {
    boolean normalized = line.word("measure", "mattes").equals("nmi");
    boolean ignored = line.word("outside", "clamped").equals("ignored");
    return new Parameters(
        normalized ? Measure.NORMALIZED : Measure.MATTES,
        (int) line.integer("bins", 32),
        line.number("fixedMin", integers ? 0 : -100),
        line.number("fixedMax", integers ? 252 : 100),
        line.number("movingMin", integers ? 0 : -100),
        line.number("movingMax", integers ? 252 : 100),
        ignored ? OutsideRange.IGNORED : OutsideRange.CLAMPED);
  }
}
