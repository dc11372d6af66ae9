package org.voxkern.onnx;

import static org.voxkern.onnx.ExportGraph.flag;
import static org.voxkern.onnx.ExportGraph.integer;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A recurrent layer in one direction as PyTorch has it, by the operator of ONNX, which has another
 * order of the gates and an axis for directions.
 */
final class RecurrentFunctions {
  /** Of PyTorch's input, forget, cell and output those that ONNX has at each place. */
  private static final List<Integer> LSTM_GATES = List.of(0, 3, 1, 2);

  /** Of PyTorch's reset, update and new. */
  private static final List<Integer> GRU_GATES = List.of(1, 0, 2);

  private final Functions function;
  private final List<Integer> gates;
  private final String first;

  private RecurrentFunctions(Functions function, List<Integer> gates) {
    this.function = function;
    this.gates = gates;
    first = function.constant("first", ExportGraph.longs(0));
  }

  /**
   * @param initial whether the initial states are inputs
   */
  static FunctionProto of(boolean lstm, boolean initial) {
    List<String> states = lstm ? List.of("hidden", "cell") : List.of("hidden");
    List<String> inputs =
        new ArrayList<>(List.of("x", "weights", "recurrent", "bias", "recurrent_bias"));
    List<String> before = states.stream().map(state -> "initial_" + state).toList();
    List<String> after = states.stream().map(state -> "last_" + state).toList();
    if (initial) {
      inputs.addAll(before);
    }
    String name = (lstm ? "Lstm" : "Gru") + (initial ? "FromState" : "");
    Functions function = new Functions(name, inputs, "hidden_size", "direction");
    new RecurrentFunctions(function, lstm ? LSTM_GATES : GRU_GATES)
        .add(lstm, initial ? before : List.of(), after);
    return function.withOutputs(after);
  }

  private void add(boolean lstm, List<String> initial, List<String> last) {
    List<String> biases = List.of(reordered("bias"), reordered("recurrent_bias"));
    String bias = function.add("Concat", "biases", biases, integer("axis", 0));
    List<String> inputs =
        new ArrayList<>(
            List.of(
                "x",
                withDirection(reordered("weights")),
                withDirection(reordered("recurrent")),
                withDirection(bias),
                ""));
    initial.forEach(state -> inputs.add(withDirection(state)));
    List<String> outputs = new ArrayList<>(List.of("steps"));
    last.forEach(state -> outputs.add(state + ".all"));
    List<AttributeProto> attributes =
        new ArrayList<>(
            List.of(
                Functions.reference("hidden_size", AttributeProto.AttributeType.INT, "hidden_size"),
                Functions.reference(
                    "direction", AttributeProto.AttributeType.STRING, "direction")));
    if (!lstm) {
      attributes.add(flag("linear_before_reset", true));
    }
    function.add(lstm ? "LSTM" : "GRU", outputs, inputs, attributes.toArray(AttributeProto[]::new));
    String second = function.constant("second", ExportGraph.longs(1));
    function.add("Squeeze", "y", "steps", second);
    last.forEach(state -> function.add("Squeeze", state, state + ".all", first));
  }

  private String reordered(String rows) {
    List<String> parts =
        IntStream.range(0, gates.size()).mapToObj(gate -> rows + ".gate" + gate).toList();
    function.add("Split", parts, List.of(rows), integer("num_outputs", parts.size()));
    List<String> ordered = gates.stream().map(parts::get).toList();
    return function.add("Concat", rows + ".ordered", ordered, integer("axis", 0));
  }

  private String withDirection(String value) {
    return function.add("Unsqueeze", value + ".directions", value, first);
  }
}
