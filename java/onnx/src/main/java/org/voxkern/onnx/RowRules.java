package org.voxkern.onnx;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.voxkern.graph.Size;
import org.voxkern.graph.SymbolicShape;

/**
 * Which axis of a node's outputs has {@link BoundedRows}. Taken are operators that compute each row
 * without the others, so that those which a run did not find change none that it found.
 */
final class RowRules {
  /** Where positions stay positions. */
  private static final Set<String> LAYOUT =
      Set.of(
          "Cast",
          "Identity",
          "Gather",
          "Slice",
          "Split",
          "Squeeze",
          "Unsqueeze",
          "Transpose",
          "Flatten",
          "Reshape",
          "Concat");

  private final NodeImport node;
  private final List<Integer> bounded = new ArrayList<>();

  private RowRules(NodeImport node) {
    this.node = node;
    for (int input = 0; input < node.inputCount(); input++) {
      if (node.has(input) && node.operand(input).rows() != null) {
        bounded.add(input);
      }
    }
  }

  /**
   * What the outputs have, or null where no input has any, or the operator sees to it itself.
   *
   * @throws UnsupportedOperationException if the operator would take rows into account that a run
   *     did not find
   */
  static BoundedRows after(NodeImport node) {
    RowRules rules = new RowRules(node);
    return rules.bounded.isEmpty() || OnnxImport.SEARCHES.contains(node.operator())
        ? null
        : rules.result();
  }

  private BoundedRows rows(int input) {
    return node.has(input) ? node.operand(input).rows() : null;
  }

  private BoundedRows result() {
    if (node.operator().equals("Gather") && rows(1) != null) {
      return gathered();
    }
    BoundedRows first = rows(bounded.get(0));
    int axis = axis();
    if (axis < 0 || bounded.stream().anyMatch(input -> !sameSource(first, rows(input)))) {
      throw refusal();
    }
    boolean positions =
        LAYOUT.contains(node.operator())
            && bounded.stream().allMatch(input -> rows(input).positions());
    return new BoundedRows(first.source(), axis, positions);
  }

  private static boolean sameSource(BoundedRows a, BoundedRows b) {
    return a.source().equals(b.source());
  }

  private UnsupportedOperationException refusal() {
    return new UnsupportedOperationException(
        "how many rows input "
            + bounded.get(0)
            + " has is only known with the values of '"
            + rows(bounded.get(0)).source()
            + "', and this would take those beyond into account: end the import before it with"
            + " OnnxImport.outputs, or give the inputs with OnnxImport.value");
  }

  /** Positions that were found may be looked up in rows that were found: none is beyond them. */
  private BoundedRows gathered() {
    int axis = node.axis(0, node.attributes().integer("axis", 0));
    BoundedRows data = rows(0);
    BoundedRows indices = rows(1);
    if (data != null && (data.axis() != axis || !indices.positions())) {
      throw refusal();
    }
    boolean positions = data != null && data.positions();
    return new BoundedRows(indices.source(), axis + indices.axis(), positions);
  }

  /** Of the outputs, or -1 where the operator is refused. */
  private int axis() {
    int only = bounded.size() == 1 ? bounded.get(0) : -1;
    int axis = rows(bounded.get(0)).axis();
    return switch (node.operator()) {
      case "Cast",
          "Identity",
          "Relu",
          "LeakyRelu",
          "Sigmoid",
          "Tanh",
          "Exp",
          "Log",
          "Sqrt",
          "Neg",
          "Abs",
          "Floor",
          "Ceil",
          "Round",
          "Clip",
          "Not",
          "Softplus",
          "Elu",
          "Gelu",
          "Reciprocal",
          "Add",
          "Sub",
          "Mul",
          "Div",
          "Pow",
          "Min",
          "Max",
          "Mod",
          "Where",
          "Equal",
          "Less",
          "LessOrEqual",
          "Greater",
          "GreaterOrEqual",
          "And",
          "Or" ->
          broadcast();
      case "Gather" -> {
        int along = node.axis(0, node.attributes().integer("axis", 0));
        yield along == axis ? -1 : axis < along ? axis : axis - 1 + node.rank(1);
      }
      case "GatherND" ->
          only == 1 && axis < node.rank(1) - 1 && node.attributes().integer("batch_dims", 0) == 0
              ? axis
              : -1;
      case "Slice" -> only == 0 && !sliced(axis) ? axis : -1;
      case "Split" ->
          only == 0 && node.axis(0, node.attributes().integer("axis", 0)) != axis ? axis : -1;
      case "Concat" -> {
        boolean alike =
            bounded.size() == node.inputCount()
                && bounded.stream().allMatch(input -> rows(input).axis() == axis);
        yield alike && node.axis(0, node.attributes().required("axis")) != axis ? axis : -1;
      }
      case "Squeeze" -> only == 0 ? squeezed(axis) : -1;
      case "Unsqueeze" -> only == 0 ? unsqueezed(axis) : -1;
      case "Transpose" -> transposed(axis);
      case "Flatten" -> axis == 0 && node.attributes().integer("axis", 1) == 1 ? 0 : -1;
      case "Reshape" -> only == 0 && axis == 0 && keepsRows() ? 0 : -1;
      case "Softmax", "LogSoftmax" ->
          node.opset() >= 13 && node.axis(0, node.attributes().integer("axis", -1)) != axis
              ? axis
              : -1;
      case "ReduceMax", "ReduceMin", "ReduceSum", "ReduceMean", "ReduceProd" ->
          only == 0 ? reduced(axis, node.integersOf("axes", 1)) : -1;
      case "ArgMax", "ArgMin" -> reduced(axis, new long[] {node.attributes().integer("axis", 0)});
      case "MatMul" ->
          only == 0 && axis < node.rank(0) - 1 && node.rank(0) >= node.rank(1) ? axis : -1;
      case "Gemm" -> only == 0 && axis == 0 && !node.attributes().flag("transA", false) ? 0 : -1;
      case "Conv",
          "ConvTranspose",
          "MaxPool",
          "AveragePool",
          "GlobalAveragePool",
          "GlobalMaxPool",
          "BatchNormalization",
          "InstanceNormalization",
          "GroupNormalization" ->
          only == 0 && axis == 0 ? 0 : -1;
      case "RoiAlign" -> bounded.equals(List.of(1, 2)) && axis == 0 && rows(2).axis() == 0 ? 0 : -1;
      default -> -1;
    };
  }

  /** Axes are counted from the last; of other inputs none may be along that of the rows. */
  private int broadcast() {
    int rank = IntStream.range(0, node.inputCount()).map(this::rank).max().orElse(0);
    int fromLast = rank(bounded.get(0)) - rows(bounded.get(0)).axis();
    for (int input = 0; input < node.inputCount(); input++) {
      int axis = rank(input) - fromLast;
      boolean fits =
          rows(input) != null
              ? rows(input).axis() == axis
              : axis < 0 || node.shape(input).size(axis).is(1);
      if (!fits) {
        return -1;
      }
    }
    return rank - fromLast;
  }

  private int rank(int input) {
    return node.has(input) ? node.rank(input) : 0;
  }

  private boolean sliced(int axis) {
    long[] given = node.integersOf("axes", 3);
    return given == null
        ? axis < node.requiredIntegers("starts", 1).length
        : LongStream.of(given).anyMatch(along -> node.axis(0, along) == axis);
  }

  private int squeezed(int axis) {
    long[] given = node.integersOf("axes", 1);
    SymbolicShape shape = node.shape(0);
    List<Integer> dropped =
        given == null
            ? IntStream.range(0, shape.rank()).filter(at -> shape.size(at).is(1)).boxed().toList()
            : LongStream.of(given).mapToObj(along -> node.axis(0, along)).toList();
    long before = dropped.stream().filter(along -> along < axis).count();
    return dropped.contains(axis) ? -1 : (int) (axis - before);
  }

  private int unsqueezed(int axis) {
    long[] given = node.requiredIntegers("axes", 1);
    int rank = node.rank(0) + given.length;
    Set<Long> added = new HashSet<>();
    LongStream.of(given).forEach(along -> added.add(along < 0 ? along + rank : along));
    int old = 0;
    for (int at = 0; at < rank; at++) {
      if (!added.contains((long) at)) {
        if (old == axis) {
          return at;
        }
        old++;
      }
    }
    return -1;
  }

  private int transposed(int axis) {
    long[] order = node.attributes().integers("perm");
    int rank = node.rank(0);
    return IntStream.range(0, rank)
        .filter(at -> (order == null ? rank - 1 - at : node.axis(0, order[at])) == axis)
        .findFirst()
        .orElse(-1);
  }

  /** Whether a reshape leaves the first axis as it is, whatever its size. */
  private boolean keepsRows() {
    List<Size> wanted = node.sizes(1);
    SymbolicShape shape = node.shape(0);
    if (wanted.isEmpty() || !shape.isKnown()) {
      return false;
    }
    if (wanted.get(0).is(0) && !node.attributes().flag("allowzero", false)) {
      return true;
    }
    long each = 1;
    for (int axis = 1; axis < wanted.size(); axis++) {
      Size size = wanted.get(axis);
      if (!size.isKnown()) {
        return false;
      }
      each *= size.is(0) && axis < shape.rank() ? shape.known(axis) : size.value();
    }
    long of = 1;
    for (int axis = 1; axis < shape.rank(); axis++) {
      of *= shape.known(axis);
    }
    return wanted.get(0).is(-1) && each == of;
  }

  private int reduced(int axis, long[] given) {
    if (given == null || given.length == 0) {
      return -1;
    }
    List<Integer> axes = LongStream.of(given).mapToObj(along -> node.axis(0, along)).toList();
    boolean keep = node.attributes().flag("keepdims", true);
    long before = keep ? 0 : axes.stream().filter(along -> along < axis).count();
    return axes.contains(axis) ? -1 : (int) (axis - before);
  }
}
