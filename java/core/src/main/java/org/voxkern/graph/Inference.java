package org.voxkern.graph;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.voxkern.Shape;

/** Shapes of nodes, and errors that name them. */
final class Inference {
  private Inference() {}

  /** The rule of an operation, whose complaints get the node's name and its inputs' shapes. */
  static SymbolicShape shape(String node, Operation operation, List<SymbolicShape> inputs) {
    try {
      return operation.outputShape(inputs);
    } catch (IllegalArgumentException failure) {
      String shapes =
          inputs.stream().map(SymbolicShape::toString).collect(Collectors.joining(" and "));
      throw new IllegalArgumentException(
          "node '"
              + node
              + "' ("
              + operation.type()
              + ") cannot take "
              + shapes
              + ": "
              + failure.getMessage(),
          failure);
    }
  }

  /** What a graph's symbols stand for with these shapes of its inputs. */
  static Map<String, Long> symbols(Graph graph, Map<String, Shape> shapes) {
    if (!shapes.keySet().equals(graph.inputs().keySet())) {
      throw new IllegalArgumentException(
          "shapes of the inputs " + shapes.keySet() + ", expected " + graph.inputs().keySet());
    }
    Map<String, Long> symbols = new LinkedHashMap<>();
    graph
        .inputs()
        .forEach(
            (name, input) -> {
              Shape shape = shapes.get(name);
              for (int axis = 0; axis < Math.min(shape.rank(), input.shape().rank()); axis++) {
                String symbol = input.shape().size(axis).symbolName();
                if (symbol != null) {
                  symbols.putIfAbsent(symbol, shape.size(axis));
                }
              }
            });
    graph
        .inputs()
        .forEach(
            (name, input) -> {
              Shape shape = shapes.get(name);
              if (shape.rank() != input.shape().rank()
                  || !input.shape().evaluate(symbols).equals(shape)) {
                throw new IllegalArgumentException(
                    "input '"
                        + name
                        + "' is "
                        + input.shape()
                        + " and cannot take "
                        + shape
                        + (symbols.isEmpty() ? "" : ", with " + symbols));
              }
            });
    return symbols;
  }

  static List<SymbolicShape> inputs(Node node, Shape[] shapes) {
    return node.inputs().stream().map(input -> SymbolicShape.of(shapes[input.index()])).toList();
  }

  /** The shape of every node, by its index, with these shapes of the inputs. */
  static Shape[] shapes(Graph graph, Map<String, Shape> inputs) {
    symbols(graph, inputs);
    Shape[] shapes = new Shape[graph.nodes().size()];
    for (Node node : graph.nodes()) {
      if (node.operation() == null) {
        shapes[node.index()] = node.isInput() ? inputs.get(node.name()) : node.parameter().shape();
      } else if (node.operation() instanceof FurtherOutput output) {
        Node first = node.inputs().get(0);
        List<SymbolicShape> all = first.operation().furtherShapes(inputs(first, shapes));
        shapes[node.index()] = all.get(output.number() - 1).known();
      } else {
        List<SymbolicShape> from = inputs(node, shapes);
        shapes[node.index()] = shape(node.name(), node.operation(), from).known();
      }
    }
    return shapes;
  }
}
