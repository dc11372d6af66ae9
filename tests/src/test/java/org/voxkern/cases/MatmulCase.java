package org.voxkern.cases;

import java.util.Arrays;
import java.util.Locale;
import org.opentest4j.TestAbortedException;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Conv3d;
import org.voxkern.op.Matmul;

final class MatmulCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    Shape shapeA = line.shape("a");
    Shape shapeB = line.shape("b");
    boolean exact = line.flag("exact", false);
    Bound bound = exact ? Bound.exact() : Bound.ofLargest(line.number("bound", 4e-6));
    String broken = line.word("break", "");
    if (broken.startsWith("packed:")) {
      throw new TestAbortedException("Java packs the matrix itself");
    }
    Input a = test.spoil(values(test, "a", shapeA, exact));
    Input b = values(test, "b", shapeB, exact);
    Input c = line.has("c") ? test.integers("c", line.shape("c"), -9, 9) : null;
    boolean packs = line.flag("packed", false);
    boolean inPlace = line.flag("in_place", false);
    Matmul[] built = new Matmul[1];
    test.run(
        call -> {
          Matmul product = built(line);
          built[0] = product;
          Shape shape = product.outputShape(shapeA, shapeB);
          Tensor left = call.tensor(a);
          Tensor right = call.tensor(b);
          Tensor added = call.tensor(c);
          Tensor output = call.output("output", test.type(), shape, bound);
          if (inPlace) {
            output.set(added);
            added = output;
          }
          if (packs) {
            product.apply(left, product.pack(right, shapeA), added, output);
          } else {
            product.apply(left, right, added, output);
          }
        });
    boolean checks =
        line.word("expect", "ok").equals("ok")
            && line.word("hostile", "none").equals("none")
            && line.word("activation", "none").equals("none");
    if (checks) {
      adjoint(test, built[0], a, b, c);
    }
  }

  /** The gradients are the adjoints of products with directions of their own. */
  private static void adjoint(Case test, Matmul product, Input a, Input b, Input c) {
    Shape shape = product.outputShape(a.shape(), b.shape());
    Input gradient = test.uniform("gradient", shape, -1, 1);
    Input stepA = test.uniform("step of a", a.shape(), -1, 1);
    Input stepB = test.uniform("step of b", b.shape(), -1, 1);
    Call forward =
        test.reference(
            call -> {
              Bound any = Bound.exact();
              Tensor g = call.tensor(gradient);
              Tensor left = call.tensor(a);
              Tensor right = call.tensor(b);
              product.apply(
                  call.tensor(stepA), right, null, call.output("by a", test.type(), shape, any));
              product.apply(
                  left, call.tensor(stepB), null, call.output("by b", test.type(), shape, any));
              product.gradientA(g, right, call.output("da", test.type(), a.shape(), any));
              product.gradientB(left, g, call.output("db", test.type(), b.shape(), any));
              if (c != null) {
                product.gradientC(g, call.output("dc", test.type(), c.shape(), any));
              }
            });
    double tolerance = test.type() == org.voxkern.ElementType.F64 ? 1e-12 : 1e-4;
    same(
        test,
        "a",
        dot(gradient, forward.result("by a")),
        dot(stepA, forward.result("da")),
        tolerance);
    same(
        test,
        "b",
        dot(gradient, forward.result("by b")),
        dot(stepB, forward.result("db")),
        tolerance);
    if (c != null) {
      double[] sums = forward.result("dc");
      double beta = test.line().number("beta", 1);
      double expected = 0;
      for (int i = 0; i < gradient.count(); i++) {
        expected += beta * gradient.get(i);
      }
      same(test, "c", expected, Arrays.stream(sums).sum(), tolerance);
    }
  }

  private static void same(Case test, String name, double one, double other, double tolerance) {
    test.expect(
        Math.abs(one - other) <= tolerance * (1 + Math.abs(one)),
        "gradient of " + name + " is not the adjoint: " + one + " and " + other);
  }

  private static double dot(Input input, double[] values) {
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      sum += input.get(i) * values[i];
    }
    return sum;
  }

  private static Input values(Case test, String name, Shape shape, boolean exact) {
    return exact ? test.integers(name, shape, -4, 4) : test.uniform(name, shape, -1, 1);
  }

  private static Matmul built(CaseLine line) {
    Matmul.Builder builder =
        Matmul.builder()
            .alpha(line.number("alpha", 1))
            .beta(line.number("beta", 1))
            .negativeSlope(line.number("slope", 0.01))
            .accuracy(line.number("accuracy", 0))
            .activation(activation(line.word("activation", "none")));
    if (line.flag("ta", false)) {
      builder.transposeA();
    }
    if (line.flag("tb", false)) {
      builder.transposeB();
    }
    return builder.build();
  }

  private static Conv3d.Activation activation(String name) {
    return Arrays.stream(Conv3d.Activation.values())
        .filter(a -> a.name().toLowerCase(Locale.ROOT).startsWith(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("activation=" + name));
  }
}
