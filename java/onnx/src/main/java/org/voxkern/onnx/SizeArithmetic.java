package org.voxkern.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;
import org.voxkern.ElementType;
import org.voxkern.graph.Size;
import org.voxkern.graph.SymbolicShape;

/**
 * Operators on whole numbers that depend on sizes which are symbols: what networks do to compute
 * the shape of a Reshape. Where all numbers are known they run as any other node does.
 */
final class SizeArithmetic {
  private SizeArithmetic() {}

  /** Whether the node's output was set. */
  static boolean apply(NodeImport node) {
    boolean symbolic = false;
    for (int input = 0; input < node.inputCount(); input++) {
      symbolic |= node.has(input) && node.operand(input).sizes() != null;
    }
    if (!symbolic) {
      return false;
    }
    switch (node.operator()) {
      case "Gather" -> gather(node);
      case "Concat" -> concat(node);
      case "Slice" -> slice(node);
      case "Unsqueeze" -> reshaped(node, true);
      case "Squeeze" -> reshaped(node, false);
      case "Cast" -> cast(node);
      case "Add" -> combine(node, Size::plus);
      case "Sub" -> combine(node, Size::minus);
      case "Mul" -> combine(node, Size::times);
      case "Div" -> combine(node, SizeArithmetic::divided);
      default -> {
        return false;
      }
    }
    return true;
  }

  private static Size divided(Size size, Size by) {
    if (!by.isKnown()) {
      throw new UnsupportedOperationException(
          "a division by the size " + by + ": give the shapes of the model's inputs");
    }
    return size.floorDivide(by.value());
  }

  private static void set(NodeImport node, List<Size> sizes, boolean scalar) {
    ConstantOperators.setSizes(
        node, sizes, scalar ? SymbolicShape.of() : SymbolicShape.of(sizes.size()));
  }

  private static void gather(NodeImport node) {
    node.attributes().integer("axis", 0);
    List<Size> sizes = node.sizes(0);
    List<Size> picked = new ArrayList<>();
    for (long index : node.integers(1)) {
      picked.add(sizes.get(Math.toIntExact(index < 0 ? index + sizes.size() : index)));
    }
    set(node, picked, node.rank(1) == 0);
  }

  private static void concat(NodeImport node) {
    node.attributes().integer("axis", 0);
    List<Size> all = new ArrayList<>();
    for (int input = 0; input < node.inputCount(); input++) {
      all.addAll(node.sizes(input));
    }
    set(node, all, false);
  }

  private static void slice(NodeImport node) {
    List<Size> sizes = node.sizes(0);
    long[] starts = node.requiredIntegers("starts", 1);
    long[] ends = node.requiredIntegers("ends", 2);
    node.integersOf("axes", 3);
    long step = node.has(4) ? node.integer(4) : 1;
    if (step != 1 || starts.length != 1 || ends.length != 1) {
      throw new UnsupportedOperationException("a slice of sizes in steps, or of no or more axes");
    }
    int count = sizes.size();
    int start = position(starts[0], count);
    int end = position(ends[0], count);
    set(node, sizes.subList(start, Math.max(start, end)), false);
  }

  private static int position(long at, int count) {
    return (int) Math.max(0, Math.min(count, at < 0 ? at + count : at));
  }

  private static void reshaped(NodeImport node, boolean vector) {
    node.integersOf("axes", 1);
    List<Size> sizes = node.sizes(0);
    if (sizes.size() != 1 && !vector) {
      throw new IllegalArgumentException("a squeeze of " + sizes);
    }
    set(node, sizes, !vector);
  }

  private static void cast(NodeImport node) {
    ElementType type = OnnxTensors.elementType((int) node.attributes().required("to"));
    if (type != ElementType.I64 && type != ElementType.I32) {
      throw new UnsupportedOperationException(
          "sizes that are symbols as " + type + ": give the shapes of the model's inputs");
    }
    set(node, node.sizes(0), node.rank(0) == 0);
  }

  private static void combine(NodeImport node, BinaryOperator<Size> function) {
    List<Size> a = node.sizes(0);
    List<Size> b = node.sizes(1);
    int count = Math.max(a.size(), b.size());
    List<Size> result = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      result.add(function.apply(a.get(a.size() == 1 ? 0 : i), b.get(b.size() == 1 ? 0 : i)));
    }
    set(node, result, node.rank(0) == 0 && node.rank(1) == 0);
  }
}
