package org.voxkern.graph;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Tensor;
import org.voxkern.op.Convert;

/**
 * The values of a graph's parameters, by their names. The tensors belong to the scope that was
 * innermost when the weights were made. Not thread-safe for writing.
 */
public final class Weights {
  /** Bytes that are looked at at a time. */
  private static final int PIECE = 1 << 20;

  private final Map<String, Parameter> parameters = new LinkedHashMap<>();
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();

  private Weights(Graph graph) {
    graph.parameters().forEach(parameter -> parameters.put(parameter.name(), parameter));
  }

  /** First values: the same for the same graph and seed, whatever the context. */
  public static Weights initialize(Graph graph, Context context, long seed) {
    Weights weights = new Weights(graph);
    for (Parameter parameter : weights.parameters.values()) {
      int count = Math.toIntExact(parameter.shape().elementCount());
      float[] values = parameter.initializer().values(count, seedOf(parameter.name(), seed));
      weights.tensors.put(
          parameter.name(), Tensor.of(context, values, parameter.shape().toArray()));
    }
    return weights;
  }

  /** Depends on the name, so that a layer is alike wherever it is in the network. */
  static long seedOf(String name, long seed) {
    long hash = seed;
    for (int i = 0; i < name.length(); i++) {
      hash = hash * 0x100000001b3L ^ name.charAt(i);
    }
    return hash;
  }

  /**
   * Copies of named tensors, as a file of weights has them.
   *
   * @throws IllegalArgumentException if some are missing, too many, of another shape or type, or
   *     not finite, naming them
   */
  public static Weights of(Graph graph, Map<String, Tensor> named) {
    Weights weights = new Weights(graph);
    requireSame(weights.parameters.keySet(), named.keySet());
    named.forEach((name, tensor) -> weights.check(name, tensor));
    named.forEach((name, tensor) -> weights.tensors.put(name, tensor.copy()));
    return weights;
  }

  /**
   * Reads a safetensors file that names tensors as the graph does, which is as PyTorch has them;
   * other floating-point types become f32.
   *
   * @throws java.nio.file.NoSuchFileException if there is no such file
   * @throws IllegalArgumentException if the file is broken, or its tensors do not fit the graph as
   *     {@link #of} has it
   */
  public static Weights read(Graph graph, Context context, Path path) throws IOException {
    try (SafeTensors file = SafeTensors.open(path)) {
      Weights weights = new Weights(graph);
      requireSame(weights.parameters.keySet(), file.entries().keySet());
      for (String name : weights.parameters.keySet()) {
        weights.tensors.put(name, weights.read(context, file, name));
      }
      return weights;
    } catch (IllegalArgumentException failure) {
      String message = failure.getMessage();
      throw message.startsWith(path.toString())
          ? failure
          : new IllegalArgumentException(path + ": " + message, failure);
    }
  }

  private Tensor read(Context context, SafeTensors file, String name) throws IOException {
    try (Scope scope = Scope.open(context)) {
      Tensor stored = file.read(context, name);
      boolean floating =
          switch (stored.type()) {
            case F16, BF16, F64 -> true;
            default -> false;
          };
      Tensor values = floating ? Convert.to(stored, ElementType.F32) : stored;
      check(name, values);
      return values.moveTo(scope.parent());
    }
  }

  /**
   * Writes a safetensors file that PyTorch reads as a state dictionary. The file appears at once
   * when it is complete.
   */
  public void write(Path path) throws IOException {
    SafeTensors.write(path, tensors, Map.of("format", "pt"));
  }

  private static void requireSame(Set<String> expected, Set<String> given) {
    Set<String> missing = new TreeSet<>(expected);
    missing.removeAll(given);
    Set<String> extra = new TreeSet<>(given);
    extra.removeAll(expected);
    if (!missing.isEmpty() || !extra.isEmpty()) {
      throw new IllegalArgumentException(
          "the weights do not fit the graph: missing " + missing + ", unknown " + extra);
    }
  }

  private Parameter parameter(String name) {
    Parameter parameter = parameters.get(name);
    if (parameter == null) {
      throw new IllegalArgumentException(
          "there is no parameter '" + name + "' among " + parameters.keySet());
    }
    return parameter;
  }

  private void check(String name, Tensor tensor) {
    Parameter parameter = parameter(name);
    if (tensor.type() != ElementType.F32 || !tensor.shape().equals(parameter.shape())) {
      throw new IllegalArgumentException(
          "parameter '" + name + "' is F32 " + parameter.shape() + " and cannot take " + tensor);
    }
    // In pieces: on a device they are copied.
    for (long at = 0; at < tensor.byteCount(); at += PIECE) {
      int bytes = (int) Math.min(PIECE, tensor.byteCount() - at);
      FloatBuffer values = tensor.contents(at, bytes).asFloatBuffer();
      for (int i = 0; i < values.limit(); i++) {
        if (!Float.isFinite(values.get(i))) {
          throw new IllegalArgumentException(
              "parameter '" + name + "' has " + values.get(i) + " at element " + (at / 4 + i));
        }
      }
    }
  }

  /** In the order of the graph. */
  public Set<String> names() {
    return Collections.unmodifiableSet(parameters.keySet());
  }

  /** That of the tensors; empty where there are none. */
  public Optional<Context> context() {
    return tensors.values().stream().map(Tensor::context).findFirst();
  }

  /** The parameter's own tensor. */
  public Tensor get(String name) {
    parameter(name);
    return tensors.get(name);
  }

  /**
   * Overwrites a parameter.
   *
   * @throws IllegalArgumentException if there is none of that name, or it has another shape or
   *     type, or the values are not finite
   */
  public void set(String name, Tensor values) {
    check(name, values);
    tensors.get(name).set(values);
  }

  /**
   * @throws IllegalArgumentException if these are not weights for the graph, or not finite any more
   */
  void requireFor(Graph graph) {
    Weights expected = new Weights(graph);
    requireSame(expected.parameters.keySet(), parameters.keySet());
    tensors.forEach(expected::check);
  }
}
