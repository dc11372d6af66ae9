package org.voxkern.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.voxkern.ElementType;
import org.voxkern.Shape;

/** Models for tests, as other programs write them. */
final class Models {
  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("model");
  private final ModelProto.Builder model = ModelProto.newBuilder().setIrVersion(8);

  private Models(int opset) {
    model.addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(opset));
  }

  static Models opset(int version) {
    return new Models(version);
  }

  /** Sizes are numbers or names. */
  Models input(String name, ElementType type, Object... sizes) {
    graph.addInput(info(name, type, sizes));
    return this;
  }

  Models output(String name) {
    graph.addOutput(
        ValueInfoProto.newBuilder()
            .setName(name)
            .setType(
                TypeProto.newBuilder()
                    .setTensorType(TypeProto.Tensor.newBuilder().setElemType(1))));
    return this;
  }

  private static ValueInfoProto info(String name, ElementType type, Object... sizes) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (Object size : sizes) {
      if (size instanceof String symbol) {
        shape.addDimBuilder().setDimParam(symbol);
      } else {
        shape.addDimBuilder().setDimValue(((Number) size).longValue());
      }
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder()
                        .setElemType(OnnxTensors.code(type))
                        .setShape(shape)))
        .build();
  }

  Models weight(String name, Shape shape, float... values) {
    return initializer(ExportGraph.floats(shape, values).toBuilder().setName(name).build());
  }

  Models longs(String name, long... values) {
    return initializer(ExportGraph.longs(values).toBuilder().setName(name).build());
  }

  Models initializer(TensorProto tensor) {
    graph.addInitializer(tensor);
    return this;
  }

  /** Names of inputs and outputs are separated by spaces; - is one that is left out. */
  Models node(String operator, String inputs, String outputs, AttributeProto... attributes) {
    graph.addNode(call(operator, inputs, outputs, attributes));
    return this;
  }

  Models node(NodeProto node) {
    graph.addNode(node);
    return this;
  }

  static NodeProto call(
      String operator, String inputs, String outputs, AttributeProto... attributes) {
    return NodeProto.newBuilder()
        .setOpType(operator)
        .addAllInput(names(inputs))
        .addAllOutput(names(outputs))
        .addAllAttribute(List.of(attributes))
        .build();
  }

  private static List<String> names(String text) {
    return text.isEmpty()
        ? List.of()
        : java.util.Arrays.stream(text.split(" "))
            .map(name -> name.equals("-") ? "" : name)
            .toList();
  }

  ModelProto.Builder proto() {
    return model.setGraph(graph);
  }

  Path write(Path file) throws IOException {
    Files.write(file, proto().build().toByteArray());
    return file;
  }
}
