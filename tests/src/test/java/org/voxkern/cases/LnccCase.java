package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.op.Lncc;

final class LnccCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    Shape shape = line.shape("shape");
    double offset = line.number("intensity", 0);
    Input fixed = test.smooth("fixed", shape, 4, offset - 100, offset + 100);
    Input warped = test.smooth("warped", shape, 3, offset - 100, offset + 100);
    Input noise = test.uniform("noise", shape, -20, 20);
    for (int i = 0; i < noise.count(); i++) {
      fixed.set(i, fixed.get(i) + noise.get(i));
      warped.set(i, warped.get(i) - noise.get(i));
    }
    Input mask = test.mask("mask", shape);
    test.spoil(warped);
    double[] numbers = line.numbers("radius", 3, 2);
    int[] radius = {(int) numbers[0], (int) numbers[1], (int) numbers[2]};
    double floor = line.number("floor", Lncc.DEFAULT_VARIANCE_FLOOR);
    boolean wantsGradient = line.flag("gradient", true);
    Bound bound = new Bound(0, 1e-12, line.number("bound", 5e-6), 0);
    test.run(
        call ->
            call.value(
                "value",
                Bound.absolute(1e-9),
                Lncc.valueAndGradient(
                    call.tensor(fixed),
                    call.tensor(warped),
                    call.tensor(mask),
                    radius,
                    floor,
                    wantsGradient ? call.output("gradient", test.type(), shape, bound) : null)));
    if (line.word("check", "").equals("linear")) {
      for (int i = 0; i < fixed.count(); i++) {
        warped.set(i, 40 - 3 * fixed.get(i));
      }
      double value =
          test.reference(
                  call ->
                      call.value(
                          "value",
                          Bound.absolute(1e-9),
                          Lncc.value(
                              call.tensor(fixed), call.tensor(warped), call.tensor(mask), radius)))
              .result("value")[0];
      test.expect(value > 0.99 && value <= 1, "a linear relation gives " + value);
    }
  }
}
