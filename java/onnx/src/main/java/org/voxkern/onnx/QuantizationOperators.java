package org.voxkern.onnx;

import java.util.List;
import java.util.Map;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.graph.Size;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Value;
import org.voxkern.onnx.Operators.Mapper;
import org.voxkern.op.Binary;
import org.voxkern.op.Expand;
import org.voxkern.op.Unary;

/** Between real numbers and the whole ones that quantised networks store; computed in f32. */
final class QuantizationOperators {
  private QuantizationOperators() {}

  static void addTo(Map<String, Mapper> operators) {
    operators.put("QuantizeLinear", QuantizationOperators::quantize);
    operators.put("DequantizeLinear", QuantizationOperators::dequantize);
  }

  /** round(x / scale) + zero point, held within the type. */
  private static void quantize(NodeImport node) {
    Attributes attributes = node.attributes();
    attributes.ignore("saturate");
    if (attributes.integer("precision", 0) != 0) {
      throw new UnsupportedOperationException("a precision of its own");
    }
    long code = attributes.integer("output_dtype", 0);
    ElementType type =
        node.has(2)
            ? node.type(2)
            : code == 0 ? ElementType.U8 : OnnxTensors.elementType((int) code);
    double low =
        switch (type) {
          case I8 -> Byte.MIN_VALUE;
          case I16 -> Short.MIN_VALUE;
          case U8, U16 -> 0;
          default ->
              throw new UnsupportedOperationException(
                  "it gives " + type + ", supported are i8, u8, i16 and u16");
        };
    double high = low + (1L << 8 * type.bytes()) - 1;
    Value scale = alongInput(node, 1, node.real(1));
    Value scaled = node.real(0).divide(scale).unary(Unary.Function.ROUND);
    Value moved = node.has(2) ? scaled.add(zeroPoint(node)) : scaled;
    node.set(node.named(moved.clip(low, high)).cast(type));
  }

  /** (x - zero point) scale. */
  private static void dequantize(NodeImport node) {
    long code = node.attributes().integer("output_dtype", 0);
    ElementType type = code == 0 ? node.type(1) : OnnxTensors.elementType((int) code);
    switch (node.type(0)) {
      case I8, U8, I16, U16, I32 -> {}
      default -> throw node.unsupportedType(0, "i8, u8, i16, u16 and i32");
    }
    // The difference is taken before it is rounded to f32, which i32 may be too large for.
    Value whole = node.value(0).cast(ElementType.I32);
    Value difference =
        node.has(2)
            ? whole.binary(
                Binary.Function.SUBTRACT, alongInput(node, 2, node.value(2).cast(ElementType.I32)))
            : whole;
    Value scale = alongInput(node, 1, node.real(1));
    node.set(node.named(difference.cast(ElementType.F32)).multiply(scale).cast(type));
  }

  private static Value zeroPoint(NodeImport node) {
    return alongInput(node, 2, node.value(2).cast(ElementType.F32));
  }

  /** A number for all, one for each along an axis, or one for each block along it. */
  private static Value alongInput(NodeImport node, int parameter, Value value) {
    long given = node.attributes().integer("axis", 1);
    long block = node.attributes().integer("block_size", 0);
    SymbolicShape shape = node.shape(parameter);
    if (shape.elementCount().is(1) && block == 0) {
      return shape.rank() == 0 ? value : value.reshape();
    }
    int axis = node.axis(0, given);
    if (block > 0) {
      return blocks(node, value, axis, block);
    }
    Value result = value;
    for (int behind = axis + 1; behind < node.rank(0); behind++) {
      result = result.unsqueeze(result.shape().rank());
    }
    return result;
  }

  private static Value blocks(NodeImport node, Value value, int axis, long block) {
    Shape input = Step.known(List.of(node.shape(0))).get(0);
    Shape blocks = Step.known(List.of(value.shape())).get(0);
    boolean fits =
        blocks.rank() == input.rank()
            && (input.size(axis) + block - 1) / block == blocks.size(axis);
    if (!fits) {
      throw new IllegalArgumentException(
          "blocks " + blocks + " of " + block + " along axis " + axis + " of " + input);
    }
    long[] repeated = value.unsqueeze(axis + 1).shape().known().toArray();
    repeated[axis + 1] = block;
    Shape whole = Shape.of(repeated);
    Step repeat =
        Step.ofOne(
            "repeat",
            inputs -> SymbolicShape.of(whole),
            (in, out) -> Expand.to(whole).apply(in.get(0), out.get(0)));
    Object[] sizes = value.shape().with(axis, Size.of(blocks.size(axis) * block)).sizes().toArray();
    Value each = repeat.on(value.unsqueeze(axis + 1)).reshape(sizes);
    return each.slice(axis, 0, input.size(axis));
  }
}
