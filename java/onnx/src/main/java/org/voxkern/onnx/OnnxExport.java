package org.voxkern.onnx;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.voxkern.ElementType;
import org.voxkern.Tensor;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Node;
import org.voxkern.graph.Parameter;
import org.voxkern.graph.Size;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Weights;

/**
 * Writes a graph and its weights as a model of ONNX, opset 21.
 *
 * <p>Inputs, outputs and parameters keep their names, sizes that are symbols stay open. What ONNX
 * has no single operator for is a function of the domain {@code org.voxkern}, made of ONNX's
 * operators, which any runtime can run; {@link OnnxImport} knows these functions, so that a model
 * that it reads back gives the same bits. ONNX keeps attributes as f32: numbers that are no short
 * decimals, such as an epsilon of 1/3, come back rounded.
 */
public final class OnnxExport {
  private OnnxExport() {}

  /**
   * Writes a model. The file appears at once when it is complete.
   *
   * @throws UnsupportedOperationException if ONNX cannot express something, naming all such nodes
   * @throws IllegalArgumentException if the weights are not the graph's, or the model is larger
   *     than the 2 GiB that such a file can have
   */
  public static void write(Graph graph, Weights weights, Path path) throws IOException {
    ModelProto model = model(graph, weights);
    Path temporary =
        path.resolveSibling(
            "." + path.getFileName() + "-" + Long.toHexString(System.nanoTime()) + ".tmp");
    try {
      try (OutputStream file = Files.newOutputStream(temporary, StandardOpenOption.CREATE_NEW)) {
        model.writeTo(file);
      }
      Files.move(
          temporary, path, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  static ModelProto model(Graph graph, Weights weights) {
    long bytes = graph.parameters().stream().mapToLong(own -> 4 * own.shape().elementCount()).sum();
    if (bytes > Integer.MAX_VALUE - (1 << 24)) {
      throw new IllegalArgumentException(
          "the parameters take " + bytes + " bytes, and a model of ONNX has at most 2 GiB");
    }
    ExportGraph export = new ExportGraph();
    graph.outputs().keySet().forEach(export::reserve);
    List<String> refusals = new ArrayList<>();
    for (Node node : graph.nodes()) {
      String name = export.call(node, graph.outputs().get(node.name()) == node);
      if (node.parameter() != null) {
        export.initializer(name, values(node.parameter(), weights));
      } else if (node.operation() == null) {
        export.proto().addInput(info(name, node.type(), node.shape()));
      } else {
        try {
          ExportRules.add(export, node);
        } catch (UnsupportedOperationException refusal) {
          refusals.add(
              "node '"
                  + node.name()
                  + "' ("
                  + node.operation().type()
                  + "): "
                  + refusal.getMessage());
        }
      }
    }
    if (!refusals.isEmpty()) {
      throw new UnsupportedOperationException("ONNX cannot express " + String.join("; ", refusals));
    }
    graph
        .outputs()
        .forEach(
            (name, node) -> {
              if (!export.name(node).equals(name)) {
                export.put("Identity", name, List.of(export.name(node)));
              }
              export.proto().addOutput(info(name, node.type(), node.shape()));
            });
    return finish(export);
  }

  private static ModelProto finish(ExportGraph export) {
    GraphProto graph = export.proto().setName("voxkern").build();
    ModelProto.Builder model =
        ModelProto.newBuilder()
            .setIrVersion(10)
            .setProducerName("voxkern")
            .setGraph(graph)
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(export.opset()));
    if (!export.functions().isEmpty()) {
      model.addOpsetImport(
          OperatorSetIdProto.newBuilder().setDomain(ExportGraph.DOMAIN).setVersion(1));
      Functions.of(export.functions()).forEach(model::addFunctions);
    }
    return model.build();
  }

  private static TensorProto values(Parameter parameter, Weights weights) {
    Tensor tensor = weights.get(parameter.name());
    return ExportGraph.tensor(tensor.type(), tensor.shape(), tensor.contents());
  }

  private static ValueInfoProto info(String name, ElementType type, SymbolicShape shape) {
    TensorShapeProto.Builder sizes = TensorShapeProto.newBuilder();
    for (Size size : shape.sizes()) {
      if (size.isKnown()) {
        sizes.addDimBuilder().setDimValue(size.value());
      } else {
        sizes.addDimBuilder().setDimParam(size.toString());
      }
    }
    TypeProto.Tensor tensor =
        TypeProto.Tensor.newBuilder().setElemType(OnnxTensors.code(type)).setShape(sizes).build();
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(TypeProto.newBuilder().setTensorType(tensor))
        .build();
  }
}
