package org.voxkern.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;

/** Values other than 1 and 0, which are converted to the output's type. */
class OneHotTest {
  private static double element(Tensor tensor, int index) {
    ByteBuffer buffer = tensor.buffer();
    switch (tensor.type()) {
      case F32:
        return buffer.getFloat(4 * index);
      case F64:
        return buffer.getDouble(8 * index);
      case I64:
      case U64:
        return buffer.getLong(8 * index);
      case I32:
      case U32:
        return buffer.getInt(4 * index);
      case I16:
        return buffer.getShort(2 * index);
      case I8:
        return buffer.get(index);
      case U16:
        return Short.toUnsignedInt(buffer.getShort(2 * index));
      default:
        return Byte.toUnsignedInt(buffer.get(index));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = ElementType.class,
      names = {"F16", "BF16", "BOOL"},
      mode = EnumSource.Mode.EXCLUDE)
  void writesOtherValues(ElementType type) {
    boolean signed = !type.name().startsWith("U");
    double off = signed ? -3 : 3;
    try (Context context = Context.create()) {
      Tensor indices = Tensor.of(context, new long[] {2, -1, 0, 5}, 4);
      OneHot oneHot = OneHot.of(-1, 3).values(100, off);
      Tensor output = Tensor.uninitialized(context, type, oneHot.outputShape(indices.shape()));
      oneHot.apply(indices, output);
      assertEquals(Shape.of(4, 3), output.shape());
      double[] expected = {off, off, 100, off, off, 100, 100, off, off, off, off, off};
      for (int i = 0; i < expected.length; i++) {
        assertEquals(expected[i], element(output, i), type + " " + i);
      }
    }
  }

  @Test
  void valuesOfRealTypesAreReal() {
    try (Context context = Context.create()) {
      Tensor indices = Tensor.of(context, new int[] {1}, 1);
      OneHot smooth = OneHot.of(0, 2).values(0.95, 0.05);
      Tensor output = Tensor.uninitialized(context, ElementType.F32, Shape.of(2, 1));
      smooth.apply(indices, output);
      assertEquals(0.05f, output.toFloatArray()[0]);
      assertEquals(0.95f, output.toFloatArray()[1]);
      Tensor half = Tensor.uninitialized(context, ElementType.F16, Shape.of(2, 1));
      assertThrows(UnsupportedOperationException.class, () -> smooth.apply(indices, half));
    }
  }
}
