package org.voxkern.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.voxkern.Context;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Gru;
import org.voxkern.op.Lstm;
import org.voxkern.op.RecurrentTensors;
import org.voxkern.op.RecurrentTensors.Recurrence;
import org.voxkern.op.RecurrentTensors.Role;

/**
 * One layer of {@link Lstm} or {@link Gru} in one direction, as PyTorch has it: input (T, B, I),
 * then weights (G H, I), recurrent weights (G H, H) and the biases of both (G H), their G gates in
 * PyTorch's order, and maybe the initial states (B, H), hidden and with LSTM the cell. The output
 * is (T, B, H); further ones are the last states (B, H) and what the gradient needs.
 *
 * @param reverse whether the last step of a sequence is the first that is taken
 * @param initial whether the initial states are given; they are zeros otherwise
 */
public record Recurrent(Kind kind, boolean reverse, boolean initial) implements Operation {
  /** A layer's cell. */
  public enum Kind {
    LSTM(4, Role.LAST_HIDDEN, Role.LAST_CELL) {
      @Override
      void apply(Recurrence recurrence, RecurrentTensors tensors) {
        Lstm.of(recurrence).apply(tensors);
      }

      @Override
      void gradient(Recurrence recurrence, RecurrentTensors tensors) {
        Lstm.of(recurrence).gradient(tensors);
      }

      @Override
      Tensor fromPyTorch(Tensor tensor, long hidden) {
        return Lstm.fromPyTorch(tensor, hidden);
      }

      @Override
      Tensor toPyTorch(Tensor tensor, long hidden) {
        return Lstm.toPyTorch(tensor, hidden);
      }
    },
    GRU(3, Role.LAST_HIDDEN) {
      @Override
      void apply(Recurrence recurrence, RecurrentTensors tensors) {
        Gru.of(recurrence, true).apply(tensors);
      }

      @Override
      void gradient(Recurrence recurrence, RecurrentTensors tensors) {
        Gru.of(recurrence, true).gradient(tensors);
      }

      @Override
      Tensor fromPyTorch(Tensor tensor, long hidden) {
        return Gru.fromPyTorch(tensor, hidden);
      }

      @Override
      Tensor toPyTorch(Tensor tensor, long hidden) {
        return Gru.toPyTorch(tensor, hidden);
      }
    };

    final long gates;
    final List<Role> states;

    Kind(long gates, Role... states) {
      this.gates = gates;
      this.states = List.of(states);
    }

    abstract void apply(Recurrence recurrence, RecurrentTensors tensors);

    abstract void gradient(Recurrence recurrence, RecurrentTensors tensors);

    abstract Tensor fromPyTorch(Tensor tensor, long hidden);

    abstract Tensor toPyTorch(Tensor tensor, long hidden);

    /** How many states a cell has: the further outputs from 1 on are the last of them. */
    public int stateCount() {
      return states.size();
    }

    /** The further output that the gradient needs. */
    int reserve() {
      return 1 + states.size();
    }
  }

  /** Inputs before the initial states. */
  private static final int PARAMETERS_END = 5;

  private static final List<Role> INITIAL = List.of(Role.INITIAL_HIDDEN, Role.INITIAL_CELL);

  private static final List<Role> GRADIENT_INITIAL =
      List.of(Role.GRADIENT_INITIAL_HIDDEN, Role.GRADIENT_INITIAL_CELL);

  /** Of the output and the states. */
  private static final List<Role> UPSTREAM =
      List.of(Role.GRADIENT_OUTPUT, Role.GRADIENT_LAST_HIDDEN, Role.GRADIENT_LAST_CELL);

  private Recurrence recurrence() {
    return reverse ? Recurrence.REVERSE : Recurrence.FORWARD;
  }

  @Override
  public String type() {
    return kind == Kind.LSTM ? "lstm" : "gru";
  }

  @Override
  public SymbolicShape outputShape(List<SymbolicShape> inputs) {
    SymbolicShape input = inputs.get(0);
    Convolution.require(input.rank() == 3, "expected (T, B, I)");
    long gates = inputs.get(2).known(0);
    long hidden = gates / kind.gates;
    boolean fits =
        inputs.get(1).rank() == 2
            && inputs.get(1).size(0).is(gates)
            && inputs.get(1).size(1).compare(input.size(2)) != Size.Relation.DIFFERENT
            && inputs.get(2).equals(SymbolicShape.of(kind.gates * hidden, hidden))
            && inputs.get(3).equals(SymbolicShape.of(gates))
            && inputs.get(4).equals(SymbolicShape.of(gates));
    Convolution.require(
        fits,
        "expected weights (G H, I), recurrent ones (G H, H) and two biases (G H), G = "
            + kind.gates);
    SymbolicShape state = SymbolicShape.of(input.size(1), Size.of(hidden));
    for (int index = PARAMETERS_END; index < inputCount(); index++) {
      SymbolicShape given = inputs.get(index);
      Convolution.require(
          given.rank() == 2
              && given.size(0).compare(state.size(0)) != Size.Relation.DIFFERENT
              && given.size(1).compare(state.size(1)) != Size.Relation.DIFFERENT,
          "expected initial states " + state);
    }
    return SymbolicShape.of(input.size(0), input.size(1), Size.of(hidden));
  }

  private int inputCount() {
    return PARAMETERS_END + (initial ? kind.stateCount() : 0);
  }

  @Override
  public List<SymbolicShape> furtherShapes(List<SymbolicShape> inputs) {
    SymbolicShape output = outputShape(inputs);
    long reserved = (kind.gates + 1) * output.known(2);
    SymbolicShape last = SymbolicShape.of(output.size(1), output.size(2));
    List<SymbolicShape> shapes = new ArrayList<>(Collections.nCopies(kind.states.size(), last));
    shapes.add(SymbolicShape.of(output.size(0), Size.of(1), output.size(1), Size.of(reserved)));
    return shapes;
  }

  @Override
  public void run(List<Tensor> inputs, Tensor output) {
    Tensor[] outputs = new Tensor[1 + kind.reserve()];
    outputs[0] = output;
    run(inputs, Arrays.asList(outputs));
  }

  @Override
  public void run(List<Tensor> inputs, List<Tensor> outputs) {
    try (Scope scope = Scope.open(inputs.get(0).context())) {
      Shape all = outputs.get(0).shape();
      Shape last = Shape.of(1, all.size(1), all.size(2));
      RecurrentTensors tensors =
          arguments(inputs)
              .with(Role.OUTPUT, withDirection(outputs.get(0)))
              .with(Role.RESERVE, outputs.get(kind.reserve()));
      for (int state = 0; state < kind.states.size(); state++) {
        tensors =
            tensors.with(
                kind.states.get(state), state(outputs.get(1 + state), outputs.get(0), last));
      }
      kind.apply(recurrence(), tensors);
    }
  }

  /** The kernel writes last states whether they are wanted or not. */
  private static Tensor state(Tensor wanted, Tensor output, Shape shape) {
    return wanted == null
        ? Tensor.uninitialized(output.context(), output.type(), shape)
        : withOne(wanted);
  }

  /** In the order and the shapes of the kernel. */
  private RecurrentTensors arguments(List<Tensor> inputs) {
    long hidden = inputs.get(2).shape().size(1);
    RecurrentTensors tensors =
        RecurrentTensors.of(
                inputs.get(0),
                kind.fromPyTorch(withOne(inputs.get(1)), hidden),
                kind.fromPyTorch(withOne(inputs.get(2)), hidden))
            .with(Role.BIAS, kind.fromPyTorch(joined(inputs.get(3), inputs.get(4)), hidden));
    for (int input = PARAMETERS_END; input < inputCount(); input++) {
      tensors = tensors.with(INITIAL.get(input - PARAMETERS_END), withOne(inputs.get(input)));
    }
    return tensors;
  }

  /** (1, ...), in the same memory. */
  private static Tensor withOne(Tensor tensor) {
    return tensor.view(tensor.type(), tensor.shape().prepend(1), 0);
  }

  /** (T, B, H) as (T, 1, B, H), in the same memory. */
  private static Tensor withDirection(Tensor perStep) {
    Shape shape = perStep.shape();
    Shape four = Shape.of(shape.size(0), 1, shape.size(1), shape.size(2));
    return perStep.view(perStep.type(), four, 0);
  }

  /** The biases as (1, 2 G H). */
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
    operands.add(backward.output(kind.reserve()));
    List<Role> upstream = new ArrayList<>();
    for (int output = 0; output < kind.reserve(); output++) {
      if (backward.upstream(output) != null) {
        upstream.add(UPSTREAM.get(output));
        operands.add(backward.upstream(output));
      }
    }
    Value first =
        backward.apply(
            GradientOperation.of(
                type() + "_gradient",
                (in, out) -> gradient(upstream, in, out),
                IntStream.range(0, inputCount()).boxed().toArray(Integer[]::new)),
            operands.toArray(new Value[0]));
    Value[] gradients = backward.none();
    for (int input = 0; input < gradients.length; input++) {
      gradients[input] = !backward.wanted(input) ? null : input == 0 ? first : first.further(input);
    }
    return Backward.all(gradients);
  }

  private void gradient(List<Role> upstream, List<Tensor> inputs, List<Tensor> outputs) {
    try (Scope scope = Scope.open(inputs.get(0).context())) {
      RecurrentTensors tensors =
          arguments(inputs)
              .with(Role.OUTPUT, withDirection(inputs.get(inputCount())))
              .with(Role.RESERVE, inputs.get(inputCount() + 1))
              .with(Role.GRADIENT_INPUT, outputs.get(0));
      for (int input = PARAMETERS_END; input < inputCount(); input++) {
        Tensor wanted = outputs.get(input);
        Role role = GRADIENT_INITIAL.get(input - PARAMETERS_END);
        tensors = tensors.with(role, wanted == null ? null : withOne(wanted));
      }
      for (int i = 0; i < upstream.size(); i++) {
        Tensor given = inputs.get(inputCount() + 2 + i);
        boolean perStep = upstream.get(i) == Role.GRADIENT_OUTPUT;
        tensors = tensors.with(upstream.get(i), perStep ? withDirection(given) : withOne(given));
      }
      Tensor weights = like(tensors.get(Role.WEIGHTS), outputs.get(1));
      Tensor recurrent = like(tensors.get(Role.RECURRENT_WEIGHTS), outputs.get(2));
      boolean biased = outputs.get(3) != null || outputs.get(4) != null;
      Tensor bias = biased ? like(tensors.get(Role.BIAS), inputs.get(3)) : null;
      kind.gradient(
          recurrence(),
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
  private void put(Tensor gradient, long hidden, long part, Tensor to) {
    if (to != null) {
      Tensor reordered = kind.toPyTorch(gradient, hidden);
      to.set(reordered.view(to.type(), to.shape(), part * to.byteCount()));
    }
  }
}
