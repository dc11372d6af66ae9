package org.voxkern.cases;

import org.opentest4j.TestAbortedException;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.CopyStrided;
import org.voxkern.op.TensorView;

final class CopyStridedCase implements CaseAdapter {
  /** A strided view of a tensor, made from a tensor with the axes in memory order. */
  private record Layout(String order, double[] steps, Shape shape, boolean gaps) {
    static Layout of(CaseLine line, String prefix, Shape shape) {
      int rank = shape.rank();
      return new Layout(
          line.word(prefix + "_order", "01234567".substring(0, rank)),
          line.numbers(prefix + "_step", rank, 1),
          shape,
          line.flag("gaps", false));
    }

    /** Sizes in memory order. */
    Shape memory() {
      long[] sizes = new long[shape.rank()];
      for (int i = 0; i < sizes.length; i++) {
        int axis = order.charAt(i) - '0';
        long size = shape.size(axis);
        long step = (long) Math.abs(steps[axis]);
        sizes[i] = step == 0 || size == 0 ? 1 : (size - 1) * step + 1 + (gaps ? 1 : 0);
      }
      return Shape.of(sizes);
    }

    TensorView view(Tensor tensor) {
      TensorView view = TensorView.of(tensor, memory());
      int[] inverse = new int[shape.rank()];
      for (int i = 0; i < inverse.length; i++) {
        inverse[order.charAt(i) - '0'] = i;
      }
      view = view.permute(inverse);
      for (int axis = 0; axis < inverse.length; axis++) {
        long step = (long) steps[axis];
        long size = shape.size(axis);
        long start = step < 0 ? (size - 1) * -step : 0;
        view = view.slice(axis, start, step == 0 && size > 0 ? 1 : size, step == 0 ? 1 : step);
      }
      return view.expand(shape);
    }
  }

  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    Shape shape = line.shape("shape");
    Layout from = Layout.of(line, "in", shape);
    Layout to = Layout.of(line, "out", line.has("to") ? line.shape("to") : shape);
    Shape sourceShape = Shape.of(from.memory().elementCount());
    Shape targetShape = Shape.of(to.memory().elementCount());
    Input input = test.integers("input", sourceShape, 0, 100);
    if (line.word("break", "").endsWith(":missing")) {
      throw new TestAbortedException("a view in Java has a tensor");
    }
    test.run(
        call -> {
          Tensor source = call.tensor(input);
          Tensor target = call.output("output", test.type(), targetShape, Bound.exact());
          target.fillZero();
          CopyStrided.apply(from.view(source), to.view(target));
        });
  }
}
