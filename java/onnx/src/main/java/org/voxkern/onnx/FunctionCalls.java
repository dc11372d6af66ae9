package org.voxkern.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Functions that a model brings with it, which are added in the place of their calls. */
final class FunctionCalls {
  private final Map<String, FunctionProto> byName = new HashMap<>();

  FunctionCalls(List<FunctionProto> functions) {
    functions.forEach(
        function -> byName.put(key(function.getDomain(), function.getName()), function));
  }

  private static String key(String domain, String name) {
    return domain + "\n" + name;
  }

  /** Null if there is none. */
  FunctionProto find(NodeProto call) {
    return byName.get(key(call.getDomain(), call.getOpType()));
  }

  /** The function's nodes in an order in which they can be computed, with the call's attributes. */
  static List<NodeProto> body(FunctionProto function, NodeProto call) {
    Map<String, AttributeProto> given = new HashMap<>();
    call.getAttributeList().forEach(attribute -> given.put(attribute.getName(), attribute));
    GraphProto.Builder graph = GraphProto.newBuilder();
    function.getNodeList().forEach(node -> graph.addNode(filled(node, given)));
    return NodeOrder.sorted(graph.build(), Set.copyOf(function.getInputList()));
  }

  private static NodeProto filled(NodeProto node, Map<String, AttributeProto> given) {
    NodeProto.Builder filled = node.toBuilder().clearAttribute();
    for (AttributeProto attribute : node.getAttributeList()) {
      String reference = attribute.getRefAttrName();
      if (reference.isEmpty()) {
        filled.addAttribute(attribute.hasG() ? inner(attribute, given) : attribute);
      } else if (given.containsKey(reference)) {
        filled.addAttribute(given.get(reference).toBuilder().setName(attribute.getName()));
      }
    }
    return filled.build();
  }

  private static AttributeProto inner(AttributeProto attribute, Map<String, AttributeProto> given) {
    GraphProto.Builder graph = attribute.getG().toBuilder().clearNode();
    attribute.getG().getNodeList().forEach(node -> graph.addNode(filled(node, given)));
    return attribute.toBuilder().setG(graph).build();
  }

  /**
   * The version of ONNX's operators that a function is written in, or another's if it is silent.
   */
  static int opset(FunctionProto function, int missing) {
    return function.getOpsetImportList().stream()
        .filter(set -> OnnxModel.isStandard(set.getDomain()))
        .mapToInt(set -> (int) set.getVersion())
        .findFirst()
        .orElse(missing);
  }
}
