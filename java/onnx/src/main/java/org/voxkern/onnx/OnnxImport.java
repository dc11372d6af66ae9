package org.voxkern.onnx;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.voxkern.Context;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.SymbolicShape;

/**
 * Makes a graph and its weights of a model.
 *
 * <pre>{@code
 * OnnxModel model = OnnxModel.read(Path.of("network.onnx"));
 * OnnxNetwork network = OnnxImport.of(model).run(context);
 * Executable executable = network.graph().compile(context, network.weights(), shapes);
 * }</pre>
 *
 * <p>Initializers of f32 become parameters, everything else that does not depend on inputs is
 * computed now. Sizes that the model leaves open stay symbols of the graph, unless a node needs
 * them as numbers: {@link #shape} gives them. Likewise {@link #value} gives what an input holds
 * where a node needs that before the graph can be built, such as the shape that a Reshape takes, or
 * the boxes of a NonMaxSuppression, whose number says how large its output is; {@link #atMost} says
 * how large it is at most instead. Not thread-safe.
 */
public final class OnnxImport {
  /** What outputs that {@link #atMost} adds have behind their names. */
  static final String COUNT = ".count";

  /** Operators whose values say how many rows there are. */
  static final Set<String> SEARCHES = Set.of("NonMaxSuppression", "NonZero");

  private final OnnxModel model;
  private final Map<String, SymbolicShape> shapes = new LinkedHashMap<>();
  private final Map<String, Tensor> values = new LinkedHashMap<>();
  private final Map<String, Long> bounds = new LinkedHashMap<>();

  private List<String> outputs;

  private OnnxImport(OnnxModel model) {
    this.model = model;
    outputs = model.outputNames();
  }

  public static OnnxImport of(OnnxModel model) {
    return new OnnxImport(model);
  }

  /**
   * The shape of an input. It may have other sizes than the model says, which often are those that
   * it was exported with: whether the nodes take them the import and {@code compile} find out.
   *
   * @throws IllegalArgumentException if the model has no such input
   */
  public OnnxImport shape(String input, Shape shape) {
    return shape(input, SymbolicShape.of(shape));
  }

  /** The same, where sizes may stay open: {@code SymbolicShape.of(1, 1, "D", "H", "W")}. */
  public OnnxImport shape(String input, SymbolicShape shape) {
    requireInput(input);
    shapes.put(input, shape);
    return this;
  }

  /**
   * What an input holds. It stays an input of the graph where a node reads it as a tensor; where it
   * is only needed to build the graph it is none.
   *
   * @throws IllegalArgumentException if the model has no such input
   */
  public OnnxImport value(String input, Tensor value) {
    requireInput(input);
    values.put(input, value);
    return shape(input, value.shape());
  }

  /**
   * Other outputs than the model's: names of any values. Nodes and inputs that they do not need are
   * left out, and so are not refused; a detector can end before its boxes are suppressed.
   *
   * @throws IllegalArgumentException if there are none, or the model has no value of a name
   */
  public OnnxImport outputs(String... names) {
    List<String> all = List.of(names);
    Set<String> known = new HashSet<>(model.inputNames());
    model.graph().getInitializerList().forEach(initializer -> known.add(initializer.getName()));
    model.nodes().forEach(node -> known.addAll(node.getOutputList()));
    if (all.isEmpty() || !known.containsAll(all)) {
      throw new IllegalArgumentException(
          model.path() + " does not have all of the values " + all + ", or there are none");
    }
    outputs = all;
    return this;
  }

  /**
   * The most rows of a value of a NonMaxSuppression or NonZero, whose size depends on values: the
   * graph has so many of it, and of what is made of it, and an output {@code VALUE.count} (i64)
   * more, which says how many of them, the first, a run found. What lies beyond is undefined. A run
   * that finds more fails.
   *
   * <p>Operators behind it must compute each row without the others; another NonMaxSuppression or
   * NonZero may follow.
   *
   * @throws IllegalArgumentException if the model has no such value, or the number is negative
   */
  public OnnxImport atMost(String value, long rows) {
    List<String> all =
        model.nodes().stream()
            .filter(node -> SEARCHES.contains(node.getOpType()))
            .map(node -> node.getOutput(0))
            .toList();
    if (!all.contains(value) || rows < 0) {
      throw new IllegalArgumentException(
          model.path() + ": at most " + rows + " rows of '" + value + "' among " + all);
    }
    bounds.put(value, rows);
    return this;
  }

  private void requireInput(String input) {
    if (!model.inputNames().contains(input)) {
      throw new IllegalArgumentException(
          model.path() + " has no input '" + input + "' among " + model.inputNames());
    }
  }

  /**
   * Imports the model. The weights belong to the innermost scope.
   *
   * @throws UnsupportedOnnxException if nodes cannot be imported: names all
   * @throws IllegalArgumentException if the model is broken, or a given shape or value does not fit
   *     it
   */
  public OnnxNetwork run(Context context) {
    return new Importer(model, shapes, values, bounds, outputs).run(context);
  }
}
