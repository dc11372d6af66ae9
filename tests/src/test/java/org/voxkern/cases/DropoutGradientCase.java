package org.voxkern.cases;

import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.op.Dropout;
import org.voxkern.testing.SplitMix64;

final class DropoutGradientCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    Shape shape = line.shape("shape");
    Input outputGradient = test.spoil(test.uniform("output_gradient", shape, -1, 1));
    Dropout dropout = DropoutCase.dropout(line);
    // The gradient is told by the mask.
    line.has("sequence");
    Input mask = test.input("mask", ElementType.U8, dropout.maskShape(shape));
    SplitMix64 random = new SplitMix64(line.seed(), "mask");
    for (int i = 0; i < mask.count(); i++) {
      mask.set(i, random.uniform() < 0.5 ? 1 : 0);
    }
    test.run(
        call ->
            dropout.gradient(
                call.tensor(outputGradient),
                call.tensor(mask),
                call.output("input_gradient", test.type(), shape, DropoutCase.BOUND)));
  }
}
