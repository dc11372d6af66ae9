package org.voxkern.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Size;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Value;
import org.voxkern.onnx.Operators.Mapper;
import org.voxkern.op.Gather;
import org.voxkern.op.NonZero;
import org.voxkern.op.OneHot;
import org.voxkern.op.Pad;
import org.voxkern.op.Scatter;
import org.voxkern.op.Slice;

/** Parts of tensors, by ranges and by indices. */
final class IndexingOperators {
  private IndexingOperators() {}

  static void addTo(Map<String, Mapper> operators) {
    operators.put("Concat", IndexingOperators::concat);
    operators.put("Split", IndexingOperators::split);
    operators.put("Slice", IndexingOperators::slice);
    operators.put("Pad", IndexingOperators::pad);
    operators.put("Gather", IndexingOperators::gather);
    operators.put("GatherElements", IndexingOperators::gatherElements);
    operators.put("GatherND", IndexingOperators::gatherTuples);
    operators.put("Scatter", IndexingOperators::scatterElements);
    operators.put("ScatterElements", IndexingOperators::scatterElements);
    operators.put("ScatterND", IndexingOperators::scatterTuples);
    operators.put("OneHot", IndexingOperators::oneHot);
    operators.put("NonZero", IndexingOperators::nonZero);
  }

  private static void concat(NodeImport node) {
    int axis = node.axis(0, node.attributes().required("axis"));
    int[] inputs = IntStream.range(0, node.inputCount()).toArray();
    boolean volumes =
        axis == 1
            && Arrays.stream(inputs)
                .allMatch(
                    input ->
                        node.operand(input).volume() != null && node.rank(input) == node.rank(0));
    List<Value> parts = new ArrayList<>();
    for (int input : inputs) {
      parts.add(volumes ? node.operand(input).volume() : node.value(input));
    }
    Value first = node.named(parts.remove(0));
    Value output = first.concat(axis, parts.toArray(new Value[0]));
    if (volumes) {
      node.setVolume(0, output, node.rank(0) - 2);
    } else {
      node.set(output);
    }
  }

  /** Into parts of given sizes, else into as many as there are outputs, the last maybe smaller. */
  private static void split(NodeImport node) {
    int axis = node.axis(0, node.attributes().integer("axis", 0));
    long[] sizes = node.integersOf("split", 1);
    if (sizes == null) {
      long count = node.attributes().integer("num_outputs", node.outputCount());
      long whole = node.shape(0).known(axis);
      long each = (whole + count - 1) / count;
      sizes =
          LongStream.range(0, count)
              .map(part -> Math.max(0, Math.min(each, whole - part * each)))
              .toArray();
    }
    if (sizes.length != node.outputCount()) {
      throw new IllegalArgumentException(
          node.outputCount() + " outputs of sizes " + Arrays.toString(sizes));
    }
    Size whole = node.shape(0).size(axis);
    if (whole.isKnown() && LongStream.of(sizes).sum() != whole.value()) {
      throw new IllegalArgumentException(
          "sizes " + Arrays.toString(sizes) + " of " + whole + " elements");
    }
    long start = 0;
    Value input = node.value(0);
    for (int output = 0; output < sizes.length; output++) {
      if (node.wants(output)) {
        node.set(output, input.slice(axis, start, start + sizes[output]));
      }
      start += sizes[output];
    }
  }

  /** Ranges are attributes before version 10, then inputs; they end where the input does. */
  private static void slice(NodeImport node) {
    long[] starts = node.requiredIntegers("starts", 1);
    long[] ends = node.requiredIntegers("ends", 2);
    long[] given = node.integersOf("axes", 3);
    long[] axes = given == null ? LongStream.range(0, starts.length).toArray() : given;
    long[] steps = node.has(4) ? node.integers(4) : LongStream.of(axes).map(axis -> 1).toArray();
    if (LongStream.of(starts.length, ends.length, steps.length).anyMatch(n -> n != axes.length)) {
      throw new IllegalArgumentException(
          "starts "
              + Arrays.toString(starts)
              + ", ends "
              + Arrays.toString(ends)
              + " and steps "
              + Arrays.toString(steps)
              + " of the axes "
              + Arrays.toString(axes));
    }
    Value value = node.value(0);
    for (int i = 0; i < axes.length; i++) {
      int axis = node.axis(0, axes[i]);
      value = (i == axes.length - 1 ? node.named(value) : value);
      Size size = node.shape(0).size(axis);
      if (size.isKnown()) {
        value = part(value, axis, starts[i], ends[i], steps[i]);
      } else if (steps[i] == 1) {
        boolean whole = ends[i] >= Integer.MAX_VALUE;
        value = value.slice(axis, starts[i], whole ? Value.END : ends[i]);
      } else {
        throw new IllegalArgumentException(
            "steps of "
                + steps[i]
                + " along an axis of size "
                + size
                + ": give the shapes of the model's inputs");
      }
    }
    node.set(value);
  }

  private static Value part(Value value, int axis, long start, long end, long step) {
    if (step == 0) {
      throw new IllegalArgumentException("a slice in steps of 0");
    }
    long size = value.shape().size(axis).value();
    long least = step > 0 ? 0 : -1;
    long most = step > 0 ? size : size - 1;
    long first = bounded(start, size, Math.max(least, 0), most);
    long last = bounded(end, size, least, most);
    long count = step > 0 ? last - first + step - 1 : first - last - step - 1;
    long taken = Math.max(0, count / Math.abs(step));
    if (step == 1) {
      return value.slice(axis, Math.min(first, size), Math.min(first, size) + taken);
    }
    Step slice =
        Step.ofOne(
            "slice",
            inputs -> inputs.get(0).with(axis, Size.of(taken)),
            (in, out) -> {
              int rank = in.get(0).shape().rank();
              long[] from = new long[rank];
              long[] by = LongStream.generate(() -> 1).limit(rank).toArray();
              from[axis] = first;
              by[axis] = step;
              if (out.get(0).elementCount() > 0) {
                Slice.of(from, out.get(0).shape().toArray(), by).apply(in.get(0), out.get(0));
              }
            });
    return slice.on(value);
  }

  private static long bounded(long position, long size, long least, long most) {
    long at = position < 0 ? Math.max(position, -size - 1) + size : position;
    return Math.max(least, Math.min(most, at));
  }

  private static void pad(NodeImport node) {
    Attributes attributes = node.attributes();
    String word = attributes.word("mode", "constant", "constant", "reflect", "edge", "wrap");
    long[] pads = node.requiredIntegers("pads", 1);
    double fill = attributes.number("value", 0);
    if (node.has(2) && node.shape(2).elementCount().is(1)) {
      fill = node.number(2);
    }
    int rank = node.rank(0);
    long[] given = node.has(3) ? node.integers(3) : LongStream.range(0, rank).toArray();
    if (pads.length != 2 * given.length) {
      throw new IllegalArgumentException(
          "pads are " + Arrays.toString(pads) + " for the axes " + Arrays.toString(given));
    }
    long[] begin = new long[rank];
    long[] end = new long[rank];
    for (int i = 0; i < given.length; i++) {
      int axis = node.axis(0, given[i]);
      begin[axis] = pads[i];
      end[axis] = pads[given.length + i];
    }
    Pad pad =
        switch (word) {
          case "reflect" -> Pad.of(Pad.Mode.REFLECT, begin, end);
          case "edge" -> Pad.of(Pad.Mode.EDGE, begin, end);
          case "wrap" -> Pad.of(Pad.Mode.WRAP, begin, end);
          default -> Pad.constant(fill, begin, end);
        };
    boolean half = node.type(0) == ElementType.F16 || node.type(0) == ElementType.BF16;
    if (half && fill != 0) {
      node.setReal(node.named(node.real(0)).pad(pad));
    } else {
      node.set(node.named(node.value(0)).pad(pad));
    }
  }

  private static Value indices(NodeImport node, int input) {
    return switch (node.type(input)) {
      case I32, I64 -> node.value(input);
      default -> throw node.unsupportedType(input, "i32 and i64");
    };
  }

  private static void gather(NodeImport node) {
    int axis = node.axis(0, node.attributes().integer("axis", 0));
    Gather gather = Gather.slices(axis);
    Step step =
        Step.ofOne(
            "gather",
            inputs -> {
              List<Size> data = inputs.get(0).sizes();
              List<Size> sizes = new ArrayList<>(data.subList(0, axis));
              sizes.addAll(inputs.get(1).sizes());
              sizes.addAll(data.subList(axis + 1, data.size()));
              return SymbolicShape.of(sizes);
            },
            (in, out) -> gather.apply(in.get(0), in.get(1), out.get(0)));
    node.set(node.apply(step, node.value(0), indices(node, 1)));
  }

  private static void gatherElements(NodeImport node) {
    int axis = node.axis(0, node.attributes().integer("axis", 0));
    requireSame(node, axis);
    Gather gather = Gather.elements(axis);
    Step step =
        Step.ofOne(
            "gather_elements",
            inputs -> inputs.get(1),
            (in, out) -> gather.apply(in.get(0), in.get(1), out.get(0)));
    node.set(node.apply(step, node.value(0), indices(node, 1)));
  }

  /** ONNX lets indices be smaller than the data along other axes too. */
  private static void requireSame(NodeImport node, int axis) {
    SymbolicShape data = node.shape(0);
    SymbolicShape indices = node.shape(1);
    for (int other = 0; other < data.rank(); other++) {
      boolean differs =
          indices.rank() != data.rank()
              || other != axis
                  && data.size(other).compare(indices.size(other)) == Size.Relation.DIFFERENT;
      if (differs) {
        throw new UnsupportedOperationException(
            "indices "
                + indices
                + " of data "
                + data
                + ", supported is one shape but for the axis "
                + axis);
      }
    }
  }

  private static void gatherTuples(NodeImport node) {
    Gather gather = Gather.tuples((int) node.attributes().integer("batch_dims", 0));
    Step step =
        Step.ofKnown(
            "gather_nd",
            shapes -> gather.outputShape(shapes.get(0), shapes.get(1)),
            (in, out) -> gather.apply(in.get(0), in.get(1), out.get(0)));
    node.set(node.apply(step, node.value(0), indices(node, 1)));
  }

  private static Scatter.Mode mode(NodeImport node) {
    String word = node.attributes().word("reduction", "none", "none", "add", "mul", "max", "min");
    return switch (word) {
      case "add" -> Scatter.Mode.ADD;
      case "mul" -> Scatter.Mode.MULTIPLY;
      case "max" -> Scatter.Mode.MAX;
      case "min" -> Scatter.Mode.MIN;
      default -> Scatter.Mode.REPLACE;
    };
  }

  private static void scatterElements(NodeImport node) {
    int axis = node.axis(0, node.attributes().integer("axis", 0));
    requireSame(node, axis);
    Scatter.Mode mode = mode(node);
    scatter(node, Scatter.elements(axis, mode), mode);
  }

  private static void scatterTuples(NodeImport node) {
    Scatter.Mode mode = mode(node);
    scatter(node, Scatter.tuples(0, mode), mode);
  }

  private static void scatter(NodeImport node, Scatter scatter, Scatter.Mode mode) {
    Step step =
        Step.ofEach(
            "scatter", (in, out) -> scatter.apply(in.get(0), in.get(1), in.get(2), out.get(0)));
    ElementType type = node.type(0);
    if (mode == Scatter.Mode.REPLACE || type == ElementType.I32 || type == ElementType.I64) {
      node.set(node.apply(step, node.value(0), indices(node, 1), node.value(2)));
    } else {
      node.setReal(node.apply(step, node.real(0), indices(node, 1), node.real(2)));
    }
  }

  private static void oneHot(NodeImport node) {
    int axis = (int) node.attributes().integer("axis", -1);
    long depth = (long) node.number(1);
    double[] values = node.numbers(2);
    ElementType type = node.type(2);
    if (values.length != 2) {
      throw new IllegalArgumentException("values " + Arrays.toString(values) + ", expected two");
    }
    OneHot oneHot = OneHot.of(axis, depth).values(values[1], values[0]);
    Step step =
        Step.ofOne(
                "one_hot",
                inputs -> {
                  List<Size> sizes = new ArrayList<>(inputs.get(0).sizes());
                  sizes.add(axis < 0 ? axis + sizes.size() + 1 : axis, Size.of(depth));
                  return SymbolicShape.of(sizes);
                },
                (in, out) -> oneHot.apply(in.get(0), out.get(0)))
            .types(type);
    node.set(node.apply(step, CastOperators.cast(node.value(0), ElementType.I64)));
  }

  /** How many there are is only known with the values: they are known now, or there is a bound. */
  private static void nonZero(NodeImport node) {
    Long most = node.importer().bound(node.output());
    if (most == null) {
      node.set(0, NonZero.apply(node.tensorThatSizes(0)));
      return;
    }
    BoundedRows rows = node.operand(0).rows();
    BoundedRows.set(
        node,
        "non_zero",
        Shape.of(node.rank(0), most),
        1,
        List.of(node.value(0)),
        rows,
        (in, valid) -> {
          Tensor found = NonZero.apply(in.get(0));
          long[] all = found.toLongArray();
          return rows == null ? all : within(all, found.shape(), rows.axis(), valid);
        });
  }

  /** Of positions (rank, count) those whose place along an axis is below a limit. */
  private static long[] within(long[] positions, Shape shape, int axis, long limit) {
    int count = Math.toIntExact(shape.size(1));
    return IntStream.range(0, positions.length)
        .filter(at -> positions[axis * count + at % count] < limit)
        .mapToLong(at -> positions[at])
        .toArray();
  }
}
