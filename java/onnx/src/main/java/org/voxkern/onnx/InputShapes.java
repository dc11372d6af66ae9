package org.voxkern.onnx;

import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.voxkern.ElementType;
import org.voxkern.graph.Size;
import org.voxkern.graph.SymbolicShape;

/**
 * Shapes and types of a model's inputs.
 *
 * @param given shapes that the caller says, by name
 */
record InputShapes(Map<String, SymbolicShape> given) {
  /**
   * The shape that a caller says, else the one that the model says: sizes that it leaves open are
   * symbols.
   *
   * @throws IllegalArgumentException if the caller's has another rank, or there is none
   */
  SymbolicShape shape(ValueInfoProto input) {
    TypeProto.Tensor type = tensorType(input);
    SymbolicShape wanted = given.get(input.getName());
    if (!type.hasShape()) {
      if (wanted == null) {
        throw new IllegalArgumentException(
            "input '" + input.getName() + "' has no shape in the model: give it");
      }
      return wanted;
    }
    List<Size> sizes = new ArrayList<>();
    for (Dimension dimension : type.getShape().getDimList()) {
      sizes.add(size(dimension, input.getName(), sizes.size()));
    }
    SymbolicShape declared = SymbolicShape.of(sizes);
    if (wanted == null) {
      return declared;
    }
    if (wanted.rank() != declared.rank()) {
      throw new IllegalArgumentException(
          "input '" + input.getName() + "' is " + declared + " and cannot take " + wanted);
    }
    return wanted;
  }

  private static Size size(Dimension dimension, String input, int axis) {
    if (dimension.hasDimValue() && dimension.getDimValue() >= 0) {
      return Size.of(dimension.getDimValue());
    }
    String name = dimension.getDimParam();
    String symbol = name.isEmpty() ? input + "_axis" + axis : name;
    symbol = symbol.replaceAll("[^A-Za-z0-9_]", "_");
    return Size.symbol(Character.isDigit(symbol.charAt(0)) ? "_" + symbol : symbol);
  }

  /**
   * @throws UnsupportedOperationException if it is no tensor, or of an element type there is none
   *     for
   */
  static ElementType type(ValueInfoProto input) {
    try {
      return OnnxTensors.elementType(tensorType(input).getElemType());
    } catch (UnsupportedOperationException failure) {
      throw new UnsupportedOperationException(
          "input '" + input.getName() + "': " + failure.getMessage(), failure);
    }
  }

  private static TypeProto.Tensor tensorType(ValueInfoProto input) {
    if (!input.getType().hasTensorType()) {
      throw new UnsupportedOperationException(
          "input '" + input.getName() + "' is not a tensor; sequences and optionals are not known");
    }
    return input.getType().getTensorType();
  }
}
