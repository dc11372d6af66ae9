package org.voxkern.graph;

import java.util.ArrayList;
import java.util.Collections;
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

    /** The output, then the further ones; -1 where nothing reads one. */
    final List<Integer> outputs;

    Step(String name, Operation operation, List<Integer> inputs, List<Integer> outputs) {
      this.name = name;
      this.operation = operation;
      this.inputs = List.copyOf(inputs);
      this.outputs = List.copyOf(outputs);
      output = outputs.get(0);
    }

    Step(String name, Operation operation, List<Integer> inputs, int output) {
      this(name, operation, inputs, List.of(output));
    }

    List<Integer> written() {
      return outputs.stream().filter(slot -> slot >= 0).toList();
    }

    /** Another operation whose output takes the place of this one's; further ones stay. */
    Step fused(Operation by, List<Integer> from, int to) {
      List<Integer> slots = new ArrayList<>(outputs);
      slots.set(0, to);
      return new Step(name, by, from, slots);
    }
  }

  final List<Shape> shapes = new ArrayList<>();
  final List<ElementType> types = new ArrayList<>();
  final Map<Integer, Tensor> constants = new HashMap<>();

  /** Parameters that are read from the weights' own tensors at every run. */
  final Map<Integer, Tensor> variables = new HashMap<>();

  final Map<String, Integer> inputs = new LinkedHashMap<>();
  final Map<String, Integer> outputs = new LinkedHashMap<>();
  List<Step> steps = new ArrayList<>();

  /**
   * What the outputs need of a graph; shapes are those of the nodes.
   *
   * @param live whether parameters are variables, not constants
   */
  static Program of(Graph graph, Weights weights, Shape[] shapes, boolean live) {
    boolean[] needed = new boolean[shapes.length];
    graph.outputs().values().forEach(node -> needed[node.index()] = true);
    for (int index = shapes.length - 1; index >= 0; index--) {
      if (needed[index]) {
        graph.nodes().get(index).inputs().forEach(input -> needed[input.index()] = true);
      }
    }
    Program program = new Program();
    Map<Integer, List<Integer>> further = new HashMap<>();
    for (Node node : graph.nodes()) {
      if (needed[node.index()] && node.operation() instanceof FurtherOutput output) {
        List<Integer> slots =
            further.computeIfAbsent(node.inputs().get(0).index(), first -> new ArrayList<>());
        while (slots.size() < output.number()) {
          slots.add(-1);
        }
        slots.set(output.number() - 1, node.index());
      }
    }
    for (Node node : graph.nodes()) {
      int slot = program.slot(node.type(), shapes[node.index()]);
      if (node.isInput()) {
        program.inputs.put(node.name(), slot);
      } else if (needed[slot] && node.parameter() != null) {
        (live ? program.variables : program.constants).put(slot, weights.get(node.name()));
      } else if (needed[slot] && !(node.operation() instanceof FurtherOutput)) {
        List<Integer> from = node.inputs().stream().map(Node::index).toList();
        program.steps.add(
            new Step(node.name(), node.operation(), from, outputs(node, shapes, further)));
      }
    }
    graph.outputs().forEach((name, node) -> program.outputs.put(name, node.index()));
    return program;
  }

  private static List<Integer> outputs(
      Node node, Shape[] shapes, Map<Integer, List<Integer>> further) {
    List<SymbolicShape> inputs = Inference.inputs(node, shapes);
    int count = node.operation().furtherShapes(inputs).size();
    List<Integer> slots = new ArrayList<>(List.of(node.index()));
    slots.addAll(further.getOrDefault(node.index(), List.of()));
    while (slots.size() < 1 + count) {
      slots.add(-1);
    }
    return slots;
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

  /** Where the last of the steps is that write some slots; -1 where none does. */
  int written(List<Integer> slots) {
    for (int at = steps.size() - 1; at >= 0; at--) {
      if (!Collections.disjoint(steps.get(at).outputs, slots)) {
        return at;
      }
    }
    return -1;
  }

  /** A name for a part of what a step does. */
  String partName(String step) {
    int number = 1;
    while (isTaken(step + ".part" + number)) {
      number++;
    }
    return step + ".part" + number;
  }

  private boolean isTaken(String name) {
    return steps.stream().anyMatch(step -> step.name.equals(name));
  }

  /** A program whose steps and slots can change while this one stays; the tensors are the same. */
  Program copy() {
    Program copy = new Program();
    copy.shapes.addAll(shapes);
    copy.types.addAll(types);
    copy.constants.putAll(constants);
    copy.variables.putAll(variables);
    copy.inputs.putAll(inputs);
    copy.outputs.putAll(outputs);
    copy.steps.addAll(steps);
    return copy;
  }

  /** Puts a step into the place of the later of two. */
  void replace(Step earlier, Step later, Step by) {
    steps.remove(earlier);
    steps.set(steps.indexOf(later), by);
  }
}
