package org.voxkern.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;

/** A graph for given shapes while it is compiled: steps that read and write numbered slots. */
final class Program {
  /** One operation. */
  static final class Step {
    final String name;
    final Operation operation;
    final List<Integer> inputs;
    final int output;

    Step(String name, Operation operation, List<Integer> inputs, int output) {
      this.name = name;
      this.operation = operation;
      this.inputs = List.copyOf(inputs);
      this.output = output;
    }
  }

  final List<Shape> shapes = new ArrayList<>();
  final List<ElementType> types = new ArrayList<>();
  final Map<Integer, Tensor> constants = new HashMap<>();
  final Map<String, Integer> inputs = new LinkedHashMap<>();
  final Map<String, Integer> outputs = new LinkedHashMap<>();
  List<Step> steps = new ArrayList<>();

  /** What the outputs need of a graph; shapes are those of the nodes. */
  static Program of(Graph graph, Weights weights, Shape[] shapes) {
    boolean[] needed = new boolean[shapes.length];
    graph.outputs().values().forEach(node -> needed[node.index()] = true);
    for (int index = shapes.length - 1; index >= 0; index--) {
      if (needed[index]) {
        graph.nodes().get(index).inputs().forEach(input -> needed[input.index()] = true);
      }
    }
    Program program = new Program();
    for (Node node : graph.nodes()) {
      int slot = program.slot(node.type(), shapes[node.index()]);
      if (node.isInput()) {
        program.inputs.put(node.name(), slot);
      } else if (needed[slot] && node.parameter() != null) {
        program.constants.put(slot, weights.get(node.name()));
      } else if (needed[slot]) {
        List<Integer> from = node.inputs().stream().map(Node::index).toList();
        program.steps.add(new Step(node.name(), node.operation(), from, slot));
      }
    }
    graph.outputs().forEach((name, node) -> program.outputs.put(name, node.index()));
    return program;
  }

  int slot(ElementType type, Shape shape) {
    types.add(type);
    shapes.add(shape);
    return shapes.size() - 1;
  }

  int constant(Tensor tensor) {
    int slot = slot(tensor.type(), tensor.shape());
    constants.put(slot, tensor);
    return slot;
  }

  long bytes(int slot) {
    return shapes.get(slot).elementCount() * types.get(slot).bytes();
  }

  /** How many steps and outputs read a slot. */
  long uses(int slot) {
    long reads =
        steps.stream().flatMap(step -> step.inputs.stream()).filter(read -> read == slot).count();
    return reads + outputs.values().stream().filter(output -> output == slot).count();
  }

  /** The step that writes a slot which only one step reads, or null. */
  Step onlyFor(int slot) {
    if (uses(slot) != 1 || outputs.containsValue(slot)) {
      return null;
    }
    return steps.stream().filter(step -> step.output == slot).findFirst().orElse(null);
  }

  /** Puts a step into the place of the later of two. */
  void replace(Step earlier, Step later, Step by) {
    steps.remove(earlier);
    steps.set(steps.indexOf(later), by);
  }
}
