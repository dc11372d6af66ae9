package org.voxkern.cases;

import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.op.ArgReduce;

final class ArgReduceCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    Shape shape = line.shape("shape");
    int axis = (int) line.integer("axis", 0);
    boolean largest = line.flag("largest", true);
    boolean last = line.flag("last", false);
    boolean keeps = line.flag("keep", true);
    Input input =
        test.spoil(
            line.flag("whole", true)
                ? test.integers("input", shape, -9, 9)
                : test.uniform("input", shape, -9, 9));
    test.run(
        call -> {
          ArgReduce reduce = largest ? ArgReduce.max(axis) : ArgReduce.min(axis);
          reduce = last ? reduce.selectLast() : reduce;
          reduce = keeps ? reduce : reduce.withoutAxis();
          Shape output = reduce.outputShape(shape);
          reduce.apply(
              call.tensor(input), call.output("output", ElementType.I64, output, Bound.exact()));
        });
  }
}
