package org.voxkern.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.voxkern.graph.Size;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Value;
import org.voxkern.onnx.Operators.Mapper;

/** Einstein's sums of one or two operands, as products of matrices. */
final class EinsumOperators {
  private EinsumOperators() {}

  static void addTo(Map<String, Mapper> operators) {
    operators.put("Einsum", EinsumOperators::sum);
  }

  /** A value whose axes have letters. */
  private record Lettered(Value value, String axes) {
    /** Summed over the letters that nothing else has. */
    Lettered summed(String kept) {
      int[] dropped =
          IntStream.range(0, axes.length()).filter(at -> !has(kept, axes.charAt(at))).toArray();
      return dropped.length == 0
          ? this
          : new Lettered(value.sum(dropped), letters(axes, kept, true));
    }

    Lettered permuted(String order) {
      return order.equals(axes)
          ? this
          : new Lettered(value.permute(order.chars().map(axes::indexOf).toArray()), order);
    }

    List<Size> sizes(String of) {
      return of.chars().mapToObj(letter -> value.shape().size(axes.indexOf(letter))).toList();
    }
  }

  private static boolean has(String letters, int letter) {
    return letters.indexOf(letter) >= 0;
  }

  /** Those of some letters that others have too, or have not. */
  private static String letters(String of, String others, boolean shared) {
    return of.chars()
        .filter(letter -> has(others, letter) == shared)
        .mapToObj(Character::toString)
        .collect(Collectors.joining());
  }

  private static void sum(NodeImport node) {
    String equation = node.attributes().text("equation", "").replace(" ", "");
    String[] sides = equation.split("->", -1);
    String[] terms = sides[0].split(",", -1);
    if (equation.contains(".") || terms.length > 2) {
      throw new UnsupportedOperationException(
          "'" + equation + "', supported are one or two operands whose axes all have letters");
    }
    List<Lettered> operands = new ArrayList<>();
    for (int input = 0; input < terms.length; input++) {
      operands.add(operand(node, input, terms[input]));
    }
    String output = sides.length > 1 ? sides[1] : once(sides[0]);
    if (terms.length != node.inputCount()
        || letters(output, sides[0], false).length() > 0
        || output.chars().distinct().count() != output.length()) {
      throw new IllegalArgumentException(
          "'" + equation + "' does not fit " + node.inputCount() + " inputs");
    }
    Lettered first = operands.get(0);
    Lettered result =
        operands.size() == 1 ? first.summed(output) : product(node, first, operands.get(1), output);
    node.setReal(result.permuted(output).value());
  }

  private static Lettered operand(NodeImport node, int input, String axes) {
    if (axes.chars().distinct().count() != axes.length()) {
      throw new UnsupportedOperationException("a diagonal, '" + axes + "'");
    }
    if (axes.length() != node.rank(input)) {
      throw new IllegalArgumentException("'" + axes + "' of shape " + node.shape(input));
    }
    return new Lettered(node.real(input), axes);
  }

  /** Where no output is given it has the letters that stand once, in their order. */
  private static String once(String terms) {
    return terms
        .chars()
        .filter(letter -> letter != ',' && terms.indexOf(letter) == terms.lastIndexOf(letter))
        .sorted()
        .mapToObj(Character::toString)
        .collect(Collectors.joining());
  }

  /** Letters of both and the output count matrices, those of one rows and columns. */
  private static Lettered product(NodeImport node, Lettered a, Lettered b, String output) {
    Lettered left = a.summed(b.axes() + output);
    Lettered right = b.summed(a.axes() + output);
    String shared = letters(left.axes(), right.axes(), true);
    String matrices = letters(output, shared, true);
    String inner = letters(shared, output, false);
    String rows = letters(left.axes(), shared, false);
    String columns = letters(right.axes(), shared, false);
    int first = matrices.length();
    Value x = left.permuted(matrices + rows + inner).value();
    Value y = right.permuted(matrices + inner + columns).value();
    Value product =
        node.named(joined(joined(x, first + rows.length(), inner.length()), first, rows.length()))
            .matmul(
                joined(joined(y, first + inner.length(), columns.length()), first, inner.length()));
    Value parted = parted(product, first + 1, right.sizes(columns));
    return new Lettered(parted(parted, first, left.sizes(rows)), matrices + rows + columns);
  }

  /** With so many axes from one on made one. */
  private static Value joined(Value value, int axis, int count) {
    if (count == 0) {
      return value.unsqueeze(axis);
    }
    Step step =
        Step.ofOne(
                "reshape",
                inputs -> {
                  List<Size> sizes = new ArrayList<>(inputs.get(0).sizes());
                  List<Size> these = sizes.subList(axis, axis + count);
                  Size all = these.stream().reduce(Size.of(1), Size::times);
                  these.clear();
                  sizes.add(axis, all);
                  return SymbolicShape.of(sizes);
                },
                (in, out) -> out.get(0).set(in.get(0)))
            .view();
    return count == 1 ? value : step.on(value);
  }

  /** The inverse. */
  private static Value parted(Value value, int axis, List<Size> parts) {
    if (parts.isEmpty()) {
      return value.squeeze(axis);
    }
    if (parts.size() == 1) {
      return value;
    }
    List<Size> sizes = new ArrayList<>(value.shape().sizes());
    sizes.remove(axis);
    sizes.addAll(axis, parts);
    List<Size> open = sizes.subList(axis, sizes.size()).stream().filter(s -> !s.isKnown()).toList();
    if (open.size() > 1) {
      throw new IllegalArgumentException(
          "the sizes " + open + " are open: give the shapes of the model's inputs");
    }
    Object[] wanted = new Object[sizes.size()];
    for (int at = 0; at < wanted.length; at++) {
      Size size = sizes.get(at);
      // Those before stay as they are, whatever they are.
      wanted[at] = at < axis ? Size.of(0) : size.isKnown() ? size : Size.of(-1);
    }
    return value.reshape(wanted);
  }
}
