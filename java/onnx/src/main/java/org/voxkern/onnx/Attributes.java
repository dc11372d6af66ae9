package org.voxkern.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Attributes of a node. It knows which were asked for: one that nobody asks for is not understood.
 */
final class Attributes {
  private final Map<String, AttributeProto> byName = new LinkedHashMap<>();
  private final Set<String> asked = new HashSet<>();

  Attributes(NodeProto node) {
    node.getAttributeList().forEach(attribute -> byName.put(attribute.getName(), attribute));
  }

  /** Names of those that nobody asked for. */
  Set<String> unknown() {
    Set<String> unknown = new TreeSet<>(byName.keySet());
    unknown.removeAll(asked);
    return unknown;
  }

  /** Null where it is not given. */
  private AttributeProto find(String name) {
    asked.add(name);
    return byName.get(name);
  }

  private AttributeProto find(String name, AttributeProto.AttributeType type) {
    AttributeProto attribute = find(name);
    boolean other =
        attribute != null
            && attribute.getType() != type
            // Old files do not say the type.
            && attribute.getType() != AttributeProto.AttributeType.UNDEFINED;
    if (other) {
      throw new IllegalArgumentException(
          "attribute '" + name + "' is of type " + attribute.getType() + ", expected " + type);
    }
    return attribute;
  }

  boolean has(String name) {
    return find(name) != null;
  }

  /** For attributes that make no difference here. */
  void ignore(String... names) {
    for (String name : names) {
      asked.add(name);
    }
  }

  long integer(String name, long missing) {
    AttributeProto attribute = find(name, AttributeProto.AttributeType.INT);
    return attribute == null ? missing : attribute.getI();
  }

  boolean flag(String name, boolean missing) {
    return integer(name, missing ? 1 : 0) != 0;
  }

  /**
   * A number as the shortest decimal that gives the f32 which files have: an epsilon of 1e-5 is
   * that, not 9.99999975e-6.
   */
  double number(String name, double missing) {
    AttributeProto attribute = find(name, AttributeProto.AttributeType.FLOAT);
    return attribute == null ? missing : Double.parseDouble(Float.toString(attribute.getF()));
  }

  String text(String name, String missing) {
    AttributeProto attribute = find(name, AttributeProto.AttributeType.STRING);
    return attribute == null ? missing : attribute.getS().toStringUtf8();
  }

  /** One of the given words. */
  String word(String name, String missing, String... words) {
    String word = text(name, missing);
    for (String known : words) {
      if (known.equals(word)) {
        return word;
      }
    }
    throw new IllegalArgumentException(
        "attribute '" + name + "' is '" + word + "', expected " + String.join(" or ", words));
  }

  /** Null where it is not given. */
  long[] integers(String name) {
    AttributeProto attribute = find(name, AttributeProto.AttributeType.INTS);
    return attribute == null
        ? null
        : attribute.getIntsList().stream().mapToLong(Long::longValue).toArray();
  }

  /** Null where it is not given. */
  float[] numbers(String name) {
    AttributeProto attribute = find(name, AttributeProto.AttributeType.FLOATS);
    if (attribute == null) {
      return null;
    }
    float[] values = new float[attribute.getFloatsCount()];
    for (int i = 0; i < values.length; i++) {
      values[i] = attribute.getFloats(i);
    }
    return values;
  }

  /** Null where it is not given. */
  List<String> texts(String name) {
    AttributeProto attribute = find(name, AttributeProto.AttributeType.STRINGS);
    return attribute == null
        ? null
        : attribute.getStringsList().stream().map(text -> text.toStringUtf8()).toList();
  }

  /** Null where it is not given. */
  TensorProto tensor(String name) {
    AttributeProto attribute = find(name, AttributeProto.AttributeType.TENSOR);
    return attribute == null ? null : attribute.getT();
  }

  GraphProto graph(String name) {
    AttributeProto attribute = find(name, AttributeProto.AttributeType.GRAPH);
    if (attribute == null) {
      throw new IllegalArgumentException("it has no attribute '" + name + "'");
    }
    return attribute.getG();
  }

  /** Of an attribute that must be given. */
  long required(String name) {
    if (!has(name)) {
      throw new IllegalArgumentException("it has no attribute '" + name + "'");
    }
    return integer(name, 0);
  }
}
