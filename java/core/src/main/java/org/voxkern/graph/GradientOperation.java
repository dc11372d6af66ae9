package org.voxkern.graph;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import org.voxkern.ElementType;
import org.voxkern.Tensor;

/**
 * One kernel of a backward pass: each output is like one of the inputs. Further outputs that
 * nothing reads are null.
 */
final class GradientOperation implements Operation {
  private final String type;
  private final List<Integer> likes;
  private final Set<Integer> shapesOnly;
  private final Set<Integer> overwritable;
  private final BiConsumer<List<Tensor>, List<Tensor>> kernel;

  private GradientOperation(
      String type,
      List<Integer> likes,
      Set<Integer> shapesOnly,
      Set<Integer> overwritable,
      BiConsumer<List<Tensor>, List<Tensor>> kernel) {
    this.type = type;
    this.likes = likes;
    this.shapesOnly = shapesOnly;
    this.overwritable = overwritable;
    this.kernel = kernel;
  }

  /**
   * @param type what the operation is called
   * @param kernel writes the outputs, the second, from the inputs, the first
   * @param likes for each output the input whose shape and element type it has
   */
  static GradientOperation of(
      String type, BiConsumer<List<Tensor>, List<Tensor>> kernel, Integer... likes) {
    return new GradientOperation(type, List.of(likes), Set.of(), Set.of(), kernel);
  }

  /** Of inputs whose elements are not read. */
  GradientOperation shapeOnly(Integer... inputs) {
    return new GradientOperation(type, likes, Set.of(inputs), overwritable, kernel);
  }

  /** Of inputs that the first output may be written over. */
  GradientOperation over(Integer... inputs) {
    return new GradientOperation(type, likes, shapesOnly, Set.of(inputs), kernel);
  }

  @Override
  public String type() {
    return type;
  }

  @Override
  public SymbolicShape outputShape(List<SymbolicShape> inputs) {
    return inputs.get(likes.get(0));
  }

  @Override
  public ElementType outputType(List<ElementType> inputs) {
    return inputs.get(likes.get(0));
  }

  @Override
  public List<SymbolicShape> furtherShapes(List<SymbolicShape> inputs) {
    return likes.stream().skip(1).map(inputs::get).toList();
  }

  @Override
  public List<ElementType> furtherTypes(List<ElementType> inputs, int count) {
    return likes.stream().skip(1).map(inputs::get).toList();
  }

  @Override
  public void run(List<Tensor> inputs, Tensor output) {
    Tensor[] outputs = new Tensor[likes.size()];
    outputs[0] = output;
    run(inputs, Collections.unmodifiableList(Arrays.asList(outputs)));
  }

  @Override
  public void run(List<Tensor> inputs, List<Tensor> outputs) {
    kernel.accept(inputs, outputs);
  }

  @Override
  public boolean readsShapeOnly(int input) {
    return shapesOnly.contains(input);
  }

  @Override
  public boolean mayOverwrite(int input) {
    return overwritable.contains(input);
  }
}
