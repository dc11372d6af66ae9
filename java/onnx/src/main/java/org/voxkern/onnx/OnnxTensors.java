package org.voxkern.onnx;

import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;

/** Tensors as ONNX stores them. */
public final class OnnxTensors {
  private OnnxTensors() {}

  /**
   * Reads a file of one tensor, as the test data of ONNX is stored, into the innermost scope.
   *
   * @throws java.nio.file.NoSuchFileException if there is no such file
   * @throws IllegalArgumentException if the file is broken
   * @throws UnsupportedOperationException if the tensor has an element type that there is none for
   */
  public static Tensor read(Context context, Path path) throws IOException {
    try {
      TensorProto stored = TensorProto.parseFrom(Files.readAllBytes(path));
      return read(context, stored, ExternalData.beside(path));
    } catch (InvalidProtocolBufferException failure) {
      throw new IllegalArgumentException(path + ": not a tensor of ONNX", failure);
    } catch (IllegalArgumentException failure) {
      throw new IllegalArgumentException(path + ": " + failure.getMessage(), failure);
    }
  }

  /**
   * The element type of ONNX's number.
   *
   * @throws UnsupportedOperationException if there is none for it
   */
  static ElementType elementType(int code) {
    return switch (code) {
      case TensorProto.DataType.FLOAT_VALUE -> ElementType.F32;
      case TensorProto.DataType.UINT8_VALUE -> ElementType.U8;
      case TensorProto.DataType.INT8_VALUE -> ElementType.I8;
      case TensorProto.DataType.UINT16_VALUE -> ElementType.U16;
      case TensorProto.DataType.INT16_VALUE -> ElementType.I16;
      case TensorProto.DataType.INT32_VALUE -> ElementType.I32;
      case TensorProto.DataType.INT64_VALUE -> ElementType.I64;
      case TensorProto.DataType.BOOL_VALUE -> ElementType.BOOL;
      case TensorProto.DataType.FLOAT16_VALUE -> ElementType.F16;
      case TensorProto.DataType.DOUBLE_VALUE -> ElementType.F64;
      case TensorProto.DataType.UINT32_VALUE -> ElementType.U32;
      case TensorProto.DataType.UINT64_VALUE -> ElementType.U64;
      case TensorProto.DataType.BFLOAT16_VALUE -> ElementType.BF16;
      default ->
          throw new UnsupportedOperationException(
              "the element type " + typeName(code) + " is not supported");
    };
  }

  static int code(ElementType type) {
    return switch (type) {
      case F32 -> TensorProto.DataType.FLOAT_VALUE;
      case U8 -> TensorProto.DataType.UINT8_VALUE;
      case I8 -> TensorProto.DataType.INT8_VALUE;
      case U16 -> TensorProto.DataType.UINT16_VALUE;
      case I16 -> TensorProto.DataType.INT16_VALUE;
      case I32 -> TensorProto.DataType.INT32_VALUE;
      case I64 -> TensorProto.DataType.INT64_VALUE;
      case BOOL -> TensorProto.DataType.BOOL_VALUE;
      case F16 -> TensorProto.DataType.FLOAT16_VALUE;
      case F64 -> TensorProto.DataType.DOUBLE_VALUE;
      case U32 -> TensorProto.DataType.UINT32_VALUE;
      case U64 -> TensorProto.DataType.UINT64_VALUE;
      case BF16 -> TensorProto.DataType.BFLOAT16_VALUE;
    };
  }

  private static String typeName(int code) {
    return switch (code) {
      case 0 -> "(undefined)";
      case 8 -> "string";
      case 14 -> "complex64";
      case 15 -> "complex128";
      case 17 -> "float8e4m3fn";
      case 18 -> "float8e4m3fnuz";
      case 19 -> "float8e5m2";
      case 20 -> "float8e5m2fnuz";
      case 21 -> "uint4";
      case 22 -> "int4";
      case 23 -> "float4e2m1";
      case 24 -> "float8e8m0";
      case 25 -> "uint2";
      case 26 -> "int2";
      default -> "number " + code;
    };
  }

  /**
   * A stored tensor in the innermost scope.
   *
   * @throws IllegalArgumentException if it is broken
   * @throws UnsupportedOperationException if it has an element type that there is none for
   */
  static Tensor read(Context context, TensorProto stored, ExternalData external) {
    ElementType type = elementType(stored.getDataType());
    Shape shape = shape(stored);
    ExternalData.Region region = null;
    if (stored.getDataLocation() == TensorProto.DataLocation.EXTERNAL) {
      region = external.find(stored, Math.multiplyExact(shape.elementCount(), (long) type.bytes()));
    } else {
      requireWhole(stored, type, shape);
    }
    Tensor tensor = Tensor.uninitialized(context, type, shape);
    try {
      if (region != null) {
        region.read(tensor);
      } else if (stored.hasRawData()) {
        tensor.write(0, stored.getRawData().asReadOnlyByteBuffer());
        toNativeOrder(tensor);
      } else {
        tensor.fill(target -> typed(stored, tensor.type(), target));
      }
      return tensor;
    } catch (RuntimeException failure) {
      tensor.close();
      throw failure;
    }
  }

  static Shape shape(TensorProto stored) {
    return Shape.of(stored.getDimsList().stream().mapToLong(Long::longValue).toArray());
  }

  /** Before memory is taken, which a broken file may ask for without end. */
  private static void requireWhole(TensorProto stored, ElementType type, Shape shape) {
    long count = stored.hasRawData() ? stored.getRawData().size() : typedCount(stored, type);
    long each = stored.hasRawData() ? type.bytes() : 1;
    long expected = Math.multiplyExact(shape.elementCount(), each);
    if (count != expected) {
      throw new IllegalArgumentException(
          "a tensor "
              + type
              + " "
              + shape
              + " has "
              + count
              + (stored.hasRawData() ? " bytes" : " elements")
              + ", expected "
              + expected);
    }
  }

  /** Of the fields of protobuf several element types share one. */
  private static int typedCount(TensorProto stored, ElementType type) {
    return switch (type) {
      case F32 -> stored.getFloatDataCount();
      case F64 -> stored.getDoubleDataCount();
      case I64 -> stored.getInt64DataCount();
      case U32, U64 -> stored.getUint64DataCount();
      default -> stored.getInt32DataCount();
    };
  }

  /** Files have little-endian numbers. */
  static void toNativeOrder(Tensor tensor) {
    if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN && tensor.type().bytes() > 1) {
      throw new UnsupportedOperationException("big-endian machines are not supported");
    }
  }

  private static void typed(TensorProto stored, ElementType type, ByteBuffer target) {
    switch (type) {
      case F32 -> stored.getFloatDataList().forEach(target::putFloat);
      case F64 -> stored.getDoubleDataList().forEach(target::putDouble);
      case I64 -> stored.getInt64DataList().forEach(target::putLong);
      case U64 -> stored.getUint64DataList().forEach(target::putLong);
      case U32 -> stored.getUint64DataList().forEach(value -> target.putInt((int) (long) value));
      case I32 -> stored.getInt32DataList().forEach(target::putInt);
      case I16, U16, F16, BF16 ->
          stored.getInt32DataList().forEach(value -> target.putShort((short) (int) value));
      case I8, U8, BOOL ->
          stored.getInt32DataList().forEach(value -> target.put((byte) (int) value));
    }
  }

  /** Whole numbers of a tensor of any integer type or bool. */
  static List<Long> wholeNumbers(Tensor tensor) {
    long[] values = new long[Math.toIntExact(tensor.elementCount())];
    ByteBuffer source = tensor.contents();
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (tensor.type()) {
            case I64, U64 -> source.getLong(8 * i);
            case I32 -> source.getInt(4 * i);
            case U32 -> source.getInt(4 * i) & 0xffffffffL;
            case I16 -> source.getShort(2 * i);
            case U16 -> source.getShort(2 * i) & 0xffffL;
            case I8 -> source.get(i);
            case U8, BOOL -> source.get(i) & 0xffL;
            default ->
                throw new IllegalArgumentException(tensor + ", expected a type of whole numbers");
          };
    }
    return Arrays.stream(values).boxed().toList();
  }
}
