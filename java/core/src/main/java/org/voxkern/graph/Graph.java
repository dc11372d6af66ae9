package org.voxkern.graph;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;

/**
 * A network: named inputs, parameters and outputs, and the operations between them. Immutable, and
 * independent of contexts, weights and, where its inputs have symbols, of sizes.
 *
 * <pre>{@code
 * Graph.Builder builder = Graph.builder();
 * Value image = builder.input("image", "N", 1, "D", "H", "W");
 * Value features = image.conv3d(32, 3).instanceNorm().leakyRelu(0.01);
 * Graph graph = builder.output("logits", features.conv3d(2, 1)).build();
 * }</pre>
 */
public final class Graph {
  /** The input by which random operations draw, in graphs that have such. */
  public static final String SEQUENCE = "sequence";

  private final List<Node> nodes;
  private final Map<String, Node> inputs;
  private final Map<String, Node> outputs;

  private Graph(Builder builder) {
    outputs = Collections.unmodifiableMap(new LinkedHashMap<>(builder.outputs));
    nodes = List.copyOf(builder.nodes);
    Map<String, Node> named = new LinkedHashMap<>();
    nodes.stream().filter(Node::isInput).forEach(node -> named.put(node.name(), node));
    inputs = Collections.unmodifiableMap(named);
  }

  public static Builder builder() {
    return new Builder();
  }

  /** Every node, after those that it is made of. */
  public List<Node> nodes() {
    return nodes;
  }

  /** By name, in the order in which they were declared. */
  public Map<String, Node> inputs() {
    return inputs;
  }

  /** By name, in the order in which they were declared. */
  public Map<String, Node> outputs() {
    return outputs;
  }

  /** A builder that holds this graph's nodes by their names, and no outputs yet. */
  public Builder toBuilder() {
    return copy(operation -> operation, node -> true);
  }

  /**
   * This graph while it is trained: dropout drops, batch norms take the statistics of the batch.
   *
   * <p>Where something is random there is one more input, {@link #SEQUENCE}, an i64 scalar: every
   * number gives other draws. Where running statistics change their new values are more outputs,
   * named by {@link #updateOf}.
   */
  public Graph inTraining() {
    Builder builder = copy(Operation::inTraining, node -> true);
    outputs.forEach((name, node) -> builder.output(name, builder.value(node.name())));
    for (Node node : nodes) {
      if (node.operation() != null) {
        node.operation()
            .inTraining()
            .updates()
            .forEach(
                (input, output) ->
                    builder.output(
                        updateOf(node.inputs().get(input).name()),
                        builder.value(node.name()).further(output)));
      }
    }
    return builder.build();
  }

  /**
   * This graph where convolutions, and their gradients, may err by so much, relative in the
   * Frobenius norm; parameters and results are those of this one but for that.
   *
   * <p>{@link org.voxkern.op.Conv3d#BFLOAT16_ACCURACY} is mixed precision: products of bfloat16
   * summed in f32, where that is the fastest and the device has it, while parameters, values
   * between operations and what an optimiser keeps are f32.
   *
   * @throws IllegalArgumentException if the accuracy is not positive
   */
  public Graph withAccuracy(double accuracy) {
    Builder builder = copy(operation -> operation.withAccuracy(accuracy), node -> true);
    outputs.forEach((name, node) -> builder.output(name, builder.value(node.name())));
    return builder.build();
  }

  /** What the new value of a parameter that no optimiser changes is called among the outputs. */
  public static String updateOf(String parameter) {
    return "update." + parameter;
  }

  private Builder copy(UnaryOperator<Operation> changed, Predicate<Node> kept) {
    Builder builder = new Builder();
    for (Node node : nodes) {
      if (!kept.test(node)) {
        continue;
      }
      List<Value> from = new ArrayList<>();
      node.inputs().forEach(input -> from.add(builder.value(input.name())));
      if (node.isInput()) {
        builder.input(node.name(), node.type(), node.shape());
      } else if (node.parameter() != null) {
        builder.parameter(node.parameter());
      } else if (node.operation() instanceof FurtherOutput output) {
        from.get(0).further(output.number());
      } else {
        Operation operation = changed.apply(node.operation());
        if (operation.isRandom() && !node.operation().isRandom()) {
          from.add(builder.sequence());
        }
        builder.apply(node.name(), operation, from);
      }
    }
    return builder;
  }

  public List<Parameter> parameters() {
    return nodes.stream().filter(node -> node.parameter() != null).map(Node::parameter).toList();
  }

  /** Numbers that training changes. */
  public long parameterCount() {
    return parameters().stream()
        .filter(Parameter::trained)
        .mapToLong(parameter -> parameter.shape().elementCount())
        .sum();
  }

  /**
   * Makes this graph ready to run on inputs of these shapes, by their names. The executable's
   * memory belongs to the innermost scope; the weights are not needed any more.
   *
   * @throws IllegalArgumentException if a shape does not fit an input, or sizes that were symbols
   *     do not fit each other, naming the node and the shapes, or if the weights do not fit
   */
  public Executable compile(Context context, Weights weights, Map<String, Shape> shapes) {
    return compile(context, weights, shapes, Compilation.OPTIMISED);
  }

  /** The same, with or without optimisations. */
  public Executable compile(
      Context context, Weights weights, Map<String, Shape> shapes, Compilation compilation) {
    return Compiler.compile(this, context, weights, shapes, compilation);
  }

  /**
   * Shapes of the outputs, by name, for these shapes of the inputs.
   *
   * @throws IllegalArgumentException if a shape does not fit an input, or sizes that were symbols
   *     do not fit each other, naming the node and the shapes
   */
  public Map<String, Shape> outputShapes(Map<String, Shape> shapes) {
    Shape[] all = Inference.shapes(this, shapes);
    Map<String, Shape> named = new LinkedHashMap<>();
    outputs.forEach((name, node) -> named.put(name, all[node.index()]));
    return named;
  }

  /**
   * What an executable for these shapes takes, known before anything is allocated.
   *
   * @throws IllegalArgumentException as {@link #compile} does
   */
  public MemoryNeed memoryNeed(Context context, Weights weights, Map<String, Shape> shapes) {
    return Compiler.memoryNeed(this, context, weights, shapes);
  }

  /** What compiling may change. */
  public enum Compilation {
    /** Operations are fused, batch norms folded into convolutions. */
    OPTIMISED,
    /** Every node runs by itself. */
    AS_BUILT,
    /**
     * Operations are fused, and parameters read from the weights' own tensors at every run, so that
     * it sees what an optimiser wrote. The weights must live as long as the executable.
     */
    TRAINING
  }

  @Override
  public String toString() {
    return nodes.stream().map(Node::toString).collect(Collectors.joining("\n"));
  }

  /** Collects the nodes of a graph. Not thread-safe. */
  public static final class Builder {
    private final List<Node> nodes = new ArrayList<>();
    private final Map<String, Node> byName = new LinkedHashMap<>();
    private final Map<String, Node> outputs = new LinkedHashMap<>();
    private final Map<String, Integer> counters = new LinkedHashMap<>();
    private String prefix = "";

    private Builder() {}

    /** Names of nodes that are made until it is closed begin with that of the scope. */
    public final class NameScope implements AutoCloseable {
      private final String outer = prefix;

      private NameScope(String name) {
        prefix = outer + name + ".";
      }

      @Override
      public void close() {
        prefix = outer;
      }
    }

    /** Opens a scope of names, such as {@code stage1}; close it before the one around it. */
    public NameScope scope(String name) {
      return new NameScope(name);
    }

    /**
     * An f32 input.
     *
     * @param sizes numbers, names or {@link Size}s
     */
    public Value input(String name, Object... sizes) {
      return input(name, ElementType.F32, SymbolicShape.of(sizes));
    }

    public Value input(String name, ElementType type, SymbolicShape shape) {
      return add(name, null, null, List.of(), shape, type);
    }

    /** A trained f32 parameter. */
    public Value parameter(String name, Shape shape, Initializer initializer) {
      return parameter(new Parameter(prefix + name, shape, initializer, true));
    }

    /** A parameter by its whole name, whatever scope is open. */
    public Value parameter(Parameter parameter) {
      return add(
          parameter.name(),
          null,
          parameter,
          List.of(),
          SymbolicShape.of(parameter.shape()),
          ElementType.F32);
    }

    /** F32 numbers that do not change. */
    public Value constant(float[] values, long... sizes) {
      return apply(Constants.Numbers.of(values, sizes));
    }

    /** A node of an operation, named after its type. */
    public Value apply(Operation operation, Value... inputs) {
      return apply(nextName(operation.type()), operation, List.of(inputs));
    }

    /**
     * A node of an operation, by its whole name.
     *
     * @throws IllegalArgumentException if the inputs do not fit each other, naming the node and
     *     their shapes, or the name is taken
     */
    Value apply(String name, Operation operation, List<Value> inputs) {
      List<Node> from = new ArrayList<>();
      for (Value input : inputs) {
        if (input.builder() != this) {
          throw new IllegalArgumentException(
              "node '" + name + "': its input '" + input.name() + "' is of another graph");
        }
        from.add(input.node());
      }
      SymbolicShape shape =
          Inference.shape(name, operation, from.stream().map(Node::shape).toList());
      ElementType type = operation.outputType(from.stream().map(Node::type).toList());
      return add(name, operation, null, from, shape, type);
    }

    /**
     * A node by its whole name.
     *
     * @throws IllegalArgumentException if there is none
     */
    public Value value(String name) {
      Node node = byName.get(name);
      if (node == null) {
        throw new IllegalArgumentException("there is no node '" + name + "'");
      }
      return new Value(this, node, null);
    }

    /** The input by which random operations draw. */
    private Value sequence() {
      return byName.containsKey(SEQUENCE)
          ? value(SEQUENCE)
          : input(SEQUENCE, ElementType.I64, SymbolicShape.of());
    }

    /** An output of a node beyond the first, which has a node of its own. */
    Value further(Node first, int number) {
      String name = first.name() + ":" + number;
      if (byName.containsKey(name)) {
        return value(name);
      }
      List<SymbolicShape> shapes =
          first.operation() == null
              ? List.of()
              : first.operation().furtherShapes(first.inputs().stream().map(Node::shape).toList());
      if (number < 1 || number > shapes.size()) {
        throw new IllegalArgumentException(
            "node '" + first.name() + "' has no further output " + number);
      }
      List<ElementType> types =
          first
              .operation()
              .furtherTypes(first.inputs().stream().map(Node::type).toList(), shapes.size());
      Operation marker = new FurtherOutput(number);
      return add(name, marker, null, List.of(first), shapes.get(number - 1), types.get(number - 1));
    }

    /** A whole name: that of the open scopes and a node's own. */
    String qualified(String name) {
      return prefix + name;
    }

    /** A whole name for a node that was given none: its type and a number. */
    String nextName(String type) {
      String name;
      do {
        name = prefix + type + (counters.merge(prefix + type, 1, Integer::sum) - 1);
      } while (byName.containsKey(name));
      return name;
    }

    private Value add(
        String name,
        Operation operation,
        Parameter parameter,
        List<Node> inputs,
        SymbolicShape shape,
        ElementType type) {
      Node node = new Node(nodes.size(), name, operation, parameter, inputs, shape, type);
      if (byName.putIfAbsent(name, node) != null) {
        throw new IllegalArgumentException("there is a node '" + name + "' already");
      }
      nodes.add(node);
      return new Value(this, node, null);
    }

    /** Declares an output. */
    public Builder output(String name, Value value) {
      if (value.builder() != this) {
        throw new IllegalArgumentException("output '" + name + "' is of another graph");
      }
      if (outputs.putIfAbsent(name, value.node()) != null) {
        throw new IllegalArgumentException("there is an output '" + name + "' already");
      }
      return this;
    }

    /**
     * @throws IllegalStateException if there is no output
     */
    public Graph build() {
      if (outputs.isEmpty()) {
        throw new IllegalStateException("the graph has no output");
      }
      return new Graph(this);
    }

    /**
     * A graph of other outputs, and of what they need of this builder's nodes and inputs; this
     * builder stays as it is.
     *
     * @param inputs names of inputs that stay whether they are needed or not
     * @throws IllegalArgumentException if there is no output
     */
    public Graph build(Map<String, Value> outputs, Set<String> inputs) {
      if (outputs.isEmpty()) {
        throw new IllegalArgumentException("the graph has no output");
      }
      Set<Node> needed = new HashSet<>();
      outputs.values().forEach(value -> needed.add(value.node()));
      inputs.forEach(name -> needed.add(value(name).node()));
      for (int index = nodes.size() - 1; index >= 0; index--) {
        if (needed.contains(nodes.get(index))) {
          needed.addAll(nodes.get(index).inputs());
        }
      }
      Builder part = new Graph(this).copy(operation -> operation, needed::contains);
      outputs.forEach((name, value) -> part.output(name, part.value(value.name())));
      return part.build();
    }
  }
}
