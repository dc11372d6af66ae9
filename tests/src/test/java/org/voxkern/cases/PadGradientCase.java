package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Pad;

final class PadGradientCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    Shape shape = line.shape("shape");
    Pad pad = PadCase.pad(line, shape.rank());
    Shape padded = pad.outputShape(shape);
    boolean whole = line.flag("whole", false);
    Input outputGradient =
        whole
            ? test.integers("output gradient", padded, -9, 9)
            : test.uniform("output gradient", padded, -1, 1);
    test.run(
        call -> {
          Tensor dy = call.tensor(outputGradient);
          Bound bound = whole ? Bound.exact() : Bound.ofLargest(1e-6);
          pad.gradient(dy, call.output("input gradient", test.type(), shape, bound));
        });
  }
}
