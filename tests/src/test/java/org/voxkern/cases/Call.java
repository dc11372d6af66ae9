package org.voxkern.cases;

import java.util.LinkedHashMap;
import java.util.Map;
import org.opentest4j.TestAbortedException;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;

/** One run of an operation on one context: gives it tensors and collects its outputs. */
public final class Call {
  record Output(double[] values, Bound bound) {}

  private record Pending(Tensor tensor, Bound bound) {}

  private final Context context;
  private final CaseLine line;
  private final Map<String, Pending> pending = new LinkedHashMap<>();
  private final Map<String, Output> outputs = new LinkedHashMap<>();

  Call(Context context, CaseLine line) {
    this.context = context;
    this.line = line;
  }

  public Context context() {
    return context;
  }

  /** The input as a tensor of this context; null stays null. */
  public Tensor tensor(Input input) {
    if (input == null) {
      return null;
    }
    return switch (brokenHow(input.name())) {
      case "" -> input.tensor(context, input.type(), input.shape());
      case "missing" -> null;
      case "type" -> input.tensor(context, ElementType.I16, input.shape());
      case "rank" -> input.tensor(context, input.type(), input.shape().prepend(1));
      case "size" -> input.tensor(context, input.type(), oneShorter(input.shape()));
      default -> throw notInJava();
    };
  }

  /** An output tensor of the case's element type, compared within {@code bound}. */
  public Tensor output(String name, ElementType type, Shape shape, Bound bound) {
    Tensor tensor =
        switch (brokenHow(name)) {
          case "" -> Tensor.uninitialized(context, type, shape);
          case "missing" -> null;
          case "type" -> Tensor.uninitialized(context, ElementType.I16, shape);
          case "rank" -> Tensor.uninitialized(context, type, shape.prepend(1));
          case "size" -> Tensor.uninitialized(context, type, oneShorter(shape));
          default -> throw notInJava();
        };
    if (tensor != null) {
      pending.put(name, new Pending(tensor, bound));
    }
    return tensor;
  }

  /** A tensor that the operation made. */
  public void result(String name, Tensor tensor, Bound bound) {
    pending.put(name, new Pending(tensor, bound));
  }

  /** A number, or several, that the operation returned. */
  public void value(String name, Bound bound, double... values) {
    outputs.put(name, new Output(values.clone(), bound));
  }

  /** What an output held after the run. */
  public double[] result(String name) {
    Output output = outputs.get(name);
    if (output == null) {
      throw new AssertionError("the operation has no output named " + name);
    }
    return output.values();
  }

  Map<String, Output> outputs() {
    return outputs;
  }

  /** Copies the output tensors before their scope closes. */
  void collect() {
    pending.forEach(
        (name, output) ->
            outputs.put(name, new Output(Input.values(output.tensor()), output.bound())));
  }

  private String brokenHow(String name) {
    String wish = line.word("break", "");
    return wish.startsWith(name + ":") ? wish.substring(name.length() + 1) : "";
  }

  private static Shape oneShorter(Shape shape) {
    long[] sizes = shape.toArray();
    sizes[0]--;
    return Shape.of(sizes);
  }

  private TestAbortedException notInJava() {
    return new TestAbortedException("a Java tensor cannot be broken this way; vk_cases does it");
  }
}
