package org.voxkern.graph;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.voxkern.Context;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Program.Step;
import org.voxkern.op.Slice;

/**
 * Makes some of a value's channels alone: by convolutions of those output channels, and by what
 * works on each channel by itself.
 */
final class ChannelCut {
  /** Channels that the convolutions' kernels work on together. */
  private static final long BUNDLE = 16;

  private final Context context;
  private final Program program;
  private final List<Tensor> made = new ArrayList<>();
  private final Set<Step> done = new LinkedHashSet<>();

  ChannelCut(Context context, Program program) {
    this.context = context;
    this.program = program;
  }

  /** About half of the channels; all of them where they are too few. */
  static long half(long channels) {
    return Math.min(channels, (channels / 2 + BUNDLE - 1) / BUNDLE * BUNDLE);
  }

  /** The steps that were replaced. */
  Set<Step> done() {
    return done;
  }

  /** Lets the constants that were cut live as long as a scope. */
  void keep(Scope scope) {
    made.forEach(tensor -> tensor.moveTo(scope));
  }

  /** Whether a slot's channels can be made one by one; one step alone may read it. */
  boolean isPossible(int slot) {
    Step step = program.onlyFor(slot);
    if (step == null || step.written().size() > 1) {
      return false;
    }
    List<Integer> parameters = step.inputs.subList(1, step.inputs.size());
    if (step.operation instanceof Convolution convolution) {
      return convolution.convolution().groups() == 1
          && isPossible(parameters, convolution.residual());
    }
    if (step.operation instanceof TransposedConvolution convolution) {
      return convolution.convolution().groups() == 1
          && isPossible(parameters, convolution.residual());
    }
    if (step.operation instanceof Normalizations.Group norm) {
      return norm.groups() == program.shapes.get(slot).size(1)
          && isPossible(parameters, false)
          && isPossible(step.inputs.get(0));
    }
    return step.operation instanceof Elementwise.Activate && isPossible(step.inputs.get(0));
  }

  private boolean isPossible(List<Integer> parameters, boolean residual) {
    int last = parameters.size() - (residual ? 1 : 0);
    return program.constants.keySet().containsAll(parameters.subList(0, last))
        && (!residual || isPossible(parameters.get(last)));
  }

  /**
   * Adds the steps that make {@code count} of a slot's channels from {@code from} on.
   *
   * @param first whether they are the first part, and have names of their own
   * @return their output
   */
  int output(int slot, long from, long count, boolean first, List<Step> into) {
    Step step = program.onlyFor(slot);
    done.add(step);
    List<Integer> inputs = new ArrayList<>(step.inputs);
    Operation operation = step.operation;
    if (operation instanceof Convolution convolution) {
      parameters(step, inputs, 0, convolution.residual(), from, count, first, into);
    } else if (operation instanceof TransposedConvolution convolution) {
      parameters(step, inputs, 1, convolution.residual(), from, count, first, into);
    } else {
      inputs.set(0, output(step.inputs.get(0), from, count, first, into));
      if (operation instanceof Normalizations.Group norm) {
        operation =
            new Normalizations.Group(count, norm.epsilon(), norm.affine(), norm.activation());
        for (int input = 1; input < inputs.size(); input++) {
          inputs.set(input, constant(step.inputs.get(input), 0, from, count));
        }
      }
    }
    long[] sizes = program.shapes.get(slot).toArray();
    sizes[1] = count;
    int output = program.slot(program.types.get(slot), Shape.of(sizes));
    List<Integer> outputs = new ArrayList<>(step.outputs);
    outputs.set(0, output);
    into.add(new Step(first ? program.partName(step.name) : step.name, operation, inputs, outputs));
    return output;
  }

  /** Of a convolution: weights, bias and residual. */
  private void parameters(
      Step step,
      List<Integer> inputs,
      int axis,
      boolean residual,
      long from,
      long count,
      boolean first,
      List<Step> into) {
    inputs.set(1, constant(step.inputs.get(1), axis, from, count));
    int last = inputs.size() - 1;
    if (residual) {
      inputs.set(last, output(step.inputs.get(last), from, count, first, into));
    }
    if (inputs.size() > (residual ? 3 : 2)) {
      inputs.set(2, constant(step.inputs.get(2), 0, from, count));
    }
  }

  /** A part of a constant along an axis, as a constant. */
  int constant(int slot, int axis, long from, long count) {
    Tensor whole = program.constants.get(slot);
    long[] start = new long[whole.shape().rank()];
    long[] sizes = whole.shape().toArray();
    start[axis] = from;
    sizes[axis] = count;
    Tensor part = Tensor.uninitialized(context, whole.type(), Shape.of(sizes));
    Slice.of(start, sizes).apply(whole, part);
    made.add(part);
    return program.constant(part);
  }
}
