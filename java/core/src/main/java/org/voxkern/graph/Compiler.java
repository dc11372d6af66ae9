package org.voxkern.graph;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Program.Step;

/** From a graph to what runs. */
final class Compiler {
  private final Context context;
  private final Program program;
  private final Tensor[] tensors;
  private final Set<Tensor> kept = new HashSet<>();

  private Compiler(Context context, Program program) {
    this.context = context;
    this.program = program;
    tensors = new Tensor[program.shapes.size()];
  }

  static Executable compile(
      Graph graph,
      Context context,
      Weights weights,
      Map<String, Shape> inputs,
      Graph.Compilation compilation) {
    weights.requireFor(graph);
    // What is made on the way and not kept dies with this scope, also after a mistake.
    try (Scope temporary = Scope.open(context)) {
      Program program = program(graph, context, weights, inputs, compilation);
      Compiler compiler = new Compiler(context, program);
      Executable executable = compiler.finish();
      compiler.kept.forEach(tensor -> tensor.moveTo(temporary.parent()));
      return executable;
    }
  }

  static MemoryNeed memoryNeed(
      Graph graph, Context context, Weights weights, Map<String, Shape> inputs) {
    weights.requireFor(graph);
    // Folded constants are made on the way.
    try (Scope temporary = Scope.open(context)) {
      Program program = program(graph, context, weights, inputs, Graph.Compilation.OPTIMISED);
      return MemoryNeed.of(program, context);
    }
  }

  /** The steps that run; constants that are made on the way belong to the innermost scope. */
  static Program program(
      Graph graph,
      Context context,
      Weights weights,
      Map<String, Shape> inputs,
      Graph.Compilation compilation) {
    boolean training = compilation == Graph.Compilation.TRAINING;
    Program program = Program.of(graph, weights, Inference.shapes(graph, inputs), training);
    if (compilation != Graph.Compilation.AS_BUILT) {
      Fusion.apply(context, program);
    }
    separateOutputs(program);
    return compilation == Graph.Compilation.OPTIMISED
        ? SplitConvolution.apply(context, program)
        : program;
  }

  /** Gives every output a slot of its own, which a step writes as a whole. */
  private static void separateOutputs(Program program) {
    Set<Integer> written = new HashSet<>();
    program.steps.stream()
        .filter(step -> !step.operation.isView())
        .forEach(step -> written.addAll(step.written()));
    Map<String, Integer> outputs = new LinkedHashMap<>(program.outputs);
    outputs.forEach(
        (name, slot) -> {
          if (!written.remove(slot)) {
            int copy = program.slot(program.types.get(slot), program.shapes.get(slot));
            Operation same = new Layouts.Same("copy", false);
            program.steps.add(new Step(name, same, List.of(slot), copy));
            program.outputs.put(name, copy);
          }
        });
  }

  private Executable finish() {
    List<Executable.Step> ready = new ArrayList<>();
    Buffers buffers = new Buffers(program, context);
    MemoryPlan plan = buffers.plan();
    Tensor block = Tensor.uninitialized(context, ElementType.U8, Shape.of(plan.bytes()));
    kept.add(block);
    for (int slot = 0; slot < tensors.length; slot++) {
      if (buffers.isPlanned(slot)) {
        tensors[slot] =
            block.view(
                program.types.get(slot), program.shapes.get(slot), buffers.offset(plan, slot));
      }
    }
    List<Step> running = program.steps.stream().filter(step -> !buffers.isDone(step)).toList();
    List<Operation.Kernel> kernels = new ArrayList<>();
    List<Set<Integer>> dropped = new ArrayList<>();
    for (Step step : running) {
      Prepared prepared = new Prepared(step, buffers.scratch(plan, block, step));
      kernels.add(prepare(step, prepared));
      dropped.add(prepared.replacements.keySet());
      prepared.replacements.forEach((input, by) -> kept.add(by));
    }
    for (int index = 0; index < running.size(); index++) {
      Step step = running.get(index);
      List<Executable.Binding> bindings = new ArrayList<>();
      Tensor[] inputs = new Tensor[step.inputs.size()];
      for (int input = 0; input < inputs.length; input++) {
        int slot = step.inputs.get(input);
        int root = buffers.root(slot);
        if (program.inputs.containsValue(root) || program.outputs.containsValue(root)) {
          bindings.add(new Executable.Binding(input, root, program.shapes.get(slot)));
        } else if (!dropped.get(index).contains(input)) {
          inputs[input] = held(slot, root);
        }
      }
      ready.add(
          new Executable.Step(
              step.name, kernels.get(index), inputs, bindings, outputs(step), boundOutputs(step)));
    }
    return new Executable(context, program, ready, kept, plan.bytes());
  }

  private Tensor[] outputs(Step step) {
    return step.outputs.stream()
        .map(slot -> slot < 0 || program.outputs.containsValue(slot) ? null : tensors[slot])
        .toArray(Tensor[]::new);
  }

  private int[] boundOutputs(Step step) {
    return step.outputs.stream()
        .mapToInt(slot -> program.outputs.containsValue(slot) ? slot : -1)
        .toArray();
  }

  /** What is read of a slot: planned memory, a constant, a variable. */
  private Tensor held(int slot, int root) {
    if (program.constants.containsKey(root) && tensors[root] == null) {
      // A copy, since the weights may change or go.
      tensors[root] = program.constants.get(root).copy();
      kept.add(tensors[root]);
    }
    Tensor whole = program.variables.getOrDefault(root, tensors[root]);
    boolean fixed = program.constants.containsKey(root) || program.variables.containsKey(root);
    if (!fixed) {
      return tensors[slot];
    }
    return root == slot ? whole : whole.view(whole.type(), program.shapes.get(slot), 0);
  }

  private static Operation.Kernel prepare(Step step, Prepared preparation) {
    try {
      return step.operation.prepare(preparation);
    } catch (IllegalArgumentException failure) {
      throw new IllegalArgumentException(
          "node '" + step.name + "': " + failure.getMessage(), failure);
    }
  }

  private final class Prepared implements Operation.Preparation {
    private final Step step;
    private final Tensor scratch;
    private final Map<Integer, Tensor> replacements = new LinkedHashMap<>();

    Prepared(Step step, Tensor scratch) {
      this.step = step;
      this.scratch = scratch;
    }

    @Override
    public Shape shape(int input) {
      return program.shapes.get(step.inputs.get(input));
    }

    @Override
    public Tensor scratch() {
      return scratch;
    }

    @Override
    public Tensor constant(int input) {
      return program.constants.get(step.inputs.get(input));
    }

    @Override
    public void replace(int input, Tensor by) {
      if (constant(input) == null) {
        throw new IllegalStateException("input " + input + " is not constant");
      }
      replacements.put(input, by);
    }
  }
}
