package org.voxkern.onnx;

import java.nio.ByteBuffer;
import java.util.Map;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Value;
import org.voxkern.onnx.Operators.Mapper;
import org.voxkern.op.Expand;

/** Bits of whole numbers. Masks are small, so bytes are taken one by one. */
final class BitOperators {
  private BitOperators() {}

  @FunctionalInterface
  private interface OfBytes {
    int apply(int a, int b);
  }

  static void addTo(Map<String, Mapper> operators) {
    binary(operators, "BitwiseAnd", (a, b) -> a & b);
    binary(operators, "BitwiseOr", (a, b) -> a | b);
    binary(operators, "BitwiseXor", (a, b) -> a ^ b);
    operators.put("BitwiseNot", BitOperators::not);
    operators.put("BitShift", BitOperators::shift);
  }

  private static void requireWhole(NodeImport node) {
    switch (node.type(0)) {
      case I8, U8, I16, U16, I32, U32, I64, U64 -> {}
      default -> throw node.unsupportedType(0, "whole numbers");
    }
  }

  private static void binary(Map<String, Mapper> operators, String name, OfBytes function) {
    operators.put(
        name,
        node -> {
          requireWhole(node);
          Step step =
              ofTwo(
                  name,
                  (a, b, output) -> {
                    ByteBuffer left = a.contents();
                    ByteBuffer right = b.contents();
                    output.fill(
                        target -> {
                          while (target.hasRemaining()) {
                            target.put((byte) function.apply(left.get(), right.get()));
                          }
                        });
                  });
          node.set(node.apply(step, node.value(0), node.value(1)));
        });
  }

  @FunctionalInterface
  private interface OfTensors {
    void run(Tensor a, Tensor b, Tensor output);
  }

  /** Of two tensors that are brought to one shape before. */
  private static Step ofTwo(String name, OfTensors run) {
    return Step.ofOne(
        name,
        inputs -> inputs.get(0).broadcast(inputs.get(1)),
        (in, out) -> {
          Shape shape = out.get(0).shape();
          try (Tensor a = expanded(in.get(0), shape);
              Tensor b = expanded(in.get(1), shape)) {
            run.run(a, b, out.get(0));
          }
        });
  }

  private static Tensor expanded(Tensor tensor, Shape shape) {
    Tensor whole = Tensor.uninitialized(tensor.context(), tensor.type(), shape);
    Expand.to(shape).apply(tensor, whole);
    return whole;
  }

  private static void not(NodeImport node) {
    requireWhole(node);
    Step step =
        Step.ofEach(
            "bitwise_not",
            (in, out) -> {
              ByteBuffer source = in.get(0).contents();
              out.get(0)
                  .fill(
                      target -> {
                        while (target.hasRemaining()) {
                          target.put((byte) ~source.get());
                        }
                      });
            });
    node.set(node.apply(step, node.value(0)));
  }

  /** Of unsigned numbers; bits that leave are lost. */
  private static void shift(NodeImport node) {
    boolean left = node.attributes().word("direction", "", "LEFT", "RIGHT").equals("LEFT");
    int bytes = node.type(0).bytes();
    switch (node.type(0)) {
      case U8, U16, U32, U64 -> {}
      default -> throw node.unsupportedType(0, "u8, u16, u32 and u64");
    }
    Step step =
        ofTwo(
            "bit_shift",
            (a, b, output) -> {
              ByteBuffer values = a.contents();
              ByteBuffer counts = b.contents();
              output.fill(
                  target -> {
                    for (int at = 0; at < target.limit(); at += bytes) {
                      long value = unsigned(values, at, bytes);
                      long count = unsigned(counts, at, bytes);
                      boolean gone = count < 0 || count >= 8L * bytes;
                      long shifted = gone ? 0 : left ? value << count : value >>> count;
                      for (int i = 0; i < bytes; i++) {
                        target.put(at + i, (byte) (shifted >>> 8 * i));
                      }
                    }
                  });
            });
    Value counts = node.value(1);
    node.set(node.apply(step, node.value(0), counts));
  }

  private static long unsigned(ByteBuffer bytes, int at, int count) {
    long value = 0;
    for (int i = count - 1; i >= 0; i--) {
      value = value << 8 | bytes.get(at + i) & 0xffL;
    }
    return value;
  }
}
