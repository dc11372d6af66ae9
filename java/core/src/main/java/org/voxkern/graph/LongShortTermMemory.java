package org.voxkern.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.voxkern.Context;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Lstm;
import org.voxkern.op.RecurrentTensors;
import org.voxkern.op.RecurrentTensors.Recurrence;
import org.voxkern.op.RecurrentTensors.Role;

/**
 * One layer of {@link Lstm}, forward in time: input (T, B, I), then weights (4 H, I), recurrent
 * weights (4 H, H) and the biases of both (4 H), their gates in PyTorch's order. The output is (T,
 * B, H); further ones are the last hidden state and the last cell (B, H), and what the gradient
 * needs.
 */
record LongShortTermMemory() implements Operation {
  private static final int LAST_HIDDEN = 1;
  private static final int LAST_CELL = 2;
  private static final int RESERVE = 3;
  private static final Lstm LSTM = Lstm.of(Recurrence.FORWARD);

  @Override
  public String type() {
    return "lstm";
  }

  @Override
  public SymbolicShape outputShape(List<SymbolicShape> inputs) {
    SymbolicShape input = inputs.get(0);
    Convolution.require(input.rank() == 3, "expected (T, B, I)");
    long gates = inputs.get(2).known(0);
    long hidden = gates / 4;
    boolean fits =
        inputs.get(1).rank() == 2
            && inputs.get(1).size(0).is(gates)
            && inputs.get(1).size(1).compare(input.size(2)) != Size.Relation.DIFFERENT
            && inputs.get(2).equals(SymbolicShape.of(4 * hidden, hidden))
            && inputs.get(3).equals(SymbolicShape.of(gates))
            && inputs.get(4).equals(SymbolicShape.of(gates));
    Convolution.require(
        fits, "expected weights (4 H, I), recurrent ones (4 H, H) and two biases (4 H)");
    return SymbolicShape.of(input.size(0), input.size(1), Size.of(hidden));
  }

  @Override
  public List<SymbolicShape> furtherShapes(List<SymbolicShape> inputs) {
    SymbolicShape output = outputShape(inputs);
    long hidden = output.known(2);
    SymbolicShape last = SymbolicShape.of(output.size(1), output.size(2));
    return List.of(
        last,
        last,
        SymbolicShape.of(output.size(0), Size.of(1), output.size(1), Size.of(5 * hidden)));
  }

  @Override
  public void run(List<Tensor> inputs, Tensor output) {
    run(inputs, Arrays.asList(output, null, null, null));
  }

  @Override
  public void run(List<Tensor> inputs, List<Tensor> outputs) {
    try (Scope scope = Scope.open(inputs.get(0).context())) {
      Shape all = outputs.get(0).shape();
      Shape last = Shape.of(1, all.size(1), all.size(2));
      LSTM.apply(
          arguments(inputs)
              .with(Role.OUTPUT, withDirection(outputs.get(0)))
              .with(Role.LAST_HIDDEN, state(outputs.get(LAST_HIDDEN), outputs.get(0), last))
              .with(Role.LAST_CELL, state(outputs.get(LAST_CELL), outputs.get(0), last))
              .with(Role.RESERVE, outputs.get(RESERVE)));
    }
  }

  /** The kernel writes last states whether they are wanted or not. */
  private static Tensor state(Tensor wanted, Tensor output, Shape shape) {
    return wanted == null
        ? Tensor.uninitialized(output.context(), output.type(), shape)
        : withOne(wanted);
  }

  /** In the order and the shapes of {@link Lstm}. */
  private static RecurrentTensors arguments(List<Tensor> inputs) {
    long hidden = inputs.get(2).shape().size(1);
    return RecurrentTensors.of(
            inputs.get(0),
            Lstm.fromPyTorch(withOne(inputs.get(1)), hidden),
            Lstm.fromPyTorch(withOne(inputs.get(2)), hidden))
        .with(Role.BIAS, Lstm.fromPyTorch(joined(inputs.get(3), inputs.get(4)), hidden));
  }

  /** (1, ...), in the same memory. */
  private static Tensor withOne(Tensor tensor) {
    if (tensor == null) {
      return null;
    }
    long[] sizes = new long[tensor.shape().rank() + 1];
    sizes[0] = 1;
    System.arraycopy(tensor.shape().toArray(), 0, sizes, 1, sizes.length - 1);
    return tensor.view(tensor.type(), Shape.of(sizes), 0);
  }

  /** (T, B, H) as (T, 1, B, H), in the same memory. */
  private static Tensor withDirection(Tensor perStep) {
    if (perStep == null) {
      return null;
    }
    Shape shape = perStep.shape();
    Shape four = Shape.of(shape.size(0), 1, shape.size(1), shape.size(2));
    return perStep.view(perStep.type(), four, 0);
  }

  /** The biases as (1, 8 H). */
  private static Tensor joined(Tensor ofInput, Tensor ofRecurrence) {
    Context context = ofInput.context();
    long gates = ofInput.elementCount();
    Tensor both = Tensor.uninitialized(context, ofInput.type(), Shape.of(1, 2 * gates));
    both.view(both.type(), ofInput.shape(), 0).set(ofInput);
    both.view(both.type(), ofRecurrence.shape(), ofInput.byteCount()).set(ofRecurrence);
    return both;
  }

  @Override
  public List<Value> gradient(Backward backward) {
    List<Value> operands = new ArrayList<>();
    for (int input = 0; input < backward.inputCount(); input++) {
      operands.add(backward.input(input));
    }
    operands.add(backward.output());
    operands.add(backward.output(RESERVE));
    List<Role> upstream = new ArrayList<>();
    for (int output = 0; output < RESERVE; output++) {
      if (backward.upstream(output) != null) {
        upstream.add(UPSTREAM.get(output));
        operands.add(backward.upstream(output));
      }
    }
    Value first =
        backward.apply(
            GradientOperation.of(
                "lstm_gradient", (in, out) -> gradient(upstream, in, out), 0, 1, 2, 3, 4),
            operands.toArray(new Value[0]));
    Value[] gradients = backward.none();
    for (int input = 0; input < gradients.length; input++) {
      gradients[input] = !backward.wanted(input) ? null : input == 0 ? first : first.further(input);
    }
    return Backward.all(gradients);
  }

  private static final List<Role> UPSTREAM =
      List.of(Role.GRADIENT_OUTPUT, Role.GRADIENT_LAST_HIDDEN, Role.GRADIENT_LAST_CELL);

  private static void gradient(List<Role> upstream, List<Tensor> inputs, List<Tensor> outputs) {
    try (Scope scope = Scope.open(inputs.get(0).context())) {
      RecurrentTensors tensors =
          arguments(inputs)
              .with(Role.OUTPUT, withDirection(inputs.get(5)))
              .with(Role.RESERVE, inputs.get(6))
              .with(Role.GRADIENT_INPUT, outputs.get(0));
      for (int i = 0; i < upstream.size(); i++) {
        Tensor given = inputs.get(7 + i);
        boolean perStep = upstream.get(i) == Role.GRADIENT_OUTPUT;
        tensors = tensors.with(upstream.get(i), perStep ? withDirection(given) : withOne(given));
      }
      Tensor weights = like(tensors.get(Role.WEIGHTS), outputs.get(1));
      Tensor recurrent = like(tensors.get(Role.RECURRENT_WEIGHTS), outputs.get(2));
      boolean biased = outputs.get(3) != null || outputs.get(4) != null;
      Tensor bias = biased ? like(tensors.get(Role.BIAS), inputs.get(3)) : null;
      LSTM.gradient(
          tensors
              .with(Role.GRADIENT_WEIGHTS, weights)
              .with(Role.GRADIENT_RECURRENT_WEIGHTS, recurrent)
              .with(Role.GRADIENT_BIAS, bias));
      long hidden = inputs.get(2).shape().size(1);
      put(weights, hidden, 0, outputs.get(1));
      put(recurrent, hidden, 0, outputs.get(2));
      put(bias, hidden, 0, outputs.get(3));
      put(bias, hidden, 1, outputs.get(4));
    }
  }

  private static Tensor like(Tensor tensor, Tensor wanted) {
    return wanted == null
        ? null
        : Tensor.uninitialized(tensor.context(), tensor.type(), tensor.shape());
  }

  /** Copies a part of what the kernel wrote, in PyTorch's order, where it is wanted. */
  private static void put(Tensor gradient, long hidden, long part, Tensor to) {
    if (to != null) {
      Tensor reordered = Lstm.toPyTorch(gradient, hidden);
      to.set(reordered.view(to.type(), to.shape(), part * to.byteCount()));
    }
  }
}
