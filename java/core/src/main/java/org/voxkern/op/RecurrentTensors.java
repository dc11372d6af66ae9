package org.voxkern.op;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.voxkern.Context;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.vk_recurrent_tensors;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;

/**
 * The tensors of a recurrent layer, as ONNX has them: T steps, B sequences, I inputs, H hidden
 * units, D directions (1 or 2), G gates (LSTM 4, GRU 3). All f32, or f64 on the reference backend.
 * Instances are immutable.
 */
public final class RecurrentTensors {
  /** In which order the steps of a sequence are taken; in the order of {@code vk_recurrence}. */
  public enum Recurrence {
    FORWARD,
    REVERSE,
    /** Both, each with weights of its own. */
    BIDIRECTIONAL;

    public long directions() {
      return this == BIDIRECTIONAL ? 2 : 1;
    }
  }

  /** What a tensor is to the layer. */
  public enum Role {
    /** (T, B, I). */
    INPUT,
    /** (D, G H, I). */
    WEIGHTS,
    /** (D, G H, H). */
    RECURRENT_WEIGHTS,
    /** (D, 2 G H), those of the input before those of the recurrence; optional. */
    BIAS,
    /** (D, 3 H), of the gates input, output, forget; LSTM only, optional. */
    PEEPHOLES,
    /** (B) i32: steps of each sequence, 0 to T; optional. */
    LENGTHS,
    /** (D, B, H); zeros where it is not given. */
    INITIAL_HIDDEN,
    /** (D, B, H); LSTM only, zeros where it is not given. */
    INITIAL_CELL,
    /** (T, D, B, H): written by the forward run, 0 beyond a sequence's length. */
    OUTPUT,
    /** (D, B, H): written by the forward run, the state after the last step. */
    LAST_HIDDEN,
    /** (D, B, H): the same, LSTM only. */
    LAST_CELL,
    /** (T, D, B, (G + 1) H): written by the forward run for the gradient; optional there. */
    RESERVE,
    /** Of the loss with respect to the output; zeros where it is not given. */
    GRADIENT_OUTPUT,
    GRADIENT_LAST_HIDDEN,
    GRADIENT_LAST_CELL,
    /** Written by the gradient where it is given, like those below. */
    GRADIENT_INPUT,
    GRADIENT_WEIGHTS,
    GRADIENT_RECURRENT_WEIGHTS,
    GRADIENT_BIAS,
    GRADIENT_PEEPHOLES,
    GRADIENT_INITIAL_HIDDEN,
    GRADIENT_INITIAL_CELL
  }

  private final Map<Role, Tensor> tensors;

  private RecurrentTensors(Map<Role, Tensor> tensors) {
    this.tensors = tensors;
  }

  /** What every layer needs; the rest is added by {@link #with}. */
  public static RecurrentTensors of(Tensor input, Tensor weights, Tensor recurrentWeights) {
    return new RecurrentTensors(new EnumMap<>(Role.class))
        .with(Role.INPUT, Objects.requireNonNull(input, "input"))
        .with(Role.WEIGHTS, Objects.requireNonNull(weights, "weights"))
        .with(Role.RECURRENT_WEIGHTS, Objects.requireNonNull(recurrentWeights, "recurrentWeights"));
  }

  /** The same tensors with another one; null leaves it out. */
  public RecurrentTensors with(Role role, Tensor tensor) {
    Map<Role, Tensor> more = new EnumMap<>(Role.class);
    more.putAll(tensors);
    more.remove(role);
    if (tensor != null) {
      more.put(role, tensor);
    }
    return new RecurrentTensors(more);
  }

  /** Null if it is left out. */
  public Tensor get(Role role) {
    return tensors.get(role);
  }

  Context context() {
    return get(Role.INPUT).context();
  }

  /** (T, D, B, width). */
  static Shape perStep(String layer, Shape input, Recurrence recurrence, long width) {
    if (input.rank() != 3) {
      throw new IllegalArgumentException(layer + ": input " + input + ", expected (T, B, I)");
    }
    return Shape.of(input.size(0), recurrence.directions(), input.size(1), width);
  }

  vk_recurrent_tensors fill(NativeCall call) {
    vk_recurrent_tensors views = call.own(new vk_recurrent_tensors());
    return views
        .struct_size(views.sizeof())
        .input(view(call, Role.INPUT))
        .weights(view(call, Role.WEIGHTS))
        .recurrent_weights(view(call, Role.RECURRENT_WEIGHTS))
        .bias(view(call, Role.BIAS))
        .peepholes(view(call, Role.PEEPHOLES))
        .lengths(view(call, Role.LENGTHS))
        .initial_hidden(view(call, Role.INITIAL_HIDDEN))
        .initial_cell(view(call, Role.INITIAL_CELL))
        .output(view(call, Role.OUTPUT))
        .last_hidden(view(call, Role.LAST_HIDDEN))
        .last_cell(view(call, Role.LAST_CELL))
        .reserve(view(call, Role.RESERVE))
        .gradient_output(view(call, Role.GRADIENT_OUTPUT))
        .gradient_last_hidden(view(call, Role.GRADIENT_LAST_HIDDEN))
        .gradient_last_cell(view(call, Role.GRADIENT_LAST_CELL))
        .gradient_input(view(call, Role.GRADIENT_INPUT))
        .gradient_weights(view(call, Role.GRADIENT_WEIGHTS))
        .gradient_recurrent_weights(view(call, Role.GRADIENT_RECURRENT_WEIGHTS))
        .gradient_bias(view(call, Role.GRADIENT_BIAS))
        .gradient_peepholes(view(call, Role.GRADIENT_PEEPHOLES))
        .gradient_initial_hidden(view(call, Role.GRADIENT_INITIAL_HIDDEN))
        .gradient_initial_cell(view(call, Role.GRADIENT_INITIAL_CELL));
  }

  private vk_view view(NativeCall call, Role role) {
    return call.view(tensors.get(role));
  }

  /**
   * A copy, in the innermost scope, whose gates stand in another order: each run of {@code
   * order.length} gates has the old gate {@code order[i]} at i.
   */
  static Tensor reordered(String layer, Tensor tensor, long hidden, int... order) {
    Shape shape = tensor.shape();
    long last = shape.rank() == 3 ? shape.size(2) : 1;
    long rows = shape.elementCount() / Math.max(1, last);
    if (hidden < 1 || last == 0 || shape.rank() > 3 || rows % (order.length * hidden) != 0) {
      throw new IllegalArgumentException(
          layer
              + ": "
              + shape
              + " is no run of "
              + order.length
              + " gates of "
              + hidden
              + " hidden units: expected (D, gates H, columns) or (D, gates H)");
    }
    Tensor result = Tensor.uninitialized(tensor.context(), tensor.type(), shape);
    Shape one = Shape.of(hidden, last);
    long bytes = one.elementCount() * tensor.type().bytes();
    long gates = rows / hidden;
    for (long gate = 0; gate < gates; gate++) {
      long from = gate / order.length * order.length + order[(int) (gate % order.length)];
      result
          .view(tensor.type(), one, gate * bytes)
          .set(tensor.view(tensor.type(), one, from * bytes));
    }
    return result;
  }
}
