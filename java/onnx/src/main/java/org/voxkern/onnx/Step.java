package org.voxkern.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Operation;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Value;

/**
 * An operation of ONNX that graphs have none of their own for, by its shapes and what it runs. It
 * has no gradient.
 */
final class Step implements Operation {
  /** Writes the outputs, all of which are there. */
  @FunctionalInterface
  interface Run {
    void run(List<Tensor> inputs, List<Tensor> outputs);
  }

  private final String type;
  private final Function<List<SymbolicShape>, List<SymbolicShape>> shapes;
  private final List<ElementType> types;

  /** Input whose type the outputs have where no types are given. */
  private final int typeOf;

  private final boolean view;
  private final Run run;

  private Step(
      String type,
      Function<List<SymbolicShape>, List<SymbolicShape>> shapes,
      List<ElementType> types,
      int typeOf,
      boolean view,
      Run run) {
    this.type = type;
    this.shapes = shapes;
    this.types = types;
    this.typeOf = typeOf;
    this.view = view;
    this.run = run;
  }

  /**
   * @param shapes of all outputs
   */
  static Step of(String type, Function<List<SymbolicShape>, List<SymbolicShape>> shapes, Run run) {
    return new Step(type, shapes, List.of(), 0, false, run);
  }

  /** With one output. */
  static Step ofOne(String type, Function<List<SymbolicShape>, SymbolicShape> shape, Run run) {
    return of(type, inputs -> List.of(shape.apply(inputs)), run);
  }

  /** With one output, whose shape needs the inputs' as numbers. */
  static Step ofKnown(String type, Function<List<Shape>, Shape> shape, Run run) {
    return ofOne(type, inputs -> SymbolicShape.of(shape.apply(known(inputs))), run);
  }

  /** With one output of the first input's shape. */
  static Step ofEach(String type, Run run) {
    return ofOne(type, inputs -> inputs.get(0), run);
  }

  static List<Shape> known(List<SymbolicShape> shapes) {
    shapes.forEach(
        shape -> {
          if (!shape.isKnown()) {
            throw new IllegalArgumentException(
                "the sizes " + shape + " must be numbers: give the shapes of the model's inputs");
          }
        });
    return shapes.stream().map(SymbolicShape::known).toList();
  }

  /** With these element types of the outputs, in their order; else all have the first input's. */
  Step types(ElementType... ofOutputs) {
    return new Step(type, shapes, List.of(ofOutputs), typeOf, view, run);
  }

  /** With the element type of another input than the first. */
  Step sameTypeAs(int input) {
    return new Step(type, shapes, types, input, view, run);
  }

  /** The same bytes as another shape or element type. */
  Step view() {
    return new Step(type, shapes, types, typeOf, true, run);
  }

  @Override
  public String type() {
    return type;
  }

  @Override
  public boolean isView() {
    return view;
  }

  @Override
  public SymbolicShape outputShape(List<SymbolicShape> inputs) {
    return shapes.apply(inputs).get(0);
  }

  @Override
  public List<SymbolicShape> furtherShapes(List<SymbolicShape> inputs) {
    List<SymbolicShape> all = shapes.apply(inputs);
    return all.subList(1, all.size());
  }

  @Override
  public ElementType outputType(List<ElementType> inputs) {
    return types.isEmpty() ? inputs.get(typeOf) : types.get(0);
  }

  @Override
  public List<ElementType> furtherTypes(List<ElementType> inputs, int count) {
    return types.isEmpty()
        ? Collections.nCopies(count, inputs.get(typeOf))
        : types.subList(1, types.size());
  }

  @Override
  public void run(List<Tensor> inputs, Tensor output) {
    run(inputs, Arrays.asList(output));
  }

  @Override
  public void run(List<Tensor> inputs, List<Tensor> outputs) {
    List<SymbolicShape> from =
        inputs.stream().map(input -> SymbolicShape.of(input.shape())).toList();
    List<SymbolicShape> all = shapes.apply(from);
    List<ElementType> further =
        furtherTypes(inputs.stream().map(Tensor::type).toList(), all.size() - 1);
    List<Tensor> unread = new ArrayList<>();
    List<Tensor> whole = new ArrayList<>();
    try {
      for (int output = 0; output < all.size(); output++) {
        Tensor given = output < outputs.size() ? outputs.get(output) : null;
        if (given == null) {
          given =
              Tensor.uninitialized(
                  inputs.get(0).context(), further.get(output - 1), all.get(output).known());
          unread.add(given);
        }
        whole.add(given);
      }
      run.run(inputs, whole);
    } finally {
      unread.forEach(Tensor::close);
    }
  }

  /** A node of this. */
  Value on(Value first, Value... others) {
    return first.apply(this, others);
  }
}
