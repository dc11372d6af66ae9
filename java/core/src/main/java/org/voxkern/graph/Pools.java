package org.voxkern.graph;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.voxkern.ElementType;
import org.voxkern.Tensor;
import org.voxkern.op.AdaptivePool;
import org.voxkern.op.AveragePool;
import org.voxkern.op.MaxPool;
import org.voxkern.op.PoolWindow;

/** Windows over space, and all of it. */
public final class Pools {
  private Pools() {}

  private static SymbolicShape outputShape(PoolWindow window, SymbolicShape input) {
    Convolution.require(input.rank() == 5, "expected (N, C, D, H, W)");
    SymbolicShape output = input;
    for (int axis = 0; axis < 3; axis++) {
      output = output.with(axis + 2, outputSize(window, axis, input.size(axis + 2)));
    }
    return output;
  }

  private static Size outputSize(PoolWindow window, int axis, Size input) {
    long kernel = window.kernel()[axis];
    long stride = window.stride()[axis];
    long dilation = window.dilation()[axis];
    long begin = window.paddingBegin()[axis];
    long end = window.paddingEnd()[axis];
    if (input.is(0)) {
      return input;
    }
    if (!window.ceilMode()) {
      return input.windows(kernel, stride, dilation, begin + end);
    }
    Size windows = input.windows(kernel, stride, dilation, begin + end + stride - 1);
    boolean mayBeginOutside = (kernel - 1) * dilation + 1 < stride + end;
    if (!mayBeginOutside) {
      return windows;
    }
    Convolution.require(
        input.isKnown(), "in ceil mode this window's number depends on a size that is a symbol");
    boolean outside = (windows.value() - 1) * stride >= input.value() + begin;
    return outside ? windows.plus(-1) : windows;
  }

  public record Max(PoolWindow window) implements Operation {
    @Override
    public String type() {
      return "max_pool";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      return Pools.outputShape(window, inputs.get(0));
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      MaxPool.apply(window, inputs.get(0), output, null);
    }

    @Override
    public List<Value> gradient(Backward backward) {
      // It looks for the largest again: the input mostly stays in any case, indices would be new.
      return Backward.all(
          backward.apply(
              GradientOperation.of(
                  "max_pool_gradient",
                  (in, out) -> MaxPool.gradient(window, in.get(0), null, in.get(1), out.get(0)),
                  0),
              backward.input(0),
              backward.upstream()));
    }
  }

  /** Mean of the voxels inside the input, or of the padding's zeros too. */
  public record Average(PoolWindow window, boolean paddingCounts) implements Operation {
    @Override
    public String type() {
      return "average_pool";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      return Pools.outputShape(window, inputs.get(0));
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      pool().apply(inputs.get(0), output);
    }

    private AveragePool pool() {
      return paddingCounts ? AveragePool.ofPadded(window) : AveragePool.ofInside(window);
    }

    @Override
    public List<Value> gradient(Backward backward) {
      AveragePool pool = pool();
      return Backward.all(
          backward.apply(
              GradientOperation.of(
                      "average_pool_gradient", (in, out) -> pool.gradient(in.get(0), out.get(0)), 1)
                  .shapeOnly(1),
              backward.upstream(),
              backward.input(0)));
    }
  }

  /** To a fixed number of windows along each axis of space. */
  public record Adaptive(boolean max, long z, long y, long x) implements Operation {
    @Override
    public String type() {
      return max ? "adaptive_max_pool" : "adaptive_average_pool";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      SymbolicShape input = inputs.get(0);
      Convolution.require(input.rank() == 5, "expected (N, C, D, H, W)");
      return SymbolicShape.of(input.size(0), input.size(1), Size.of(z), Size.of(y), Size.of(x));
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      run(inputs, Arrays.asList(output, null));
    }

    /** Where the largest lie. */
    @Override
    public List<SymbolicShape> furtherShapes(List<SymbolicShape> inputs) {
      return max ? List.of(outputShape(inputs)) : List.of();
    }

    @Override
    public List<ElementType> furtherTypes(List<ElementType> inputs, int count) {
      return Collections.nCopies(count, ElementType.I64);
    }

    @Override
    public void run(List<Tensor> inputs, List<Tensor> outputs) {
      if (max) {
        AdaptivePool.max(inputs.get(0), outputs.get(0), outputs.get(1));
      } else {
        AdaptivePool.average(inputs.get(0), outputs.get(0));
      }
    }

    @Override
    public List<Value> gradient(Backward backward) {
      if (!max) {
        return Backward.all(
            backward.apply(
                GradientOperation.of(
                        "adaptive_average_pool_gradient",
                        (in, out) -> AdaptivePool.averageGradient(in.get(0), out.get(0)),
                        1)
                    .shapeOnly(1),
                backward.upstream(),
                backward.input(0)));
      }
      return Backward.all(
          backward.apply(
              GradientOperation.of(
                      "adaptive_max_pool_gradient",
                      (in, out) -> AdaptivePool.maxGradient(in.get(0), in.get(1), out.get(0)),
                      2)
                  .shapeOnly(2),
              backward.output(1),
              backward.upstream(),
              backward.input(0)));
    }
  }
}
