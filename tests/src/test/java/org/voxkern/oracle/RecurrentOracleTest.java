package org.voxkern.oracle;

import static org.voxkern.oracle.Torch.assertGradient;
import static org.voxkern.oracle.Torch.assertNear;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Gru;
import org.voxkern.op.Lstm;
import org.voxkern.op.Permute;
import org.voxkern.op.RecurrentTensors;
import org.voxkern.op.RecurrentTensors.Recurrence;
import org.voxkern.op.RecurrentTensors.Role;
import org.voxkern.oracle.Torch.Input;

/** Recurrent layers, forward and backward through time, are libtorch's. */
@ExtendWith(Libtorch.class)
class RecurrentOracleTest {
  private static final long STEPS = 7;
  private static final long BATCH = 3;
  private static final long INPUTS = 5;
  private static final long HIDDEN = 6;
  private static final double BOUND = 1e-5;

  /** The parameters of one direction, as libtorch names them. */
  private record Direction(Input weightIh, Input weightHh, Input biasIh, Input biasHh) {
    static Direction of(Torch inputs, long gates) {
      return new Direction(
          inputs.uniform(Shape.of(gates * HIDDEN, INPUTS)),
          inputs.uniform(Shape.of(gates * HIDDEN, HIDDEN)),
          inputs.uniform(Shape.of(gates * HIDDEN)),
          inputs.uniform(Shape.of(gates * HIDDEN)));
    }

    List<Input> all() {
      return List.of(weightIh, weightHh, biasIh, biasHh);
    }
  }

  private interface Reordering {
    Tensor apply(Tensor tensor, long hidden);
  }

  /** A job that both libraries get. */
  private static final class Job {
    final Recurrence recurrence;
    final long directions;
    final Torch inputs;
    final Input input;
    final Input hidden;
    final Input cell;
    final Input upstream;
    final List<Direction> parameters = new ArrayList<>();

    Job(Torch inputs, long gates, Recurrence recurrence) {
      this.inputs = inputs;
      this.recurrence = recurrence;
      directions = recurrence.directions();
      input = inputs.uniform(Shape.of(STEPS, BATCH, INPUTS));
      hidden = inputs.uniform(Shape.of(directions, BATCH, HIDDEN));
      cell = inputs.uniform(hidden.shape());
      upstream = inputs.uniform(Shape.of(STEPS, BATCH, directions * HIDDEN));
      for (long d = 0; d < directions; d++) {
        parameters.add(Direction.of(inputs, gates));
      }
    }

    TensorVector flat() {
      TensorVector all = new TensorVector();
      for (Direction direction : parameters) {
        for (Input parameter : direction.all()) {
          all.push_back(parameter.theirs());
        }
      }
      return all;
    }

    /** One parameter of every direction, or several after one another: (D, rows, columns). */
    Tensor stacked(List<List<Tensor>> ofEachDirection, long columns) {
      List<Tensor> parts = new ArrayList<>();
      for (List<Tensor> of : ofEachDirection) {
        parts.addAll(of);
      }
      long rows = parts.stream().mapToLong(Tensor::elementCount).sum() / columns / directions;
      float[] values = new float[Math.toIntExact(directions * rows * columns)];
      int at = 0;
      for (Tensor part : parts) {
        float[] piece = part.toFloatArray();
        System.arraycopy(piece, 0, values, at, piece.length);
        at += piece.length;
      }
      return columns == 1
          ? Tensor.of(inputs.context(), values, directions, rows)
          : Tensor.of(inputs.context(), values, directions, rows, columns);
    }

    RecurrentTensors tensors(Reordering fromPyTorch, Shape output, Shape reserve) {
      Tensor weights =
          stacked(parameters.stream().map(p -> List.of(p.weightIh.ours())).toList(), INPUTS);
      Tensor recurrent =
          stacked(parameters.stream().map(p -> List.of(p.weightHh.ours())).toList(), HIDDEN);
      Tensor bias =
          stacked(
              parameters.stream().map(p -> List.of(p.biasIh.ours(), p.biasHh.ours())).toList(), 1);
      return RecurrentTensors.of(
              input.ours(),
              fromPyTorch.apply(weights, HIDDEN),
              fromPyTorch.apply(recurrent, HIDDEN))
          .with(Role.BIAS, fromPyTorch.apply(bias, HIDDEN))
          .with(Role.INITIAL_HIDDEN, hidden.ours())
          .with(Role.OUTPUT, inputs.output(output))
          .with(Role.LAST_HIDDEN, inputs.output(hidden.shape()))
          .with(Role.RESERVE, inputs.output(reserve))
          // libtorch has (T, B, D H), we have (T, D, B, H).
          .with(Role.GRADIENT_OUTPUT, directionsFirst(upstream.ours()));
    }

    RecurrentTensors withGradients(RecurrentTensors tensors) {
      RecurrentTensors all = tensors;
      Role[][] pairs = {
        {Role.INPUT, Role.GRADIENT_INPUT},
        {Role.WEIGHTS, Role.GRADIENT_WEIGHTS},
        {Role.RECURRENT_WEIGHTS, Role.GRADIENT_RECURRENT_WEIGHTS},
        {Role.BIAS, Role.GRADIENT_BIAS},
        {Role.INITIAL_HIDDEN, Role.GRADIENT_INITIAL_HIDDEN},
      };
      for (Role[] pair : pairs) {
        all = all.with(pair[1], inputs.output(tensors.get(pair[0]).shape()));
      }
      return all;
    }

    private Tensor directionsFirst(Tensor tensor) {
      Tensor split = inputs.output(Shape.of(STEPS, BATCH, directions, HIDDEN));
      split.set(tensor);
      Tensor permuted = inputs.output(Shape.of(STEPS, directions, BATCH, HIDDEN));
      Permute.of(0, 2, 1, 3).apply(split, permuted);
      return permuted;
    }

    private Tensor directionsLast(Tensor tensor) {
      Tensor permuted = inputs.output(Shape.of(STEPS, BATCH, directions, HIDDEN));
      Permute.of(0, 2, 1, 3).apply(tensor, permuted);
      return permuted;
    }

    void assertOutputs(
        org.bytedeco.pytorch.Tensor output,
        org.bytedeco.pytorch.Tensor last,
        RecurrentTensors ours) {
      assertNear("output", output, directionsLast(ours.get(Role.OUTPUT)), BOUND);
      assertNear("last hidden state", last, ours.get(Role.LAST_HIDDEN), BOUND);
    }

    void assertGradients(RecurrentTensors ours, Reordering toPyTorch) {
      assertGradient("input", input, ours.get(Role.GRADIENT_INPUT), BOUND);
      assertGradient("initial hidden", hidden, ours.get(Role.GRADIENT_INITIAL_HIDDEN), BOUND);
      Tensor weights = toPyTorch.apply(ours.get(Role.GRADIENT_WEIGHTS), HIDDEN);
      Tensor recurrent = toPyTorch.apply(ours.get(Role.GRADIENT_RECURRENT_WEIGHTS), HIDDEN);
      Tensor bias = toPyTorch.apply(ours.get(Role.GRADIENT_BIAS), HIDDEN);
      for (int d = 0; d < directions; d++) {
        Direction theirs = parameters.get(d);
        assertGradient("weights", theirs.weightIh, part(weights, d, 1), BOUND);
        assertGradient("recurrent weights", theirs.weightHh, part(recurrent, d, 1), BOUND);
        assertGradient("input's bias", theirs.biasIh, part(bias, 2 * d, 2), BOUND);
        assertGradient("recurrence's bias", theirs.biasHh, part(bias, 2 * d + 1, 2), BOUND);
      }
    }

    /** Piece {@code index} of the directions' values, each cut into {@code pieces}. */
    private Tensor part(Tensor tensor, int index, int pieces) {
      float[] values = tensor.toFloatArray();
      int length = values.length / (int) directions / pieces;
      float[] piece = new float[length];
      System.arraycopy(values, index * length, piece, 0, length);
      return Tensor.of(inputs.context(), piece, length);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Recurrence.class,
      names = {"FORWARD", "BIDIRECTIONAL"})
  void lstm(Recurrence recurrence) {
    try (PointerScope pointers = new PointerScope();
        Torch inputs = new Torch(3)) {
      Job job = new Job(inputs, 4, recurrence);
      TensorVector states = new TensorVector();
      states.push_back(job.hidden.theirs());
      states.push_back(job.cell.theirs());
      T_TensorTensorTensor_T theirs =
          torch.lstm(
              job.input.theirs(),
              states,
              job.flat(),
              true,
              1,
              0.0,
              false,
              job.directions == 2,
              false);
      Lstm lstm = Lstm.of(recurrence);
      RecurrentTensors ours =
          job.tensors(
                  Lstm::fromPyTorch,
                  lstm.outputShape(job.input.shape(), HIDDEN),
                  lstm.reserveShape(job.input.shape(), HIDDEN))
              .with(Role.INITIAL_CELL, job.cell.ours())
              .with(Role.LAST_CELL, inputs.output(job.cell.shape()));
      lstm.apply(ours);
      job.assertOutputs(theirs.get0(), theirs.get1(), ours);
      assertNear("last cell", theirs.get2(), ours.get(Role.LAST_CELL), BOUND);

      Torch.backward(theirs.get0(), job.upstream);
      RecurrentTensors gradients =
          job.withGradients(ours).with(Role.GRADIENT_INITIAL_CELL, inputs.output(job.cell.shape()));
      lstm.gradient(gradients);
      job.assertGradients(gradients, Lstm::toPyTorch);
      assertGradient("initial cell", job.cell, gradients.get(Role.GRADIENT_INITIAL_CELL), BOUND);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Recurrence.class,
      names = {"FORWARD", "BIDIRECTIONAL"})
  void gru(Recurrence recurrence) {
    try (PointerScope pointers = new PointerScope();
        Torch inputs = new Torch(4)) {
      Job job = new Job(inputs, 3, recurrence);
      T_TensorTensor_T theirs =
          torch.gru(
              job.input.theirs(),
              job.hidden.theirs(),
              job.flat(),
              true,
              1,
              0.0,
              false,
              job.directions == 2,
              false);
      // PyTorch applies the recurrence's weights and bias before the reset gate.
      Gru gru = Gru.of(recurrence, true);
      RecurrentTensors ours =
          job.tensors(
              Gru::fromPyTorch,
              gru.outputShape(job.input.shape(), HIDDEN),
              gru.reserveShape(job.input.shape(), HIDDEN));
      gru.apply(ours);
      job.assertOutputs(theirs.get0(), theirs.get1(), ours);

      Torch.backward(theirs.get0(), job.upstream);
      RecurrentTensors gradients = job.withGradients(ours);
      gru.gradient(gradients);
      job.assertGradients(gradients, Gru::toPyTorch);
    }
  }
}
