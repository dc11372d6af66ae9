package org.voxkern.onnx;

import java.util.Map;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Value;
import org.voxkern.onnx.Operators.Mapper;
import org.voxkern.op.Binary;
import org.voxkern.op.Convert;
import org.voxkern.op.Slice;
import org.voxkern.op.Unary;

/** Other element types of the same numbers. */
final class CastOperators {
  private CastOperators() {}

  static void addTo(Map<String, Mapper> operators) {
    operators.put("Cast", CastOperators::cast);
    operators.put("CastLike", CastOperators::castLike);
    operators.put("BitCast", CastOperators::sameBits);
  }

  private static void cast(NodeImport node) {
    // These say what becomes of 8-bit floating-point numbers.
    node.attributes().ignore("saturate", "round_mode");
    set(node, OnnxTensors.elementType((int) node.attributes().required("to")));
  }

  private static void castLike(NodeImport node) {
    node.attributes().ignore("saturate", "round_mode");
    set(node, node.type(1));
  }

  private static void set(NodeImport node, ElementType type) {
    if (node.type(0) == type) {
      node.set(0, node.operand(0));
    } else {
      node.set(cast(node.named(node.value(0)), type));
    }
  }

  private static void sameBits(NodeImport node) {
    ElementType type = OnnxTensors.elementType((int) node.attributes().required("to"));
    if (type.bytes() != node.type(0).bytes()) {
      throw new UnsupportedOperationException(
          "the bits of " + node.type(0) + " as " + type + ", supported are types of one size");
    }
    node.set(lowBytes(node.named(node.value(0)), type));
  }

  /** Floating-point numbers are cut towards zero, whole numbers lose the bits that do not fit. */
  static Value cast(Value value, ElementType type) {
    ElementType from = value.type();
    if (from == type) {
      return value;
    }
    if (isWhole(from) && isWhole(type)) {
      if (type.bytes() <= from.bytes()) {
        return lowBytes(value, type);
      }
      // A sign is carried into the new bits before they are read as another type.
      return lowBytes(value.cast(wide(from, type.bytes())), type);
    }
    return isReal(from) && isWhole(type) ? towardsZero(value).cast(type) : value.cast(type);
  }

  private static boolean isWhole(ElementType type) {
    return !isReal(type) && type != ElementType.BOOL;
  }

  private static boolean isReal(ElementType type) {
    return switch (type) {
      case F16, BF16, F32, F64 -> true;
      default -> false;
    };
  }

  private static ElementType wide(ElementType type, int bytes) {
    boolean signed =
        switch (type) {
          case I8, I16, I32, I64 -> true;
          default -> false;
        };
    return switch (bytes) {
      case 2 -> signed ? ElementType.I16 : ElementType.U16;
      case 4 -> signed ? ElementType.I32 : ElementType.U32;
      default -> signed ? ElementType.I64 : ElementType.U64;
    };
  }

  /** Whole numbers modulo those of the type. */
  private static Value lowBytes(Value value, ElementType type) {
    ElementType from = value.type();
    if (from == type) {
      return value;
    }
    if (from.bytes() == type.bytes()) {
      return Step.ofEach(
              "same_bits", (in, out) -> out.get(0).set(in.get(0).view(type, in.get(0).shape(), 0)))
          .types(type)
          .view()
          .on(value);
    }
    return Step.ofEach("low_bytes", (in, out) -> copyLow(in.get(0), out.get(0)))
        .types(type)
        .on(value);
  }

  private static void copyLow(Tensor input, Tensor output) {
    long count = input.elementCount();
    Tensor from = input.view(ElementType.U8, Shape.of(count, input.type().bytes()), 0);
    Tensor to = output.view(ElementType.U8, Shape.of(count, output.type().bytes()), 0);
    Slice.of(new long[] {0, 0}, to.shape().toArray()).apply(from, to);
  }

  /** As real numbers; NaN and what does not fit the type is left to the conversion. */
  private static Value towardsZero(Value value) {
    return Step.ofEach("towards_zero", (in, out) -> truncate(in.get(0), out.get(0))).on(value);
  }

  private static void truncate(Tensor input, Tensor output) {
    if (input.type() == ElementType.F64) {
      var numbers = input.contents().asDoubleBuffer();
      output.fill(
          bytes -> {
            var target = bytes.asDoubleBuffer();
            while (numbers.hasRemaining()) {
              double number = numbers.get();
              target.put(number < 0 ? Math.ceil(number) : Math.floor(number));
            }
          });
      return;
    }
    if (input.type() != ElementType.F32) {
      try (Tensor wide = Convert.to(input, ElementType.F32);
          Tensor whole = Tensor.uninitialized(input.context(), ElementType.F32, input.shape())) {
        truncate(wide, whole);
        Convert.apply(whole, output);
      }
      return;
    }
    try (Tensor size = Tensor.uninitialized(input.context(), input.type(), input.shape());
        Tensor sign = Tensor.uninitialized(input.context(), input.type(), input.shape())) {
      Unary.apply(Unary.Function.ABSOLUTE, input, output);
      Unary.apply(Unary.Function.FLOOR, output, size);
      Unary.apply(Unary.Function.SIGN, input, sign);
      Binary.apply(Binary.Function.MULTIPLY, size, sign, output);
    }
  }
}
