package org.voxkern.cases;

import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.op.OneHot;
import org.voxkern.testing.SplitMix64;

final class OneHotCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    // Bits in the native runner; here the values are those of the type.
    line.has("on");
    line.has("off");
    Shape shape = line.shape("shape");
    long depth = line.integer("depth", 4);
    int axis = (int) line.integer("axis", -1);
    boolean narrow = line.word("index_type", "i64").equals("i32");
    Input indices = test.input("indices", narrow ? ElementType.I32 : ElementType.I64, shape);
    SplitMix64 random = new SplitMix64(line.seed(), "indices");
    for (int i = 0; i < indices.count(); i++) {
      indices.set(i, random.below(2 * depth + 4) - depth - 2);
    }
    test.run(
        call -> {
          OneHot oneHot = OneHot.of(axis, depth);
          oneHot.apply(
              call.tensor(indices),
              call.output("output", test.type(), oneHot.outputShape(shape), Bound.exact()));
        });
  }
}
