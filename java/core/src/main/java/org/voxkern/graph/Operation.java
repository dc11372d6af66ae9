package org.voxkern.graph;

import java.util.List;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;

/**
 * What a node of a graph computes: one output from its inputs. Implement it to add an operation of
 * one's own. Instances are immutable and may be part of several graphs.
 */
public interface Operation {
  /** What nodes are named after where they have no name: lower case with underscores. */
  String type();

  /**
   * The output's shape. One rule serves building and compiling: then all sizes are numbers.
   *
   * @throws IllegalArgumentException if the inputs do not fit each other whatever their symbols
   *     stand for, saying why; the node and the shapes are named by who calls
   */
  SymbolicShape outputShape(List<SymbolicShape> inputs);

  /** The output's element type: the first input's, unless the operation says otherwise. */
  default ElementType outputType(List<ElementType> inputs) {
    return inputs.get(0);
  }

  /** Writes the output, which may be an input where {@link #mayOverwrite} says so. */
  void run(List<Tensor> inputs, Tensor output);

  /** Whether the output may be written over an input of its size. */
  default boolean mayOverwrite(int input) {
    return false;
  }

  /** Whether the output has the elements of the first input, in their order, so nothing runs. */
  default boolean isView() {
    return false;
  }

  /** What runs for given shapes, with what can be done before: once for each executable. */
  default Kernel prepare(Preparation preparation) {
    return this::run;
  }

  /** An operation, ready to run. */
  @FunctionalInterface
  interface Kernel {
    /** Inputs that the preparation replaced are null. */
    void run(List<Tensor> inputs, Tensor output);
  }

  /** What is known before a run. */
  interface Preparation {
    Shape shape(int input);

    /** A constant input, or null where the input is computed. */
    Tensor constant(int input);

    /** Says that the kernel holds a constant input in another form, to be closed with the graph. */
    void replace(int input, Tensor by);
  }
}
