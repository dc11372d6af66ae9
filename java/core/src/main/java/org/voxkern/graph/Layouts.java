package org.voxkern.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Concat;
import org.voxkern.op.Pad;
import org.voxkern.op.Permute;
import org.voxkern.op.Slice;

/** Operations that move elements and do not change them. */
public final class Layouts {
  private Layouts() {}

  public record Joined(int axis) implements Operation {
    @Override
    public String type() {
      return "concat";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      SymbolicShape first = inputs.get(0);
      int along = first.axis(axis);
      Size sum = Size.of(0);
      for (SymbolicShape input : inputs) {
        Convolution.require(input.rank() == first.rank(), "expected the same rank");
        for (int other = 0; other < first.rank(); other++) {
          boolean differs =
              other != along
                  && input.size(other).compare(first.size(other)) == Size.Relation.DIFFERENT;
          Convolution.require(!differs, "sizes differ along axis " + other);
        }
        sum = sum.plus(input.size(along));
      }
      return first.with(along, sum);
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      Concat.along(axis).apply(inputs, output);
    }

    @Override
    public List<Value> gradient(Backward backward) {
      Value[] gradients = backward.none();
      for (int input = 0; input < gradients.length; input++) {
        if (backward.wanted(input)) {
          List<Value> operands = new ArrayList<>(List.of(backward.upstream()));
          List<Integer> shapes = new ArrayList<>();
          for (int before = 0; before <= input; before++) {
            operands.add(backward.input(before));
            shapes.add(before + 1);
          }
          gradients[input] =
              backward.apply(
                  GradientOperation.of("concat_gradient", this::cut, input + 1)
                      .shapeOnly(shapes.toArray(new Integer[0])),
                  operands.toArray(new Value[0]));
        }
      }
      return Backward.all(gradients);
    }

    /** The part of the first input that is behind those that the others but the last stand for. */
    private void cut(List<Tensor> inputs, List<Tensor> outputs) {
      Shape part = outputs.get(0).shape();
      int at = axis < 0 ? axis + part.rank() : axis;
      long[] starts = new long[part.rank()];
      for (Tensor before : inputs.subList(1, inputs.size() - 1)) {
        starts[at] += before.shape().size(at);
      }
      Slice.of(starts, part.toArray()).apply(inputs.get(0), outputs.get(0));
    }
  }

  /** The first input's elements in another shape. */
  private interface View extends Operation {
    @Override
    default boolean isView() {
      return true;
    }

    @Override
    default void run(List<Tensor> inputs, Tensor output) {
      output.set(inputs.get(0));
    }

    @Override
    default List<Value> gradient(Backward backward) {
      return Backward.all(
          backward.apply(new ReshapedLike(), backward.upstream(), backward.input(0)));
    }
  }

  /** The same elements in another shape; a size of -1 is what is left, 0 the input's. */
  public record Reshape(List<Size> sizes) implements View {
    @Override
    public String type() {
      return "reshape";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      SymbolicShape input = inputs.get(0);
      List<Size> result = new ArrayList<>();
      int rest = -1;
      Size known = Size.of(1);
      // Axes that stay are in neither product, so that they may be symbols.
      Size others = Size.of(1);
      for (int axis = 0; axis < input.rank(); axis++) {
        boolean stays = axis < sizes.size() && sizes.get(axis).is(0);
        others = stays ? others : others.times(input.size(axis));
      }
      for (int axis = 0; axis < sizes.size(); axis++) {
        if (sizes.get(axis).is(0)) {
          result.add(input.size(axis));
          continue;
        }
        Size size = sizes.get(axis);
        if (size.is(-1)) {
          Convolution.require(rest < 0, "only one size can be what is left");
          rest = axis;
          size = Size.of(1);
        }
        known = known.times(size);
        result.add(size);
      }
      Size count = input.elementCount();
      if (rest >= 0) {
        result.set(rest, rest(others, known));
      }
      SymbolicShape output = SymbolicShape.of(result);
      Convolution.require(
          output.elementCount().compare(count) != Size.Relation.DIFFERENT,
          "the shape " + output + " has other elements");
      return output;
    }

    private static Size rest(Size count, Size known) {
      Convolution.require(
          known.isKnown() && known.value() > 0,
          "what is left beside " + known + " elements cannot be said");
      return count.floorDivide(known.value());
    }
  }

  /** The first input's elements in the second's shape. */
  private record ReshapedLike() implements View {
    @Override
    public String type() {
      return "reshape_like";
    }

    @Override
    public boolean readsShapeOnly(int input) {
      return input == 1;
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      Convolution.require(
          inputs.get(0).elementCount().compare(inputs.get(1).elementCount())
              != Size.Relation.DIFFERENT,
          "the shapes have other numbers of elements");
      return inputs.get(1);
    }

    @Override
    public List<Value> gradient(Backward backward) {
      return Backward.all(backward.upstream().apply(this, backward.input(0)), null);
    }
  }

  /** One more axis, of size 1, which the output has there. */
  public record Unsqueezed(int axis) implements View {
    @Override
    public String type() {
      return "unsqueeze";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      List<Size> sizes = new ArrayList<>(inputs.get(0).sizes());
      int at = axis < 0 ? axis + sizes.size() + 1 : axis;
      Convolution.require(at >= 0 && at <= sizes.size(), "the output has no new axis " + axis);
      sizes.add(at, Size.of(1));
      return SymbolicShape.of(sizes);
    }
  }

  /** Without axes of size 1, which are counted in the input, negative ones from the end. */
  public record Squeezed(List<Integer> axes) implements View {
    @Override
    public String type() {
      return "squeeze";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      SymbolicShape input = inputs.get(0);
      List<Size> sizes = new ArrayList<>(input.sizes());
      List<Integer> dropped = axes.stream().map(input::axis).distinct().sorted().toList();
      for (int back = dropped.size() - 1; back >= 0; back--) {
        Size size = sizes.remove((int) dropped.get(back));
        Convolution.require(
            size.compare(Size.of(1)) != Size.Relation.DIFFERENT,
            "axis " + dropped.get(back) + " has size " + size + ", expected 1");
      }
      return SymbolicShape.of(sizes);
    }
  }

  /** All axes from one on become one. */
  public record Flatten(int axis) implements View {
    @Override
    public String type() {
      return "flatten";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      SymbolicShape input = inputs.get(0);
      int first = input.axis(axis);
      List<Size> sizes = new ArrayList<>(input.sizes().subList(0, first));
      sizes.add(SymbolicShape.of(input.sizes().subList(first, input.rank())).elementCount());
      return SymbolicShape.of(sizes);
    }
  }

  /** The input itself. */
  public record Same(String type, boolean isView) implements Operation {
    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      return inputs.get(0);
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      output.set(inputs.get(0));
    }

    @Override
    public List<Value> gradient(Backward backward) {
      return Backward.all(backward.upstream());
    }
  }

  public record Permuted(List<Integer> order) implements Operation {
    @Override
    public String type() {
      return "permute";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      SymbolicShape input = inputs.get(0);
      int[] sorted = order.stream().mapToInt(Integer::intValue).sorted().toArray();
      boolean whole = sorted.length == input.rank();
      for (int axis = 0; whole && axis < sorted.length; axis++) {
        whole = sorted[axis] == axis;
      }
      Convolution.require(whole, "the order " + order + " does not have every axis once");
      return SymbolicShape.of(order.stream().map(input::size).toList());
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      Permute.of(order.stream().mapToInt(Integer::intValue).toArray()).apply(inputs.get(0), output);
    }

    @Override
    public List<Value> gradient(Backward backward) {
      List<Integer> inverse = new ArrayList<>();
      for (int axis = 0; axis < order.size(); axis++) {
        inverse.add(order.indexOf(axis));
      }
      return Backward.all(backward.apply(new Permuted(inverse), backward.upstream()));
    }
  }

  public record Padded(Pad pad) implements Operation {
    @Override
    public String type() {
      return "pad";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      SymbolicShape output = inputs.get(0);
      Convolution.require(
          output.rank() == pad.begin().length, "expected rank " + pad.begin().length);
      for (int axis = 0; axis < output.rank(); axis++) {
        long more = pad.begin()[axis] + pad.end()[axis];
        output = output.with(axis, output.size(axis).plus(more));
      }
      return output;
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      pad.apply(inputs.get(0), output);
    }

    @Override
    public List<Value> gradient(Backward backward) {
      return Backward.all(
          backward.apply(
              GradientOperation.of(
                      "pad_gradient", (in, out) -> pad.gradient(in.get(0), out.get(0)), 1)
                  .shapeOnly(1),
              backward.upstream(),
              backward.input(0)));
    }
  }

  /**
   * @param slice that gave the output, for the shapes of the input and the output
   */
  private static Value sliceGradient(Backward backward, BiFunction<Shape, Shape, Slice> slice) {
    return backward.apply(
        GradientOperation.of(
                "slice_gradient",
                (in, out) ->
                    slice
                        .apply(out.get(0).shape(), in.get(0).shape())
                        .gradient(in.get(0), out.get(0)),
                1)
            .shapeOnly(1),
        backward.upstream(),
        backward.input(0));
  }

  /** From start to before end along an axis; negative ones count from the end, as in Python. */
  public record Part(int axis, long start, long end) implements Operation {
    @Override
    public String type() {
      return "slice";
    }

    private static Size position(Size size, long position) {
      if (position == Value.END) {
        return size;
      }
      return position < 0 ? size.plus(position) : Size.of(position);
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      SymbolicShape input = inputs.get(0);
      Size size = input.size(axis);
      Size last = position(size, end);
      Convolution.require(
          !size.isKnown() || last.value() <= size.value() && position(size, start).value() >= 0,
          "from " + start + " to " + end + " is not inside axis " + axis);
      return input.with(axis, last.minus(position(size, start)));
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      slice(inputs.get(0).shape(), output.shape()).apply(inputs.get(0), output);
    }

    private Slice slice(Shape whole, Shape part) {
      int at = axis < 0 ? axis + whole.rank() : axis;
      long[] starts = new long[whole.rank()];
      starts[at] = start < 0 ? whole.size(at) + start : start;
      return Slice.of(starts, part.toArray());
    }

    @Override
    public List<Value> gradient(Backward backward) {
      return Backward.all(sliceGradient(backward, this::slice));
    }
  }

  /** The middle of the first input's space, as large as that of the second. */
  public record CenterCrop() implements Operation {
    @Override
    public String type() {
      return "center_crop";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      SymbolicShape input = inputs.get(0);
      SymbolicShape like = inputs.get(1);
      Convolution.require(
          input.rank() == like.rank() && input.rank() > 2, "expected (N, C, ...) of one rank");
      SymbolicShape output = input;
      for (int axis = 2; axis < input.rank(); axis++) {
        Size margin = input.size(axis).minus(like.size(axis));
        Convolution.require(
            !margin.isKnown() || margin.value() >= 0, "the second is larger along axis " + axis);
        output = output.with(axis, like.size(axis));
      }
      return output;
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      slice(inputs.get(0).shape(), output.shape()).apply(inputs.get(0), output);
    }

    private static Slice slice(Shape whole, Shape part) {
      long[] starts = new long[whole.rank()];
      Arrays.setAll(starts, axis -> (whole.size(axis) - part.size(axis)) / 2);
      return Slice.of(starts, part.toArray());
    }

    @Override
    public boolean readsShapeOnly(int input) {
      return input == 1;
    }

    @Override
    public List<Value> gradient(Backward backward) {
      return Backward.all(sliceGradient(backward, CenterCrop::slice), null);
    }
  }
}
