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
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.voxkern.ElementType;
import org.voxkern.Tensor;
import org.voxkern.file.FileReplacement;
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
  /** What a file of protobuf can have, less room for the nodes. */
  private static final long MOST_INSIDE = Integer.MAX_VALUE - (1 << 24);

  /** Parameters of fewer bytes stay inside. */
  private static final long SMALL = 1 << 10;

  private OnnxExport() {}

  /** How a parameter's values are stored. */
  @FunctionalInterface
  private interface Storing {
    TensorProto store(Parameter parameter) throws IOException;
  }

  /**
   * Writes a model. It is one file where it can be; where the parameters do not fit into the 2 GiB
   * that such a file can have, they lie in a file beside it as with {@link #write(Graph, Weights,
   * Path, long)}.
   *
   * @throws UnsupportedOperationException if ONNX cannot express something, naming all such nodes
   * @throws IllegalArgumentException if the weights are not the graph's
   */
  public static void write(Graph graph, Weights weights, Path path) throws IOException {
    long bytes = graph.parameters().stream().mapToLong(OnnxExport::bytes).reduce(0, Math::addExact);
    write(graph, weights, path, bytes > MOST_INSIDE ? SMALL : Long.MAX_VALUE);
  }

  /**
   * Writes a model whose parameters of so many bytes or more lie in a file beside it: {@code
   * model.onnx.data} of {@code model.onnx}. Both appear when they are complete, the model last: a
   * failure leaves older ones as they were.
   *
   * @param external 0 for all parameters
   * @throws UnsupportedOperationException if ONNX cannot express something, naming all such nodes
   * @throws IllegalArgumentException if the weights are not the graph's, or what stays inside the
   *     model is larger than the 2 GiB that a file of ONNX can have
   */
  public static void write(Graph graph, Weights weights, Path path, long external)
      throws IOException {
    try (FileReplacement replacement = FileReplacement.of(path)) {
      Path file = replacement.target();
      Path data = file.resolveSibling(file.getFileName() + ".data");
      try (ExternalWriter writer = new ExternalWriter(data);
          OutputStream stream = Files.newOutputStream(file, StandardOpenOption.CREATE_NEW)) {
        Storing storing =
            parameter ->
                bytes(parameter) < external
                    ? values(parameter, weights)
                    : writer.write(weights.get(parameter.name()));
        model(graph, storing, external).writeTo(stream);
      }
      replacement.commit();
    }
  }

  /** With all values inside. */
  static ModelProto model(Graph graph, Weights weights) {
    try {
      return model(graph, parameter -> values(parameter, weights), Long.MAX_VALUE);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private static long bytes(Parameter parameter) {
    return Math.multiplyExact(parameter.shape().elementCount(), (long) Float.BYTES);
  }

  private static ModelProto model(Graph graph, Storing storing, long external) throws IOException {
    long inside =
        graph.parameters().stream()
            .mapToLong(OnnxExport::bytes)
            .filter(bytes -> bytes < external)
            .sum();
    if (inside > MOST_INSIDE) {
      throw new IllegalArgumentException(
          "parameters of "
              + inside
              + " bytes would lie inside the model, and a file of ONNX has at most 2 GiB");
    }
    ExportGraph export = new ExportGraph();
    graph.outputs().keySet().forEach(export::reserve);
    for (Node node : graph.nodes()) {
      export.call(node, graph.outputs().get(node.name()) == node);
    }
    List<String> refusals = new ArrayList<>();
    for (Node node : graph.nodes()) {
      String name = export.name(node);
      if (node.parameter() != null) {
        export.initializer(name, storing.store(node.parameter()));
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
