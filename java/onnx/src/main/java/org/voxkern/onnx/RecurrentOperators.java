package org.voxkern.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.voxkern.ElementType;
import org.voxkern.Tensor;
import org.voxkern.graph.Size;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Value;
import org.voxkern.onnx.Operators.Mapper;
import org.voxkern.op.Gru;
import org.voxkern.op.Lstm;
import org.voxkern.op.RecurrentTensors;
import org.voxkern.op.RecurrentTensors.Recurrence;
import org.voxkern.op.RecurrentTensors.Role;

/** LSTM and GRU. */
final class RecurrentOperators {
  /** What inputs are, in ONNX's order. */
  private static final List<Role> INPUTS =
      List.of(
          Role.INPUT,
          Role.WEIGHTS,
          Role.RECURRENT_WEIGHTS,
          Role.BIAS,
          Role.LENGTHS,
          Role.INITIAL_HIDDEN,
          Role.INITIAL_CELL,
          Role.PEEPHOLES);

  private static final List<Role> OUTPUTS = List.of(Role.OUTPUT, Role.LAST_HIDDEN, Role.LAST_CELL);

  private RecurrentOperators() {}

  static void addTo(Map<String, Mapper> operators) {
    operators.put("LSTM", RecurrentOperators::lstm);
    operators.put("GRU", RecurrentOperators::gru);
  }

  private interface Layer {
    void apply(RecurrentTensors tensors);
  }

  private static void lstm(NodeImport node) {
    if (node.attributes().flag("input_forget", false)) {
      throw new UnsupportedOperationException("input and forget gates that are coupled");
    }
    Recurrence recurrence = recurrence(node, "Sigmoid", "Tanh", "Tanh");
    set(node, "lstm", recurrence, 3, Lstm.of(recurrence)::apply);
  }

  private static void gru(NodeImport node) {
    boolean linear = node.attributes().flag("linear_before_reset", false);
    Recurrence recurrence = recurrence(node, "Sigmoid", "Tanh");
    set(node, "gru", recurrence, 2, Gru.of(recurrence, linear)::apply);
  }

  private static Recurrence recurrence(NodeImport node, String... activations) {
    Attributes attributes = node.attributes();
    List<String> given = attributes.texts("activations");
    List<String> usual = List.of(activations);
    boolean known = given == null || given.isEmpty();
    if (!known) {
      known = given.size() % usual.size() == 0;
      for (int i = 0; known && i < given.size(); i++) {
        known = given.get(i).equalsIgnoreCase(usual.get(i % usual.size()));
      }
    }
    if (!known) {
      throw new UnsupportedOperationException("activations " + given + ", supported are " + usual);
    }
    attributes.ignore("output_sequence");
    if (attributes.has("clip")) {
      throw new UnsupportedOperationException("cells that are clipped");
    }
    return Recurrence.valueOf(
        attributes
            .word("direction", "forward", "forward", "reverse", "bidirectional")
            .toUpperCase(Locale.ROOT));
  }

  private static void set(
      NodeImport node, String name, Recurrence recurrence, int outputs, Layer layer) {
    boolean batchFirst = node.attributes().flag("layout", false);
    SymbolicShape recurrent = node.shape(2);
    long hidden = node.attributes().integer("hidden_size", recurrent.known(2));
    Size directions = Size.of(recurrence.directions());
    List<Role> roles = new ArrayList<>();
    List<Value> values = new ArrayList<>();
    for (int input = 0; input < INPUTS.size(); input++) {
      if (node.has(input)) {
        Role role = INPUTS.get(input);
        roles.add(role);
        Value value =
            role == Role.LENGTHS ? node.value(input).cast(ElementType.I32) : node.real(input);
        boolean swapped =
            batchFirst
                && (role == Role.INPUT || role == Role.INITIAL_HIDDEN || role == Role.INITIAL_CELL);
        values.add(swapped ? value.permute(1, 0, 2) : value);
      }
    }
    Step step =
        Step.of(
            name,
            inputs -> {
              SymbolicShape in = inputs.get(0);
              SymbolicShape last = SymbolicShape.of(directions, in.size(1), Size.of(hidden));
              List<SymbolicShape> all = new ArrayList<>();
              all.add(SymbolicShape.of(in.size(0), directions, in.size(1), Size.of(hidden)));
              for (int output = 1; output < outputs; output++) {
                all.add(last);
              }
              return all;
            },
            (in, out) -> {
              RecurrentTensors tensors = RecurrentTensors.of(in.get(0), in.get(1), in.get(2));
              tensors = with(tensors, roles.subList(3, roles.size()), in.subList(3, in.size()));
              layer.apply(with(tensors, OUTPUTS.subList(0, outputs), out));
            });
    Value first = node.apply(step, values.toArray(new Value[0]));
    for (int output = 0; output < outputs; output++) {
      if (node.wants(output)) {
        Value value = output == 0 ? first : first.further(output);
        if (batchFirst) {
          value = output == 0 ? value.permute(2, 0, 1, 3) : value.permute(1, 0, 2);
        }
        node.setReal(output, 0, value);
      }
    }
  }

  private static RecurrentTensors with(
      RecurrentTensors tensors, List<Role> roles, List<Tensor> values) {
    RecurrentTensors all = tensors;
    for (int i = 0; i < roles.size(); i++) {
      all = all.with(roles.get(i), values.get(i));
    }
    return all;
  }
}
