package org.voxkern.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Program.Step;

/**
 * Which slots of a program share memory, and from which step to which each memory is needed; with
 * the scratch memory of steps.
 */
final class Buffers {
  private final Program program;

  /** For each slot the one whose memory it is in: views, parts, what is written in place. */
  private final int[] owner;

  /** Bytes from the owner's memory to a slot's. */
  private final long[] shift;

  /** Outputs of concatenations whose inputs are written where they belong. */
  private final Set<Integer> joined = new HashSet<>();

  private final int[] first;
  private final int[] last;

  /** For each owner and for each step with scratch memory its number among the spans, or -1. */
  private final int[] spanOfSlot;

  private final int[] spanOfStep;
  private final List<MemoryPlan.Span> spans = new ArrayList<>();

  Buffers(Program program, Context context) {
    this.program = program;
    int slots = program.shapes.size();
    owner = new int[slots];
    Arrays.setAll(owner, slot -> slot);
    shift = new long[slots];
    first = new int[slots];
    last = new int[slots];
    spanOfSlot = new int[slots];
    spanOfStep = new int[program.steps.size()];
    Arrays.fill(last, -1);
    for (Step step : program.steps) {
      if (step.operation.isView()) {
        owner[step.output] = root(step.inputs.get(0));
      }
    }
    for (int at = 0; at < program.steps.size(); at++) {
      Step step = program.steps.get(at);
      for (int output : step.written()) {
        if (!step.operation.isView()) {
          first[output] = at;
        }
        last[root(output)] = Math.max(last[root(output)], at);
      }
      for (int input = 0; input < step.inputs.size(); input++) {
        if (!step.operation.readsShapeOnly(input)) {
          int root = root(step.inputs.get(input));
          last[root] = Math.max(last[root], at);
        }
      }
    }
    for (int at = 0; at < program.steps.size(); at++) {
      joinInPlace(program.steps.get(at));
      writeInPlace(program.steps.get(at), at);
    }
    for (int slot = 0; slot < slots; slot++) {
      boolean own = owner[slot] == slot && isPlanned(slot);
      spanOfSlot[slot] = own ? span(program.bytes(slot), first[slot], last[slot]) : -1;
    }
    for (int at = 0; at < spanOfStep.length; at++) {
      long bytes = scratchBytes(program.steps.get(at), context);
      spanOfStep[at] = bytes > 0 ? span(bytes, at, at) : -1;
    }
  }

  private int span(long bytes, int from, int to) {
    spans.add(new MemoryPlan.Span(bytes, from, to));
    return spans.size() - 1;
  }

  private long scratchBytes(Step step, Context context) {
    List<Shape> shapes = step.inputs.stream().map(program.shapes::get).toList();
    return isDone(step) ? 0 : step.operation.scratchBytes(context, shapes);
  }

  /** Whether a step has nothing to do: its output is its inputs' memory. */
  boolean isDone(Step step) {
    return step.operation.isView() || joined.contains(step.output);
  }

  /**
   * Puts the inputs of a concatenation into its output's memory, where each is one piece of it and
   * none has to be somewhere else. What is written over an input in a later step asks for the
   * output's last use then.
   */
  private void joinInPlace(Step step) {
    if (!(step.operation instanceof Layouts.Joined concat) || !isPlanned(step.output)) {
      return;
    }
    Shape shape = program.shapes.get(step.output);
    int axis = concat.axis() < 0 ? concat.axis() + shape.rank() : concat.axis();
    boolean inPieces = Arrays.stream(shape.toArray()).limit(axis).anyMatch(size -> size != 1);
    Set<Integer> roots = new HashSet<>();
    for (int input : step.inputs) {
      boolean movable =
          isPlanned(input)
              && program.bytes(root(input)) == program.bytes(input)
              && roots.add(root(input));
      if (inPieces || !movable) {
        return;
      }
    }
    long offset = 0;
    for (int input : step.inputs) {
      int from = root(input);
      owner[from] = step.output;
      shift[from] = offset;
      first[step.output] = Math.min(first[step.output], first[from]);
      last[step.output] = Math.max(last[step.output], last[from]);
      offset += program.bytes(input);
    }
    joined.add(step.output);
  }

  int root(int slot) {
    int root = slot;
    while (owner[root] != root) {
      root = owner[root];
    }
    return root;
  }

  /** Whether the memory of a slot is neither a constant's nor the caller's. */
  boolean isPlanned(int slot) {
    int root = root(slot);
    return last[root] >= 0
        && !program.constants.containsKey(root)
        && !program.variables.containsKey(root)
        && !program.inputs.containsValue(root)
        && !program.outputs.containsValue(root);
  }

  private void writeInPlace(Step step, int at) {
    if (isDone(step) || !isPlanned(step.output)) {
      return;
    }
    for (int input = 0; input < step.inputs.size(); input++) {
      int from = root(step.inputs.get(input));
      boolean readOnce = step.inputs.stream().filter(other -> root(other) == from).count() == 1;
      if (step.operation.mayOverwrite(input)
          && readOnce
          && isPlanned(from)
          && last[from] == at
          && program.bytes(from) == program.bytes(step.output)) {
        int output = root(step.output);
        owner[output] = from;
        last[from] = last[output];
        return;
      }
    }
  }

  MemoryPlan plan() {
    return MemoryPlan.of(spans);
  }

  /** Bytes that are needed at each step. */
  long[] alive() {
    long[] alive = new long[spanOfStep.length];
    for (MemoryPlan.Span span : spans) {
      for (int at = span.first(); at <= span.last(); at++) {
        alive[at] += span.bytes();
      }
    }
    return alive;
  }

  /** The step that first writes the memory of a slot. */
  int first(int slot) {
    return first[root(slot)];
  }

  long offset(MemoryPlan plan, int slot) {
    long offset = 0;
    for (int at = slot; owner[at] != at; at = owner[at]) {
      offset += shift[at];
    }
    return plan.offset(spanOfSlot[root(slot)]) + offset;
  }

  /** Scratch memory of a step as a part of the block; null where it needs none. */
  Tensor scratch(MemoryPlan plan, Tensor block, Step step) {
    int span = spanOfStep[program.steps.indexOf(step)];
    return span < 0
        ? null
        : block.view(ElementType.U8, Shape.of(spans.get(span).bytes()), plan.offset(span));
  }
}
