package org.voxkern.graph;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Recording;
import org.voxkern.Shape;
import org.voxkern.Tensor;

/**
 * A graph that is ready to run on inputs of given shapes. Weights are packed and the memory of all
 * that lies between inputs and outputs is planned and taken: a run makes no tensors but the scratch
 * memory that some operations ask the context for.
 *
 * <p>Several threads may use one executable: runs wait for each other. It works until it or the
 * scope that it was compiled in is closed.
 */
public final class Executable implements AutoCloseable {
  /** An input of a step that is the caller's: the root's tensor in a shape. */
  record Binding(int input, int root, Shape shape) {}

  /**
   * One kernel with the tensors that are known; {@code boundOutputs} are -1 or the slots of what
   * the caller gives.
   */
  record Step(
      String name,
      Operation.Kernel kernel,
      Tensor[] inputs,
      List<Binding> bindings,
      Tensor[] outputs,
      int[] boundOutputs) {}

  private final Context context;
  private final Map<String, Integer> inputs;
  private final Map<String, Integer> outputs;
  private final List<Shape> shapes;
  private final List<ElementType> types;
  private final List<Step> steps;
  private final Set<Tensor> kept;
  private final long arenaBytes;

  Executable(
      Context context, Program program, List<Step> steps, Set<Tensor> kept, long arenaBytes) {
    this.context = context;
    this.inputs = Collections.unmodifiableMap(program.inputs);
    this.outputs = Collections.unmodifiableMap(program.outputs);
    this.shapes = program.shapes;
    this.types = program.types;
    this.steps = steps;
    this.kept = kept;
    this.arenaBytes = arenaBytes;
  }

  public Context context() {
    return context;
  }

  /** In the order of the graph. */
  public Set<String> inputNames() {
    return inputs.keySet();
  }

  /** In the order of the graph. */
  public Set<String> outputNames() {
    return outputs.keySet();
  }

  /** The shape of an output. */
  public Shape outputShape(String name) {
    return shapes.get(slot("output", outputs, name));
  }

  /** Names of what runs, in order: fewer than the graph's nodes where some were fused. */
  public List<String> steps() {
    return steps.stream().map(Step::name).toList();
  }

  /**
   * Bytes of the memory for what lies between inputs and outputs, planned before a run, with the
   * scratch memory that operations ask the plan for; what they ask the context for is not part of
   * it.
   */
  public long peakBytes() {
    return arenaBytes;
  }

  /** Bytes of packed weights and other constants. */
  public long constantBytes() {
    return kept.stream().mapToLong(Tensor::byteCount).sum() - arenaBytes;
  }

  /** Runs on one input and gives the one output, a new tensor in the innermost scope. */
  public Tensor run(Tensor input) {
    if (inputs.size() != 1 || outputs.size() != 1) {
      throw new IllegalArgumentException(
          "the graph has inputs " + inputs.keySet() + " and outputs " + outputs.keySet());
    }
    return run(Map.of(inputs.keySet().iterator().next(), input)).values().iterator().next();
  }

  /** Runs, and gives the outputs as new tensors in the innermost scope. */
  public Map<String, Tensor> run(Map<String, Tensor> given) {
    Map<String, Tensor> results = new LinkedHashMap<>();
    outputs.forEach(
        (name, slot) ->
            results.put(name, Tensor.uninitialized(context, types.get(slot), shapes.get(slot))));
    run(given, results);
    return results;
  }

  /**
   * Runs, and writes the outputs.
   *
   * @throws IllegalArgumentException if a tensor is missing, too many, of another shape, type or
   *     context, or both read and written, naming it
   */
  public synchronized void run(Map<String, Tensor> given, Map<String, Tensor> results) {
    Tensor[] bound = new Tensor[shapes.size()];
    bind("input", inputs, given, bound);
    bind("output", outputs, results, bound);
    results.forEach(
        (name, result) -> {
          boolean shared =
              given.containsValue(result) || Collections.frequency(results.values(), result) > 1;
          if (shared) {
            throw new IllegalArgumentException(
                "output '" + name + "' is a tensor that is an input or another output too");
          }
        });
    for (Step step : steps) {
      for (Binding binding : step.bindings()) {
        Tensor tensor = bound[binding.root()];
        step.inputs()[binding.input()] =
            tensor.shape().equals(binding.shape())
                ? tensor
                : tensor.view(tensor.type(), binding.shape(), 0);
      }
      bindOutputs(step, bound);
      try {
        if (step.outputs().length == 1) {
          step.kernel().run(Arrays.asList(step.inputs()), step.outputs()[0]);
        } else {
          step.kernel().run(Arrays.asList(step.inputs()), Arrays.asList(step.outputs()));
        }
      } catch (IllegalArgumentException failure) {
        throw new IllegalArgumentException(
            "node '" + step.name() + "': " + failure.getMessage(), failure);
      } finally {
        step.bindings().forEach(binding -> step.inputs()[binding.input()] = null);
        unbindOutputs(step);
      }
    }
  }

  /**
   * Records a run on tensors that are read and written at each replay: on a CUDA device one call
   * starts all of it. What the context cannot record, {@link Context#record} says.
   */
  public Recording record(Map<String, Tensor> given, Map<String, Tensor> results) {
    Map<String, Tensor> from = Map.copyOf(given);
    Map<String, Tensor> to = Map.copyOf(results);
    return context.record(() -> run(from, to));
  }

  private static void bindOutputs(Step step, Tensor[] bound) {
    for (int output = 0; output < step.outputs().length; output++) {
      if (step.boundOutputs()[output] >= 0) {
        step.outputs()[output] = bound[step.boundOutputs()[output]];
      }
    }
  }

  private static void unbindOutputs(Step step) {
    for (int output = 0; output < step.outputs().length; output++) {
      if (step.boundOutputs()[output] >= 0) {
        step.outputs()[output] = null;
      }
    }
  }

  private void bind(
      String what, Map<String, Integer> slots, Map<String, Tensor> tensors, Tensor[] bound) {
    if (!tensors.keySet().equals(slots.keySet())) {
      throw new IllegalArgumentException(
          "given are the " + what + "s " + tensors.keySet() + ", expected " + slots.keySet());
    }
    tensors.forEach(
        (name, tensor) -> {
          int slot = slot(what, slots, name);
          boolean fits =
              tensor.context() == context
                  && tensor.type() == types.get(slot)
                  && tensor.shape().equals(shapes.get(slot));
          if (!fits) {
            throw new IllegalArgumentException(
                what
                    + " '"
                    + name
                    + "' is "
                    + types.get(slot)
                    + " "
                    + shapes.get(slot)
                    + " of this executable's context and cannot be "
                    + tensor);
          }
          bound[slot] = tensor;
        });
  }

  private static int slot(String what, Map<String, Integer> slots, String name) {
    Integer slot = slots.get(name);
    if (slot == null) {
      throw new IllegalArgumentException(
          "there is no " + what + " '" + name + "' among " + slots.keySet());
    }
    return slot;
  }

  /** Releases the memory and the constants. */
  @Override
  public synchronized void close() {
    kept.forEach(Tensor::close);
  }
}
