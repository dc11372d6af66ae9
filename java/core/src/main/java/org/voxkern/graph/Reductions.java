package org.voxkern.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.voxkern.ElementType;
import org.voxkern.Tensor;
import org.voxkern.op.Expand;
import org.voxkern.op.Reduce;

/** One value of many, and many of one. */
public final class Reductions {
  private Reductions() {}

  /** Along axes, negative ones from the end; along all where there are none. */
  public record Along(Reduce.Reduction reduction, List<Integer> axes, boolean keepAxes)
      implements Operation {
    @Override
    public String type() {
      return "reduce_" + reduction.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      SymbolicShape input = inputs.get(0);
      boolean[] reduced = new boolean[input.rank()];
      Arrays.fill(reduced, axes.isEmpty());
      axes.forEach(axis -> reduced[input.axis(axis)] = true);
      List<Size> sizes = new ArrayList<>();
      for (int axis = 0; axis < input.rank(); axis++) {
        if (!reduced[axis]) {
          sizes.add(input.size(axis));
        } else if (keepAxes) {
          sizes.add(Size.of(1));
        }
      }
      return SymbolicShape.of(sizes);
    }

    private Reduce reduce(int rank) {
      IntStream along =
          axes.isEmpty() ? IntStream.range(0, rank) : axes.stream().mapToInt(Integer::intValue);
      return Reduce.of(reduction, keepAxes, along.toArray());
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      reduce(inputs.get(0).shape().rank()).apply(inputs.get(0), output);
    }

    @Override
    public List<Value> gradient(Backward backward) {
      boolean linear = reduction == Reduce.Reduction.SUM || reduction == Reduce.Reduction.MEAN;
      GradientOperation operation =
          GradientOperation.of(
              type() + "_gradient",
              (in, out) ->
                  reduce(in.get(0).shape().rank())
                      .gradient(in.get(0), in.get(1), in.get(2), out.get(0)),
              0);
      return Backward.all(
          backward.apply(
              linear ? operation.shapeOnly(0, 1) : operation,
              backward.input(0),
              backward.output(),
              backward.upstream()));
    }
  }

  /** The first input, repeated to the shape that it and the second broadcast to. */
  public record ExpandedLike() implements Operation {
    @Override
    public String type() {
      return "expand";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      return inputs.get(0).broadcast(inputs.get(1));
    }

    @Override
    public ElementType outputType(List<ElementType> inputs) {
      return inputs.get(0);
    }

    @Override
    public boolean readsShapeOnly(int input) {
      return input == 1;
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      Expand.to(output.shape()).apply(inputs.get(0), output);
    }

    @Override
    public List<Value> gradient(Backward backward) {
      Value gradient =
          backward.apply(
              GradientOperation.of(
                      "expand_gradient",
                      (in, out) -> Expand.to(in.get(0).shape()).gradient(in.get(0), out.get(0)),
                      1)
                  .shapeOnly(1),
              backward.upstream(),
              backward.input(0));
      return Backward.all(gradient, null);
    }
  }
}
