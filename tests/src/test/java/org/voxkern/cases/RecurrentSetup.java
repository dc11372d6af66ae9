package org.voxkern.cases;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.Consumer;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.RecurrentTensors;
import org.voxkern.op.RecurrentTensors.Recurrence;
import org.voxkern.op.RecurrentTensors.Role;

/** Cases of lstm and gru: the same tensors, forward and back. */
final class RecurrentSetup {
  private final Case test;
  private final long gates;
  private final boolean hasCell;
  private final Map<Role, Input> inputs = new EnumMap<>(Role.class);
  private final Shape states;
  private final Shape outputs;
  private final Shape reserve;
  private final String way;

  RecurrentSetup(Case test, long gates, boolean hasCell) {
    this.test = test;
    this.gates = gates;
    this.hasCell = hasCell;
    CaseLine line = test.line();
    way = line.word("way", "forward");
    long directions = way.equals("both") ? 2 : 1;
    long steps = line.integer("steps", 1);
    long batch = line.integer("n", 1);
    long in = line.integer("in", 1);
    long hidden = line.integer("hidden", 1);
    long rows = gates * hidden;
    states = Shape.of(directions, batch, hidden);
    outputs = Shape.of(steps, directions, batch, hidden);
    reserve = Shape.of(steps, directions, batch, (gates + 1) * hidden);
    double scale = line.number("scale", 0.7);
    test.spoil(add(Role.INPUT, "input", Shape.of(steps, batch, in), 1));
    add(Role.WEIGHTS, "weights", Shape.of(directions, rows, in), scale);
    add(Role.RECURRENT_WEIGHTS, "recurrent_weights", Shape.of(directions, rows, hidden), scale);
    if (line.flag("bias", false)) {
      add(Role.BIAS, "bias", Shape.of(directions, 2 * rows), 0.5);
    }
    if (hasCell && line.flag("peepholes", false)) {
      add(Role.PEEPHOLES, "peepholes", Shape.of(directions, 3 * hidden), 0.5);
    }
    if (line.flag("initial", false)) {
      add(Role.INITIAL_HIDDEN, "initial_hidden", states, 1);
      if (hasCell) {
        add(Role.INITIAL_CELL, "initial_cell", states, 1);
      }
    }
    if (line.has("lengths")) {
      double[] given = line.numbers("lengths", (int) batch, 0);
      Input lengths = test.input("lengths", ElementType.I32, Shape.of(batch));
      for (int i = 0; i < given.length; i++) {
        lengths.set(i, given[i]);
      }
      inputs.put(Role.LENGTHS, lengths);
    }
  }

  Recurrence recurrence() {
    return switch (way) {
      case "forward" -> Recurrence.FORWARD;
      case "reverse" -> Recurrence.REVERSE;
      case "both" -> Recurrence.BIDIRECTIONAL;
      default -> throw new IllegalArgumentException("way=" + way);
    };
  }

  private Input add(Role role, String name, Shape shape, double range) {
    Input input = test.uniform(name, shape, -range, range);
    inputs.put(role, input);
    return input;
  }

  private RecurrentTensors tensors(Call call) {
    RecurrentTensors tensors =
        RecurrentTensors.of(
            call.tensor(inputs.get(Role.INPUT)),
            call.tensor(inputs.get(Role.WEIGHTS)),
            call.tensor(inputs.get(Role.RECURRENT_WEIGHTS)));
    for (Map.Entry<Role, Input> each : inputs.entrySet()) {
      if (tensors.get(each.getKey()) == null) {
        tensors = tensors.with(each.getKey(), call.tensor(each.getValue()));
      }
    }
    return tensors;
  }

  void checkForward(Consumer<RecurrentTensors> layer) {
    boolean reserves = test.line().flag("reserve", false);
    Bound bound = new Bound(0, 1e-5, 0, 0);
    test.run(
        call -> {
          RecurrentTensors tensors =
              tensors(call)
                  .with(Role.OUTPUT, call.output("output", test.type(), outputs, bound))
                  .with(Role.LAST_HIDDEN, call.output("last_hidden", test.type(), states, bound));
          if (hasCell) {
            Tensor cell = call.output("last_cell", test.type(), states, bound);
            tensors = tensors.with(Role.LAST_CELL, cell);
          }
          if (reserves) {
            Tensor kept = call.output("reserve", test.type(), reserve, bound);
            tensors = tensors.with(Role.RESERVE, kept);
          }
          layer.accept(tensors);
        });
  }

  /** The forward run of the same context leaves what the gradient reads. */
  void checkGradient(Consumer<RecurrentTensors> layer, Consumer<RecurrentTensors> gradient) {
    boolean last = test.line().flag("last", true);
    // Here the gates come from each context's own forward run; sums as large as such weights make
    // them are rounded more coarsely.
    Bound bound = new Bound(0, 1e-5, 5e-5 * Math.max(1, test.line().number("scale", 0.7) / 10), 0);
    Input ofOutput = test.uniform("of_output", outputs, -1, 1);
    Input ofHidden = test.uniform("of_last_hidden", states, -1, 1);
    Input ofCell = test.uniform("of_last_cell", states, -1, 1);
    String broken = test.line().word("break", "");
    if (broken.startsWith("reserve:") || broken.startsWith("output:")) {
      throw new org.opentest4j.TestAbortedException("here the forward run makes it");
    }
    test.run(
        call -> {
          RecurrentTensors tensors =
              tensors(call)
                  .with(Role.OUTPUT, scratch(call, outputs))
                  .with(Role.RESERVE, scratch(call, reserve))
                  .with(Role.LAST_HIDDEN, scratch(call, states));
          if (hasCell) {
            tensors = tensors.with(Role.LAST_CELL, scratch(call, states));
          }
          layer.accept(tensors);
          tensors = tensors.with(Role.GRADIENT_OUTPUT, call.tensor(ofOutput));
          if (last) {
            tensors = tensors.with(Role.GRADIENT_LAST_HIDDEN, call.tensor(ofHidden));
            if (hasCell) {
              tensors = tensors.with(Role.GRADIENT_LAST_CELL, call.tensor(ofCell));
            }
          }
          for (Role role : inputs.keySet()) {
            if (role != Role.LENGTHS) {
              Tensor tensor =
                  call.output("d " + role, test.type(), inputs.get(role).shape(), bound);
              tensors = tensors.with(Role.valueOf("GRADIENT_" + role), tensor);
            }
          }
          gradient.accept(tensors);
        });
  }

  private Tensor scratch(Call call, Shape shape) {
    return Tensor.uninitialized(call.context(), test.type(), shape);
  }
}
