package org.voxkern.onnx;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.voxkern.ElementType;

/**
 * A model as a file holds it: the nodes of its graph in an order in which they can be computed.
 * Immutable.
 */
public final class OnnxModel {
  /** The versions of ONNX's operators that are understood. */
  public static final int OLDEST_OPSET = 7;

  public static final int NEWEST_OPSET = 25;

  private final Path path;
  private final GraphProto graph;
  private final int opset;
  private final List<NodeProto> nodes;
  private final FunctionCalls functions;

  private OnnxModel(Path path, GraphProto graph, int opset, FunctionCalls functions) {
    this.path = path;
    this.graph = graph;
    this.opset = opset;
    this.functions = functions;
    nodes = NodeOrder.sorted(graph, Set.of());
  }

  /**
   * Reads a model; tensors in files beside it are read when they are needed.
   *
   * @throws java.nio.file.NoSuchFileException if there is no such file
   * @throws IllegalArgumentException if the file is broken, naming it and saying why: no model,
   *     names given twice or never, nodes in a circle
   * @throws UnsupportedOperationException if its operators are older or newer than those understood
   */
  public static OnnxModel read(Path path) throws IOException {
    ModelProto model = parse(path);
    try {
      if (!model.hasGraph() || model.getGraph().getOutputCount() == 0) {
        throw new IllegalArgumentException("not a model of ONNX: it has no graph with outputs");
      }
      FunctionCalls functions = new FunctionCalls(model.getFunctionsList());
      return new OnnxModel(path, model.getGraph(), opset(model), functions);
    } catch (IllegalArgumentException failure) {
      throw new IllegalArgumentException(path + ": " + failure.getMessage(), failure);
    } catch (UnsupportedOperationException failure) {
      throw new UnsupportedOperationException(path + ": " + failure.getMessage(), failure);
    }
  }

  private static ModelProto parse(Path path) throws IOException {
    try (InputStream file = Files.newInputStream(path)) {
      CodedInputStream coded = CodedInputStream.newInstance(file);
      coded.setSizeLimit(Integer.MAX_VALUE);
      ModelProto model = ModelProto.parseFrom(coded);
      coded.checkLastTagWas(0);
      return model;
    } catch (InvalidProtocolBufferException failure) {
      throw new IllegalArgumentException(
          path + ": not a model of ONNX, or a broken one: " + failure.getMessage(), failure);
    }
  }

  private static int opset(ModelProto model) {
    for (OperatorSetIdProto set : model.getOpsetImportList()) {
      if (isStandard(set.getDomain())) {
        long version = set.getVersion();
        if (version < OLDEST_OPSET || version > NEWEST_OPSET) {
          throw new UnsupportedOperationException(
              "it has ONNX's operators of version "
                  + version
                  + ", supported are "
                  + OLDEST_OPSET
                  + " to "
                  + NEWEST_OPSET);
        }
        return (int) version;
      }
    }
    throw new IllegalArgumentException("it does not say which version of ONNX's operators it has");
  }

  static boolean isStandard(String domain) {
    return domain.isEmpty() || domain.equals("ai.onnx");
  }

  public Path path() {
    return path;
  }

  /** The version of ONNX's operators. */
  public int opset() {
    return opset;
  }

  /** What a caller gives, in order: initializers that could be given instead are not among them. */
  public List<String> inputNames() {
    return inputs().stream().map(ValueInfoProto::getName).toList();
  }

  /** In order. */
  public List<String> outputNames() {
    return graph.getOutputList().stream().map(ValueInfoProto::getName).toList();
  }

  /**
   * The element type of an input.
   *
   * @throws UnsupportedOperationException if there is none for it, or it is no tensor
   */
  public ElementType inputType(String name) {
    return InputShapes.type(input(name));
  }

  /** How many axes an input has; -1 if the model does not say. */
  public int inputRank(String name) {
    InputShapes.type(input(name));
    var type = input(name).getType().getTensorType();
    return type.hasShape() ? type.getShape().getDimCount() : -1;
  }

  private ValueInfoProto input(String name) {
    return inputs().stream()
        .filter(input -> input.getName().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    path + " has no input '" + name + "' among " + inputNames()));
  }

  List<ValueInfoProto> inputs() {
    Set<String> given = new HashSet<>();
    graph.getInitializerList().stream().map(TensorProto::getName).forEach(given::add);
    return graph.getInputList().stream().filter(input -> !given.contains(input.getName())).toList();
  }

  GraphProto graph() {
    return graph;
  }

  FunctionCalls functions() {
    return functions;
  }

  List<NodeProto> nodes() {
    return nodes;
  }

  ExternalData external() {
    return ExternalData.beside(path);
  }

  @Override
  public String toString() {
    return path + ", opset " + opset + ", " + nodes.size() + " nodes";
  }
}
