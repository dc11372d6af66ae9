package org.voxkern.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Reverse-mode differentiation of a graph: the graph with nodes appended that make the gradients of
 * one of its outputs, a single number, with respect to inputs and parameters.
 *
 * <p>Outputs stay what they were; the gradient of {@code x} is the output {@link #nameOf
 * gradient.x}. What is used more than once gets the sum of its gradients, in the order of the
 * nodes.
 *
 * <p>The backward pass reads values of the forward pass, which therefore stay in memory until then.
 * With {@link Builder#checkpoints} only the named ones do; those between are computed again, to the
 * same bits, when the backward pass comes to them: Chen et al., "Training Deep Nets with Sublinear
 * Memory Cost", 2016. What comes after the last checkpoint stays in any case.
 */
public final class Differentiation {
  private final Graph graph;
  private final Node loss;
  private final Set<Node> sources;
  private final Set<Node> checkpoints;

  private final Graph.Builder builder;
  private final List<Value> forward = new ArrayList<>();
  private final Map<Node, Value> again = new HashMap<>();
  private final Map<Node, Value> gradients = new HashMap<>();

  private Differentiation(Graph graph, Node loss, Set<Node> sources, Set<Node> checkpoints) {
    this.graph = graph;
    this.loss = loss;
    this.sources = sources;
    this.checkpoints = checkpoints;
    builder = graph.toBuilder();
    graph.nodes().forEach(node -> forward.add(builder.value(node.name())));
    graph.outputs().forEach((name, node) -> builder.output(name, forward.get(node.index())));
  }

  /** What the gradient of an input or a parameter is called among the outputs. */
  public static String nameOf(String source) {
    return "gradient." + source;
  }

  /**
   * Of an output.
   *
   * @throws IllegalArgumentException if there is no such output, or it is not a single number
   */
  public static Builder of(Graph graph, String output) {
    Node loss = graph.outputs().get(output);
    if (loss == null) {
      throw new IllegalArgumentException(
          "there is no output '" + output + "' among " + graph.outputs().keySet());
    }
    if (!loss.shape().elementCount().is(1)) {
      throw new IllegalArgumentException(
          "output '" + output + "' is " + loss.shape() + ", expected a single number");
    }
    return new Builder(graph, loss);
  }

  /** What is differentiated by what. */
  public static final class Builder {
    private final Graph graph;
    private final Node loss;
    private final Set<Node> sources = new LinkedHashSet<>();
    private final Set<Node> checkpoints = new LinkedHashSet<>();

    private Builder(Graph graph, Node loss) {
      this.graph = graph;
      this.loss = loss;
    }

    /**
     * By inputs or parameters.
     *
     * @throws IllegalArgumentException if there is none of a name
     */
    public Builder withRespectTo(String... names) {
      for (String name : names) {
        Node node = node(name);
        if (node.operation() != null) {
          throw new IllegalArgumentException("'" + name + "' is neither input nor parameter");
        }
        sources.add(node);
      }
      return this;
    }

    /** By every trained parameter. */
    public Builder withRespectToParameters() {
      graph.parameters().stream()
          .filter(Parameter::trained)
          .forEach(parameter -> withRespectTo(parameter.name()));
      return this;
    }

    /**
     * Nodes whose values are kept from the forward pass for the backward pass, none but they and
     * those after the last.
     *
     * @throws IllegalArgumentException if there is none of a name
     */
    public Builder checkpoints(Collection<String> names) {
      names.forEach(name -> checkpoints.add(node(name)));
      return this;
    }

    private Node node(String name) {
      return graph.nodes().stream()
          .filter(node -> node.name().equals(name))
          .findFirst()
          .orElseThrow(() -> new IllegalArgumentException("there is no node '" + name + "'"));
    }

    /**
     * @throws UnsupportedOperationException if an operation on the way has no gradient, naming the
     *     node
     * @throws IllegalArgumentException if the output does not depend on what it is differentiated
     *     by, naming that
     */
    public Graph build() {
      return new Differentiation(graph, loss, sources, checkpoints).run();
    }
  }

  private Graph run() {
    boolean[] depends = dependent();
    requireDependence(depends);
    gradients.put(loss, forward.get(loss.index()).apply(new Constants.Like(1)));
    Map<Node, Map<Integer, Node>> further = furtherOutputs();
    for (int index = loss.index(); index >= 0; index--) {
      Node node = graph.nodes().get(index);
      if (node.operation() != null
          && depends[index]
          && !(node.operation() instanceof FurtherOutput)) {
        Map<Integer, Value> upstream = new LinkedHashMap<>();
        if (gradients.containsKey(node)) {
          upstream.put(0, gradients.get(node));
        }
        further
            .getOrDefault(node, Map.of())
            .forEach(
                (number, output) -> {
                  if (gradients.containsKey(output)) {
                    upstream.put(number, gradients.get(output));
                  }
                });
        if (!upstream.isEmpty()) {
          differentiate(node, depends, upstream);
        }
        // What is behind is not needed any more.
        gradients.remove(node);
      }
    }
    for (Node source : sources) {
      Value gradient = gradients.get(source);
      if (gradient == null) {
        throw new IllegalArgumentException(
            "the gradient of '" + source.name() + "' is zero: no derivative leads to it");
      }
      builder.output(nameOf(source.name()), gradient);
    }
    return builder.build();
  }

  /** Which nodes depend on what is differentiated by. */
  private boolean[] dependent() {
    boolean[] depends = new boolean[graph.nodes().size()];
    for (Node node : graph.nodes()) {
      depends[node.index()] = sources.contains(node);
      for (int input = 0; input < node.inputs().size(); input++) {
        boolean shapeOnly = node.operation().readsShapeOnly(input);
        depends[node.index()] |= !shapeOnly && depends[node.inputs().get(input).index()];
      }
    }
    return depends;
  }

  private void requireDependence(boolean[] depends) {
    boolean[] needed = new boolean[depends.length];
    needed[loss.index()] = true;
    for (int index = loss.index(); index >= 0; index--) {
      if (needed[index]) {
        graph.nodes().get(index).inputs().forEach(input -> needed[input.index()] = true);
      }
    }
    Set<String> idle = new TreeSet<>();
    sources.stream()
        .filter(source -> !needed[source.index()])
        .forEach(source -> idle.add(source.name()));
    if (sources.isEmpty() || !idle.isEmpty()) {
      throw new IllegalArgumentException(
          sources.isEmpty()
              ? "there is nothing to differentiate by"
              : "'" + loss.name() + "' does not depend on " + idle);
    }
  }

  /** By the first output's node and their numbers. */
  private Map<Node, Map<Integer, Node>> furtherOutputs() {
    Map<Node, Map<Integer, Node>> found = new HashMap<>();
    for (Node node : graph.nodes()) {
      if (node.operation() instanceof FurtherOutput output) {
        found
            .computeIfAbsent(node.inputs().get(0), first -> new LinkedHashMap<>())
            .put(output.number(), node);
      }
    }
    return found;
  }

  private void differentiate(Node node, boolean[] depends, Map<Integer, Value> upstream) {
    boolean[] wanted = new boolean[node.inputs().size()];
    for (int input = 0; input < wanted.length; input++) {
      wanted[input] = depends[node.inputs().get(input).index()];
    }
    List<Value> results;
    try (var scope = builder.scope("gradient." + node.name())) {
      results =
          node.operation()
              .gradient(
                  new Backward(
                      builder,
                      input -> kept(node.inputs().get(input)),
                      () -> kept(node),
                      wanted,
                      upstream));
    } catch (UnsupportedOperationException failure) {
      throw new UnsupportedOperationException(
          "node '" + node.name() + "': " + failure.getMessage(), failure);
    }
    for (int input = 0; input < wanted.length; input++) {
      if (wanted[input] && results.get(input) != null) {
        add(node, node.inputs().get(input), results.get(input));
      }
    }
  }

  private void add(Node of, Node input, Value gradient) {
    SymbolicShape expected = input.shape();
    boolean fits = gradient.shape().rank() == expected.rank();
    for (int axis = 0; fits && axis < expected.rank(); axis++) {
      fits = gradient.shape().size(axis).compare(expected.size(axis)) != Size.Relation.DIFFERENT;
    }
    if (!fits) {
      throw new IllegalStateException(
          "node '"
              + of.name()
              + "': its rule gives "
              + gradient.shape()
              + " as gradient of '"
              + input.name()
              + "' "
              + expected);
    }
    try (var scope = builder.scope("gradient." + input.name())) {
      gradients.merge(input, gradient, Value::add);
    }
  }

  /** A value of the forward pass as the backward pass reads it. */
  private Value kept(Node node) {
    int last = checkpoints.stream().mapToInt(Node::index).max().orElse(-1);
    if (node.operation() == null || checkpoints.contains(node) || node.index() > last) {
      return forward.get(node.index());
    }
    Value value = again.get(node);
    if (value == null) {
      if (node.operation() instanceof FurtherOutput output) {
        value = kept(node.inputs().get(0)).further(output.number());
      } else {
        Value[] inputs = node.inputs().stream().map(this::kept).toArray(Value[]::new);
        value = builder.apply("again." + node.name(), node.operation(), Arrays.asList(inputs));
      }
      again.put(node, value);
    }
    return value;
  }
}
