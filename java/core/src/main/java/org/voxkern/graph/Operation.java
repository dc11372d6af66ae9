package org.voxkern.graph;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;

/**
 * What a node of a graph computes from its inputs: one output, and maybe further ones. Implement it
 * to add an operation of one's own. Instances are immutable and may be part of several graphs.
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

  /** The shapes of outputs beyond the first. */
  default List<SymbolicShape> furtherShapes(List<SymbolicShape> inputs) {
    return List.of();
  }

  /** The element types of outputs beyond the first: the first's, unless the operation says so. */
  default List<ElementType> furtherTypes(List<ElementType> inputs, int count) {
    return Collections.nCopies(count, outputType(inputs));
  }

  /** Writes the output, which may be an input where {@link #mayOverwrite} says so. */
  void run(List<Tensor> inputs, Tensor output);

  /** The same of an operation with further outputs: those that nothing reads are null. */
  default void run(List<Tensor> inputs, List<Tensor> outputs) {
    run(inputs, outputs.get(0));
  }

  /**
   * Whether an input's shape alone matters. What its tensor holds at a run is then undefined: its
   * memory may serve another value.
   */
  default boolean readsShapeOnly(int input) {
    return false;
  }

  /** Whether the output may be written over an input of its size. */
  default boolean mayOverwrite(int input) {
    return false;
  }

  /** Whether the output has the elements of the first input, in their order, so nothing runs. */
  default boolean isView() {
    return false;
  }

  /**
   * Scratch memory of a run that the memory plan is to provide, as {@link Preparation#scratch}, in
   * bytes: worth it where it grows with the inputs. The same for any number of threads.
   */
  default long scratchBytes(Context context, List<Shape> inputs) {
    return 0;
  }

  /** What runs for given shapes, with what can be done before: once for each executable. */
  default Kernel prepare(Preparation preparation) {
    Operation operation = this;
    return new Kernel() {
      @Override
      public void run(List<Tensor> inputs, Tensor output) {
        operation.run(inputs, output);
      }

      @Override
      public void run(List<Tensor> inputs, List<Tensor> outputs) {
        operation.run(inputs, outputs);
      }
    };
  }

  /**
   * What this operation is where the network is trained, such as a dropout that drops: itself
   * unless it says otherwise. Inputs and outputs are the same, but for the number of the draw that
   * a {@link #isRandom random} operation gets.
   */
  default Operation inTraining() {
    return this;
  }

  /**
   * This operation where its results, and those of its gradient, may err by so much, as {@link
   * Graph#withAccuracy} has it: itself unless it says otherwise.
   */
  default Operation withAccuracy(double accuracy) {
    return this;
  }

  /** Whether the last input is the number of the draw, {@link Graph#SEQUENCE}. */
  default boolean isRandom() {
    return false;
  }

  /**
   * Parameters that training changes without an optimiser: by the number of the input, that of the
   * further output that is its new value.
   */
  default Map<Integer, Integer> updates() {
    return Map.of();
  }

  /**
   * The gradient's rule: adds to the graph what makes dL/dinput of dL/doutput, for some scalar L.
   *
   * @return a value for each input, of the input's shape; null where it does not depend on the
   *     input or the gradient is not {@link Backward#wanted}
   * @throws UnsupportedOperationException unless the operation has a rule
   */
  default List<Value> gradient(Backward backward) {
    throw new UnsupportedOperationException("'" + type() + "' is not differentiable");
  }

  /** An operation, ready to run. */
  @FunctionalInterface
  interface Kernel {
    /** Inputs that the preparation replaced are null. */
    void run(List<Tensor> inputs, Tensor output);

    /** The same with the further outputs; those that nothing reads are null. */
    default void run(List<Tensor> inputs, List<Tensor> outputs) {
      run(inputs, outputs.get(0));
    }
  }

  /** What is known before a run. */
  interface Preparation {
    Shape shape(int input);

    /**
     * Memory of the {@link Operation#scratchBytes} that the operation asked for, which is its own
     * while it runs; null where these are none.
     */
    Tensor scratch();

    /** A constant input, or null where the input is computed. */
    Tensor constant(int input);

    /** Says that the kernel holds a constant input in another form, to be closed with the graph. */
    void replace(int input, Tensor by);
  }
}
