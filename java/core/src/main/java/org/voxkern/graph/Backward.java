package org.voxkern.graph;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * What the rule of a gradient knows of its node. Values are of the graph that gets the gradients.
 */
public final class Backward {
  private final Graph.Builder builder;
  private final IntFunction<Value> inputs;
  private final Supplier<Value> output;
  private final boolean[] wanted;

  /** By the number of the output. */
  private final Map<Integer, Value> upstream;

  Backward(
      Graph.Builder builder,
      IntFunction<Value> inputs,
      Supplier<Value> output,
      boolean[] wanted,
      Map<Integer, Value> upstream) {
    this.builder = builder;
    this.inputs = inputs;
    this.output = output;
    this.wanted = wanted;
    this.upstream = upstream;
  }

  public int inputCount() {
    return wanted.length;
  }

  public Value input(int input) {
    return inputs.apply(input);
  }

  /** Whether the gradient of an input is asked for. */
  public boolean wanted(int input) {
    return wanted[input];
  }

  /** What the operation made. */
  public Value output() {
    return output.get();
  }

  /** One of the operation's outputs: 0 is the first. */
  public Value output(int number) {
    return number == 0 ? output() : output().further(number);
  }

  /** dL/doutput. */
  public Value upstream() {
    return upstream(0);
  }

  /** dL/d of an output, 0 being the first; null where L does not depend on it. */
  public Value upstream(int number) {
    return upstream.get(number);
  }

  /** A node of an operation. */
  public Value apply(Operation operation, Value... operands) {
    return builder.apply(operation, operands);
  }

  /** For each input null, to be filled where a gradient is wanted. */
  Value[] none() {
    return new Value[wanted.length];
  }

  /** The gradients of all inputs. */
  static List<Value> all(Value... gradients) {
    return Collections.unmodifiableList(Arrays.asList(gradients));
  }
}
