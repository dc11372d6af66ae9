package org.voxkern.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.graph.FurtherOutput;
import org.voxkern.graph.Node;

/** A graph of ONNX that is written: its nodes so far, and how values are called. */
final class ExportGraph {
  /** What Voxkern computes otherwise than any one operator is a function of this domain. */
  static final String DOMAIN = "org.voxkern";

  private final GraphProto.Builder proto = GraphProto.newBuilder();
  private final Set<String> taken = new HashSet<>();
  private final Map<Node, String> names = new LinkedHashMap<>();

  /** Names of further outputs by their numbers. */
  private final Map<Node, Map<Integer, String>> further = new HashMap<>();

  private final Set<String> functions = new TreeSet<>();
  private int opset = 21;

  GraphProto.Builder proto() {
    return proto;
  }

  int opset() {
    return opset;
  }

  /** Says that some node needs newer operators. */
  void requireOpset(int version) {
    opset = Math.max(opset, version);
  }

  /** Names of the functions of {@link #DOMAIN} that nodes call. */
  Set<String> functions() {
    return functions;
  }

  /** Keeps a name for an output of the graph. */
  void reserve(String name) {
    taken.add(name);
  }

  /** A name that no value has, the wanted one if it can be. */
  String free(String wanted) {
    String name = wanted;
    while (!taken.add(name)) {
      name += "_";
    }
    return name;
  }

  /**
   * Calls the value of a node, where all nodes are before any is added.
   *
   * @param asOutput whether an output of the graph of the node's name is this node
   */
  void call(Node node, boolean asOutput) {
    String name = asOutput ? node.name() : free(node.name());
    names.put(node, name);
    if (node.operation() instanceof FurtherOutput output) {
      further
          .computeIfAbsent(node.inputs().get(0), first -> new HashMap<>())
          .put(output.number(), name);
    }
  }

  /** Names of a node's first outputs; those that nothing reads have none. */
  List<String> outputs(Node node, int count) {
    Map<Integer, String> named = further.getOrDefault(node, Map.of());
    List<String> outputs = new ArrayList<>(List.of(name(node)));
    for (int number = 1; number < count; number++) {
      outputs.add(named.getOrDefault(number, ""));
    }
    return outputs;
  }

  String name(Node node) {
    return names.get(node);
  }

  String input(Node node, int input) {
    return name(node.inputs().get(input));
  }

  List<String> inputs(Node node) {
    return new ArrayList<>(node.inputs().stream().map(this::name).toList());
  }

  /** Adds a node and gives the name of its output, which is new. */
  String add(String operator, String output, List<String> inputs, AttributeProto... attributes) {
    String name = free(output);
    put(operator, name, inputs, attributes);
    return name;
  }

  /** Adds a node whose output has this name. */
  void put(String operator, String output, List<String> inputs, AttributeProto... attributes) {
    proto.addNode(node(operator, output, inputs, attributes));
  }

  /** Adds a call of a function of {@link #DOMAIN}. */
  void call(String function, String output, List<String> inputs, AttributeProto... attributes) {
    call(function, List.of(output), inputs, attributes);
  }

  void call(
      String function, List<String> outputs, List<String> inputs, AttributeProto... attributes) {
    functions.add(function);
    proto.addNode(node(function, outputs, inputs, attributes).toBuilder().setDomain(DOMAIN));
  }

  static NodeProto node(
      String operator, String output, List<String> inputs, AttributeProto... attributes) {
    return node(operator, List.of(output), inputs, attributes);
  }

  /**
   * @param outputs of which the first has a name
   */
  static NodeProto node(
      String operator, List<String> outputs, List<String> inputs, AttributeProto... attributes) {
    return NodeProto.newBuilder()
        .setOpType(operator)
        .setName(outputs.get(0))
        .addAllInput(inputs)
        .addAllOutput(outputs)
        .addAllAttribute(List.of(attributes))
        .build();
  }

  // Constants.

  /** Adds numbers and gives their name. */
  String constant(String wanted, long... values) {
    return initializer(free(wanted), longs(values));
  }

  String scalar(String wanted, double value) {
    return initializer(free(wanted), floats(Shape.of(), (float) value));
  }

  String filled(String wanted, float value, long count) {
    float[] values = new float[Math.toIntExact(count)];
    Arrays.fill(values, value);
    String name = free(wanted);
    fixed(name, floats(Shape.of(count), values));
    return name;
  }

  /** Adds numbers that are no weights. */
  void fixed(String name, TensorProto values) {
    proto.addNode(node("Constant", name, List.of(), value(values)));
  }

  static AttributeProto value(TensorProto values) {
    return AttributeProto.newBuilder()
        .setName("value")
        .setType(AttributeProto.AttributeType.TENSOR)
        .setT(values)
        .build();
  }

  String initializer(String name, TensorProto values) {
    proto.addInitializer(values.toBuilder().setName(name));
    return name;
  }

  static TensorProto longs(long... values) {
    ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.nativeOrder());
    bytes.asLongBuffer().put(values);
    return tensor(ElementType.I64, Shape.of(values.length), bytes);
  }

  /** A scalar. */
  static TensorProto whole(long value) {
    return longs(value).toBuilder().clearDims().build();
  }

  static TensorProto floats(Shape shape, float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.nativeOrder());
    bytes.asFloatBuffer().put(values);
    return tensor(ElementType.F32, shape, bytes);
  }

  static TensorProto tensor(ElementType type, Shape shape, ByteBuffer bytes) {
    return shaped(type, shape).setRawData(ByteString.copyFrom(bytes)).build();
  }

  /** Without its numbers. */
  static TensorProto.Builder shaped(ElementType type, Shape shape) {
    TensorProto.Builder tensor = TensorProto.newBuilder().setDataType(OnnxTensors.code(type));
    for (long size : shape.toArray()) {
      tensor.addDims(size);
    }
    return tensor;
  }

  // Attributes.

  static AttributeProto integer(String name, long value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INT)
        .setI(value)
        .build();
  }

  static AttributeProto flag(String name, boolean value) {
    return integer(name, value ? 1 : 0);
  }

  static AttributeProto integers(String name, long... values) {
    AttributeProto.Builder attribute =
        AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INTS);
    for (long value : values) {
      attribute.addInts(value);
    }
    return attribute.build();
  }

  static AttributeProto number(String name, double value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.FLOAT)
        .setF((float) value)
        .build();
  }

  static AttributeProto text(String name, String value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.STRING)
        .setS(ByteString.copyFromUtf8(value))
        .build();
  }
}
