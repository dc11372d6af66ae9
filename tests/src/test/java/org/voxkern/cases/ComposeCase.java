package org.voxkern.cases;

import org.opentest4j.TestAbortedException;
import org.voxkern.AffineMap;
import org.voxkern.Shape;
import org.voxkern.op.Compose;

final class ComposeCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    Shape shape = line.shape("shape");
    Shape firstShape = line.has("first") ? line.shape("first") : shape;
    double amount = line.number("amount", 2);
    double cell = line.number("cell", 3);
    String field = line.word("field", "smooth");
    double ofFirst = field.equals("identity-first") ? 0 : amount;
    double ofSecond = field.equals("identity-second") ? 0 : amount;
    Input first = test.smooth("first", firstShape.prepend(3), cell, -ofFirst, ofFirst);
    Input second = test.smooth("second", shape.prepend(3), cell, -ofSecond, ofSecond);
    test.spoil(line.word("spoil", "second").equals("first") ? first : second);
    String border = line.word("border", "clamp");
    if (border.equals("mirror")) {
      throw new TestAbortedException("the Java class has no such border to ask for");
    }
    boolean constant = border.equals("constant");
    AffineMap indexMap = FieldInputs.indexMap(test, shape);
    double[] map = FieldInputs.displacementMap(line);
    Bound bound = new Bound(2e-6, 0, 4e-6, constant ? 1e-3 : 0);
    test.run(
        call ->
            Compose.apply(
                call.tensor(first),
                call.tensor(second),
                indexMap,
                map,
                constant ? Compose.Outside.ZERO : Compose.Outside.CLAMP,
                call.output("composed", test.type(), shape.prepend(3), bound)));
  }
}
