package org.voxkern.cases;

import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.op.Dropout;

final class DropoutCase implements CaseAdapter {
  static final Bound BOUND = Bound.relative(1.3e-7);

  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    Shape shape = line.shape("shape");
    Input input = test.spoil(test.uniform("input", shape, 1, 2));
    Dropout dropout = dropout(line);
    long sequence = line.integer("sequence", 0);
    // The native runner looks at these.
    line.has("published");
    line.has("share");
    test.run(
        call ->
            dropout.apply(
                call.tensor(input),
                sequence,
                call.output("output", test.type(), shape, BOUND),
                call.output("mask", ElementType.U8, dropout.maskShape(shape), Bound.exact())));
  }

  static Dropout dropout(CaseLine line) {
    double probability = line.number("probability", 0.5);
    long seed = line.integer("draw", 7);
    return line.flag("channels", false)
        ? Dropout.channels(probability, seed)
        : Dropout.elements(probability, seed);
  }
}
