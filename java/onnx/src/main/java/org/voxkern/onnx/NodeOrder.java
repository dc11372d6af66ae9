package org.voxkern.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The nodes of a graph, each after those whose outputs it reads, and the check of their names. */
final class NodeOrder {
  private NodeOrder() {}

  /**
   * ONNX asks files for this order; those that have another are brought into it.
   *
   * @param outer names that are known around the graph
   * @throws IllegalArgumentException if a name is given twice, or nothing gives it, or nodes read
   *     each other in a circle
   */
  static List<NodeProto> sorted(GraphProto graph, Set<String> outer) {
    Set<String> known = new HashSet<>(outer);
    Set<String> own = new HashSet<>();
    for (TensorProto initializer : graph.getInitializerList()) {
      give(initializer.getName(), own, "initializer");
    }
    Set<String> inputs = new HashSet<>();
    for (ValueInfoProto input : graph.getInputList()) {
      // An initializer may be an input too.
      give(input.getName(), inputs, "input");
    }
    own.addAll(inputs);
    Set<String> computed = new HashSet<>();
    for (NodeProto node : graph.getNodeList()) {
      for (String output : node.getOutputList()) {
        if (!output.isEmpty()) {
          if (own.contains(output)) {
            throw twice(output);
          }
          give(output, computed, "output of a node");
        }
      }
    }
    known.addAll(own);
    requireGiven(graph, known, computed);
    return sort(graph.getNodeList(), known);
  }

  private static void give(String name, Set<String> names, String what) {
    if (name.isEmpty()) {
      throw new IllegalArgumentException("an " + what + " has no name");
    }
    if (!names.add(name)) {
      throw twice(name);
    }
  }

  private static IllegalArgumentException twice(String name) {
    return new IllegalArgumentException("the value '" + name + "' is given twice");
  }

  private static void requireGiven(GraphProto graph, Set<String> known, Set<String> computed) {
    Set<String> missing = new LinkedHashSet<>();
    graph.getNodeList().forEach(node -> missing.addAll(read(node)));
    graph.getOutputList().forEach(output -> missing.add(output.getName()));
    missing.removeAll(known);
    missing.removeAll(computed);
    if (!missing.isEmpty()) {
      throw new IllegalArgumentException("nothing gives the values " + missing);
    }
  }

  /** What a node reads, and what graphs that it has read of the values around them. */
  private static List<String> read(NodeProto node) {
    List<String> names = new ArrayList<>(node.getInputList());
    names.removeIf(String::isEmpty);
    node.getAttributeList().stream()
        .filter(AttributeProto::hasG)
        .forEach(attribute -> names.addAll(captured(attribute.getG())));
    return names;
  }

  private static Set<String> captured(GraphProto inner) {
    Set<String> names = new HashSet<>();
    inner.getNodeList().forEach(node -> names.addAll(read(node)));
    inner.getOutputList().forEach(output -> names.add(output.getName()));
    inner.getNodeList().forEach(node -> names.removeAll(node.getOutputList()));
    inner.getInputList().forEach(input -> names.remove(input.getName()));
    inner.getInitializerList().forEach(initializer -> names.remove(initializer.getName()));
    return names;
  }

  private static List<NodeProto> sort(List<NodeProto> nodes, Set<String> known) {
    List<NodeProto> sorted = new ArrayList<>();
    Set<String> ready = new HashSet<>(known);
    List<NodeProto> waiting = nodes;
    while (!waiting.isEmpty()) {
      List<NodeProto> later = new ArrayList<>();
      for (NodeProto node : waiting) {
        if (ready.containsAll(read(node))) {
          sorted.add(node);
          ready.addAll(node.getOutputList());
        } else {
          later.add(node);
        }
      }
      if (later.size() == waiting.size()) {
        throw new IllegalArgumentException(
            "nodes read each other in a circle: "
                + later.stream().map(NodeOrder::label).collect(Collectors.joining(", ")));
      }
      waiting = later;
    }
    return List.copyOf(sorted);
  }

  /** Those of sorted nodes that values need. */
  static List<NodeProto> needed(List<NodeProto> nodes, List<String> values) {
    Set<String> names = new HashSet<>(values);
    List<NodeProto> needed = new ArrayList<>();
    for (int index = nodes.size() - 1; index >= 0; index--) {
      NodeProto node = nodes.get(index);
      if (node.getOutputList().stream().anyMatch(names::contains)) {
        names.addAll(read(node));
        needed.add(0, node);
      }
    }
    return needed;
  }

  /** All that nodes read, and some values more. */
  static Set<String> read(List<NodeProto> nodes, List<String> values) {
    Set<String> names = new HashSet<>(values);
    nodes.forEach(node -> names.addAll(read(node)));
    return names;
  }

  /** How a node is called: by its name, else by its first output. */
  static String label(NodeProto node) {
    if (!node.getName().isEmpty()) {
      return node.getName();
    }
    return node.getOutputList().stream().filter(name -> !name.isEmpty()).findFirst().orElse("?");
  }
}
