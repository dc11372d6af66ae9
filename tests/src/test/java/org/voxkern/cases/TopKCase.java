package org.voxkern.cases;

import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.TopK;

final class TopKCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    Shape shape = line.shape("shape");
    int axis = (int) line.integer("axis", 0);
    long k = line.integer("k", 1);
    boolean largest = line.flag("largest", true);
    long from = line.integer("from", -9);
    Input input =
        test.spoil(
            line.flag("whole", true)
                ? test.integers("input", shape, from, 9)
                : test.uniform("input", shape, from, 9));
    test.run(
        call -> {
          TopK top = largest ? TopK.largest(axis, k) : TopK.smallest(axis, k);
          Shape output = top.outputShape(shape);
          Tensor values = call.output("values", test.type(), output, Bound.exact());
          Tensor indices = call.output("indices", ElementType.I64, output, Bound.exact());
          top.apply(call.tensor(input), values, indices);
        });
    checkGradient(test, TopK.largest(axis, k), input);
  }

  /** The gradient of the sum of the values: 1 at what was taken. */
  private static void checkGradient(Case test, TopK top, Input input) {
    // What sums up the gradient has no numbers of this type.
    boolean plain =
        test.line().word("hostile", "none").equals("none") && test.type() != ElementType.U64;
    if (!test.line().word("expect", "ok").equals("ok") || !plain) {
      return;
    }
    Shape output = top.outputShape(input.shape());
    Input ones = test.input("ones", test.type(), output);
    for (int i = 0; i < ones.count(); i++) {
      ones.set(i, 1);
    }
    Call call =
        test.reference(
            c -> {
              Tensor values = c.output("values", test.type(), output, Bound.exact());
              Tensor indices = c.output("indices", ElementType.I64, output, Bound.exact());
              Tensor x = c.tensor(input);
              top.apply(x, values, indices);
              top.gradient(
                  indices,
                  c.tensor(ones),
                  c.output("gradient", test.type(), input.shape(), Bound.exact()));
            });
    double taken = 0;
    double sum = 0;
    double[] gradient = call.result("gradient");
    for (int i = 0; i < gradient.length; i++) {
      taken += gradient[i];
      sum += gradient[i] * input.get(i);
    }
    double values = 0;
    for (double value : call.result("values")) {
      values += value;
    }
    test.expect(taken == ones.count(), "the gradient names " + taken + " elements");
    test.expect(
        Math.abs(sum - values) <= 1e-9 * (1 + Math.abs(values)),
        "what the gradient names adds to " + sum + ", the values to " + values);
  }
}
