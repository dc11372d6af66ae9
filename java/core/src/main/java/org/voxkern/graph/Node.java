package org.voxkern.graph;

import java.util.List;
import org.voxkern.ElementType;

/** One value of a graph: an input, a parameter, or what an operation makes of other nodes. */
public final class Node {
  private final int index;
  private final String name;
  private final Operation operation;
  private final Parameter parameter;
  private final List<Node> inputs;
  private final SymbolicShape shape;
  private final ElementType type;

  Node(
      int index,
      String name,
      Operation operation,
      Parameter parameter,
      List<Node> inputs,
      SymbolicShape shape,
      ElementType type) {
    this.index = index;
    this.name = name;
    this.operation = operation;
    this.parameter = parameter;
    this.inputs = List.copyOf(inputs);
    this.shape = shape;
    this.type = type;
  }

  /** Position in the graph, where inputs come before what is made of them. */
  int index() {
    return index;
  }

  /** Unique in the graph. */
  public String name() {
    return name;
  }

  /** Null for inputs and parameters. */
  public Operation operation() {
    return operation;
  }

  /** Null for inputs and what is computed. */
  public Parameter parameter() {
    return parameter;
  }

  public List<Node> inputs() {
    return inputs;
  }

  public SymbolicShape shape() {
    return shape;
  }

  public ElementType type() {
    return type;
  }

  boolean isInput() {
    return operation == null && parameter == null;
  }

  @Override
  public String toString() {
    return name + (operation == null ? "" : " = " + operation.type()) + " " + shape;
  }
}
