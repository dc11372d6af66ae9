package org.voxkern.onnx;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.voxkern.ElementType;
import org.voxkern.Tensor;
import org.voxkern.graph.Operation;
import org.voxkern.graph.Size;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Value;
import org.voxkern.op.Binary;
import org.voxkern.op.Convert;

/**
 * A node of ONNX that is imported: what a mapper reads of it, and where it puts the outputs.
 * Methods throw IllegalArgumentException or UnsupportedOperationException with the reason where the
 * node cannot be imported.
 */
final class NodeImport {
  private final Importer importer;
  private final NodeProto proto;
  private final List<Operand> inputs;
  private final Attributes attributes;
  private final Map<String, Operand> outputs = new LinkedHashMap<>();
  private boolean named;

  NodeImport(Importer importer, NodeProto proto, List<Operand> inputs) {
    this.importer = importer;
    this.proto = proto;
    this.inputs = inputs;
    attributes = new Attributes(proto);
  }

  String operator() {
    return proto.getOpType();
  }

  int opset() {
    return importer.opset();
  }

  Attributes attributes() {
    return attributes;
  }

  Importer importer() {
    return importer;
  }

  void requireKnownAttributes() {
    Set<String> unknown = attributes.unknown();
    if (!unknown.isEmpty()) {
      throw new UnsupportedOperationException("attributes " + unknown + " are not known");
    }
  }

  // Inputs.

  int inputCount() {
    return inputs.size();
  }

  boolean has(int input) {
    return input < inputs.size() && inputs.get(input) != null;
  }

  Operand operand(int input) {
    if (!has(input)) {
      throw new IllegalArgumentException("it has no input " + input);
    }
    return inputs.get(input);
  }

  SymbolicShape shape(int input) {
    return operand(input).shape();
  }

  int rank(int input) {
    return shape(input).rank();
  }

  ElementType type(int input) {
    return operand(input).type();
  }

  Value value(int input) {
    return importer.value(operand(input));
  }

  /** Says that an input which is a parameter is not one that is trained. */
  void keepFixed(int input) {
    importer.value(operand(input), false);
  }

  /** An axis counted from the first. */
  int axis(int input, long axis) {
    int rank = rank(input);
    if (axis < -rank || axis >= rank) {
      throw new IllegalArgumentException("axis " + axis + " of shape " + shape(input));
    }
    return (int) (axis < 0 ? axis + rank : axis);
  }

  /**
   * An input of floating-point numbers, as f32.
   *
   * @throws UnsupportedOperationException if it is of another type, f64 too
   */
  Value real(int input) {
    return real(input, value(input));
  }

  private Value real(int input, Value value) {
    return switch (type(input)) {
      case F32 -> value;
      case F16, BF16 -> value.cast(ElementType.F32);
      default -> throw unsupportedType(input, "f32, f16 and bf16");
    };
  }

  UnsupportedOperationException unsupportedType(int input, String supported) {
    return new UnsupportedOperationException(
        "input " + input + " is " + type(input) + ", supported are " + supported);
  }

  /** An input that must be known before the model runs. */
  Tensor tensor(int input) {
    try {
      return importer.tensor(operand(input));
    } catch (IllegalArgumentException failure) {
      throw new IllegalArgumentException("input " + input + ": " + failure.getMessage(), failure);
    }
  }

  /** The same where the values say how large the output is. */
  Tensor tensorThatSizes(int input) {
    try {
      BoundedRows rows = operand(input).rows();
      if (rows != null) {
        throw new IllegalArgumentException(
            "how many rows input " + input + " has depends on '" + rows.source() + "'");
      }
      return tensor(input);
    } catch (IllegalArgumentException failure) {
      throw new IllegalArgumentException(
          failure.getMessage()
              + "; or say how many rows it has at most: OnnxImport.atMost(\""
              + output()
              + "\", ...)",
          failure);
    }
  }

  /** Whole numbers that must be known before the model runs, or be sizes of the graph. */
  List<Size> sizes(int input) {
    Operand operand = operand(input);
    if (operand.sizes() != null) {
      return operand.sizes();
    }
    return OnnxTensors.wholeNumbers(tensor(input)).stream().map(Size::of).toList();
  }

  long[] integers(int input) {
    return OnnxTensors.wholeNumbers(tensor(input)).stream().mapToLong(Long::longValue).toArray();
  }

  long integer(int input) {
    long[] values = integers(input);
    if (values.length != 1) {
      throw new IllegalArgumentException(
          "input " + input + " has " + values.length + " elements, expected one");
    }
    return values[0];
  }

  double[] numbers(int input) {
    Tensor tensor = tensor(input);
    Tensor wide = tensor.type() == ElementType.F64 ? tensor : Convert.to(tensor, ElementType.F64);
    return wide.toDoubleArray();
  }

  double number(int input) {
    double[] values = numbers(input);
    if (values.length != 1) {
      throw new IllegalArgumentException(
          "input " + input + " has " + values.length + " elements, expected one");
    }
    return values[0];
  }

  /** Integers of an attribute in old versions and of an input in newer ones; null if neither is. */
  long[] integersOf(String attribute, int input) {
    return attributes.has(attribute)
        ? attributes.integers(attribute)
        : has(input) ? integers(input) : null;
  }

  /** The same of what must be given. */
  long[] requiredIntegers(String attribute, int input) {
    long[] values = integersOf(attribute, input);
    if (values == null) {
      throw new IllegalArgumentException("it does not say '" + attribute + "'");
    }
    return values;
  }

  // Outputs.

  int outputCount() {
    return proto.getOutputCount();
  }

  /** The name of the first output. */
  String output() {
    return proto.getOutput(0);
  }

  /** Whether an output has a name, so that something may read it. */
  boolean wants(int output) {
    return output < proto.getOutputCount() && !proto.getOutput(output).isEmpty();
  }

  Map<String, Operand> outputs() {
    return outputs;
  }

  void set(int output, Operand operand) {
    if (wants(output)) {
      outputs.put(proto.getOutput(output), operand);
    }
  }

  void set(int output, Value value) {
    set(output, Operand.of(value));
  }

  void set(Value value) {
    set(0, value);
  }

  void set(int output, Tensor constant) {
    set(output, Operand.of(constant));
  }

  /** An output of what {@link #real} gave: of that input's type. */
  void setReal(int output, int input, Value value) {
    set(output, value.cast(type(input)));
  }

  void setReal(Value value) {
    setReal(0, 0, value);
  }

  // Nodes.

  /** The node that has this one's name. */
  Value apply(Operation operation, Value... from) {
    Value first = from[0];
    Value[] others = Arrays.copyOfRange(from, 1, from.length);
    return named(first).apply(operation, others);
  }

  /** A value whose next node has this one's name, where none has it yet. */
  Value named(Value value) {
    String name =
        proto.getOutputList().stream().filter(output -> !output.isEmpty()).findFirst().orElse("");
    if (named || name.isEmpty()) {
      return value;
    }
    named = true;
    return value.as(importer.free(name));
  }

  Value constant(Tensor tensor) {
    return importer.constant(tensor);
  }

  Value constant(float... values) {
    return importer.builder().constant(values, values.length);
  }

  Value scalar(double value, ElementType type) {
    Value number = importer.builder().constant(new float[] {(float) value});
    return number.cast(type);
  }

  Tensor read(TensorProto stored) {
    return OnnxTensors.read(importer.context(), stored, importer.external());
  }

  // Space.

  /** Axes of space of an input (N, C, ...): one, two or three. */
  int spaceAxes(int input) {
    int axes = rank(input) - 2;
    if (axes < 1 || axes > 3) {
      throw new UnsupportedOperationException(
          "input " + input + " is " + shape(input) + ", supported are one to three axes of space");
    }
    return axes;
  }

  /** An input (N, C, ...) as a volume of f32: axes of size 1 are put before those of space. */
  Value volume(int input) {
    int more = 3 - spaceAxes(input);
    Value volume = operand(input).volume();
    if (volume == null) {
      volume = value(input);
      for (int axis = 0; axis < more; axis++) {
        volume = volume.unsqueeze(2);
      }
    }
    return real(input, volume);
  }

  /** The output of what {@link #volume} gave. */
  void setVolume(int output, int input, Value volume) {
    setVolume(output, volume.cast(type(input)), spaceAxes(input));
  }

  void setVolume(int output, Value volume, int spaceAxes) {
    set(output, spaceAxes == 3 ? Operand.of(volume) : Operand.ofVolume(volume, spaceAxes));
  }

  /**
   * Whether both inputs are volumes of one rank, and the output was set to what is made of them.
   */
  boolean setOfVolumes(Binary.Function function) {
    boolean real =
        switch (type(0)) {
          case F32, F16, BF16 -> true;
          default -> false;
        };
    boolean volumes =
        real && operand(0).volume() != null && operand(1).volume() != null && rank(0) == rank(1);
    if (volumes) {
      Value a = real(0, operand(0).volume());
      Value b = real(1, operand(1).volume());
      setVolume(0, named(a).binary(function, b).cast(type(0)), rank(0) - 2);
    }
    return volumes;
  }

  /** Sets what a function makes of each element of the first input, which must be real. */
  void setEach(UnaryOperator<Value> function) {
    Value volume = operand(0).volume();
    if (volume != null) {
      Value result = function.apply(named(real(0, volume)));
      setVolume(0, result.cast(type(0)), rank(0) - 2);
    } else {
      setReal(function.apply(named(real(0))));
    }
  }
}
