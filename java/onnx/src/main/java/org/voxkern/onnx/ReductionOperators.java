package org.voxkern.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.voxkern.ElementType;
import org.voxkern.graph.Size;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Value;
import org.voxkern.onnx.Operators.Mapper;
import org.voxkern.op.ArgReduce;
import org.voxkern.op.Cumsum;
import org.voxkern.op.Reduce;
import org.voxkern.op.TopK;

/** One value of many, and what is first along an axis. */
final class ReductionOperators {
  private ReductionOperators() {}

  static void addTo(Map<String, Mapper> operators) {
    reduce(operators, "ReduceSum", Reduce.Reduction.SUM);
    reduce(operators, "ReduceMean", Reduce.Reduction.MEAN);
    reduce(operators, "ReduceMax", Reduce.Reduction.MAX);
    reduce(operators, "ReduceMin", Reduce.Reduction.MIN);
    reduce(operators, "ReduceProd", Reduce.Reduction.PRODUCT);
    reduce(operators, "ReduceL1", Reduce.Reduction.L1);
    reduce(operators, "ReduceL2", Reduce.Reduction.L2);
    reduce(operators, "ReduceSumSquare", Reduce.Reduction.SUM_SQUARE);
    reduce(operators, "ReduceLogSum", Reduce.Reduction.LOG_SUM);
    reduce(operators, "ReduceLogSumExp", Reduce.Reduction.LOG_SUM_EXP);
    operators.put("ArgMax", node -> arg(node, true));
    operators.put("ArgMin", node -> arg(node, false));
    operators.put("CumSum", ReductionOperators::cumulative);
    operators.put("TopK", ReductionOperators::top);
  }

  /** Axes are an attribute, and an input from version 13 (the sum) or 18 on. */
  private static void reduce(
      Map<String, Mapper> operators, String name, Reduce.Reduction reduction) {
    operators.put(
        name,
        node -> {
          boolean keep = node.attributes().flag("keepdims", true);
          boolean nothing = node.attributes().flag("noop_with_empty_axes", false);
          long[] given = node.integersOf("axes", 1);
          boolean all = given == null || given.length == 0;
          int[] axes =
              all
                  ? IntStream.range(0, node.rank(0)).toArray()
                  : LongStream.of(given).mapToInt(axis -> node.axis(0, axis)).toArray();
          if (all && nothing || axes.length == 0) {
            axes = new int[0];
          }
          set(node, reduction, keep, axes);
        });
  }

  private static void set(NodeImport node, Reduce.Reduction reduction, boolean keep, int[] axes) {
    ElementType type = node.type(0);
    Value input =
        switch (type) {
          case F32, F64, I32, I64 -> node.value(0);
          // These hold the values of those.
          case BOOL, I8, U8, I16, U16 -> node.value(0).cast(ElementType.I32);
          case F16, BF16 -> node.real(0);
          default -> throw node.unsupportedType(0, "all but u32 and u64");
        };
    boolean whole = input.type() != ElementType.F32 && input.type() != ElementType.F64;
    if (whole && type != ElementType.I32 && type != ElementType.I64 && !keepsRange(reduction)) {
      throw node.unsupportedType(0, "i32, i64, f64, f32, f16 and bf16");
    }
    if (axes.length == 0) {
      // Each element is its own sum, which for roots and squares is not the element.
      Reduce none = Reduce.of(reduction, true);
      Step step = Step.ofEach("reduce", (in, out) -> none.apply(in.get(0), out.get(0)));
      node.set(node.apply(step, input).cast(type));
      return;
    }
    node.set(node.named(input).reduce(reduction, keep, axes).cast(type));
  }

  private static boolean keepsRange(Reduce.Reduction reduction) {
    return reduction == Reduce.Reduction.MAX || reduction == Reduce.Reduction.MIN;
  }

  private static void arg(NodeImport node, boolean largest) {
    Attributes attributes = node.attributes();
    int axis = node.axis(0, attributes.integer("axis", 0));
    boolean keep = attributes.flag("keepdims", true);
    ArgReduce reduction = largest ? ArgReduce.max(axis) : ArgReduce.min(axis);
    if (attributes.flag("select_last_index", false)) {
      reduction = reduction.selectLast();
    }
    ArgReduce arg = keep ? reduction : reduction.withoutAxis();
    Value input = comparable(node);
    Step step =
        Step.ofOne(
                largest ? "arg_max" : "arg_min",
                inputs -> {
                  SymbolicShape shape = inputs.get(0);
                  if (keep) {
                    return shape.with(axis, Size.of(1));
                  }
                  List<Size> sizes = new ArrayList<>(shape.sizes());
                  sizes.remove(axis);
                  return SymbolicShape.of(sizes);
                },
                (in, out) -> arg.apply(in.get(0), out.get(0)))
            .types(ElementType.I64);
    node.set(node.apply(step, input));
  }

  /** The first input as a type that has its order. */
  private static Value comparable(NodeImport node) {
    return switch (node.type(0)) {
      case F32, I32, I64 -> node.value(0);
      case BOOL, I8, U8, I16, U16 -> node.value(0).cast(ElementType.I32);
      case U32 -> node.value(0).cast(ElementType.I64);
      default -> node.real(0);
    };
  }

  private static void cumulative(NodeImport node) {
    boolean exclusive = node.attributes().flag("exclusive", false);
    boolean reverse = node.attributes().flag("reverse", false);
    Cumsum sum = Cumsum.of(node.axis(0, node.integer(1)));
    sum = exclusive ? sum.exclusive() : sum;
    Cumsum sums = reverse ? sum.reverse() : sum;
    Step step = Step.ofEach("cumsum", (in, out) -> sums.apply(in.get(0), out.get(0)));
    switch (node.type(0)) {
      case F64, I32, I64 -> node.set(node.apply(step, node.value(0)));
      default -> node.setReal(node.apply(step, node.real(0)));
    }
  }

  private static void top(NodeImport node) {
    Attributes attributes = node.attributes();
    int axis = node.axis(0, attributes.integer("axis", -1));
    boolean largest = attributes.flag("largest", true);
    attributes.ignore("sorted");
    long k = node.opset() < 10 ? attributes.required("k") : node.integer(1);
    TopK top = largest ? TopK.largest(axis, k) : TopK.smallest(axis, k);
    Value input =
        switch (node.type(0)) {
          case F64, U64 -> node.value(0);
          default -> comparable(node);
        };
    Step step =
        Step.of(
                "top_k",
                inputs -> {
                  SymbolicShape output = inputs.get(0).with(axis, Size.of(k));
                  Size size = inputs.get(0).size(axis);
                  if (size.isKnown() && size.value() < k) {
                    throw new IllegalArgumentException("k is " + k + " of " + size);
                  }
                  return Arrays.asList(output, output);
                },
                (in, out) -> top.apply(in.get(0), out.get(0), out.get(1)))
            .types(input.type(), ElementType.I64);
    Value values = node.apply(step, input);
    node.set(0, CastOperators.cast(values, node.type(0)));
    if (node.wants(1)) {
      node.set(1, values.further(1));
    }
  }
}
