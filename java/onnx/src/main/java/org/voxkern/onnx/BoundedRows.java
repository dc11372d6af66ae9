package org.voxkern.onnx;

import java.util.ArrayList;
import java.util.List;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Value;

/**
 * Says of a value that an axis has room for more than a run finds. A graph has no sizes that depend
 * on values: the axis has the most rows that were asked for, {@link OnnxImport#atMost}, and another
 * value says how many of them a run found, the first.
 *
 * @param source the value of the model that is found
 * @param axis in the shape that the value has in the model
 * @param positions whether the elements are positions as they were found, 0 in what is beyond
 */
record BoundedRows(String source, int axis, boolean positions) {
  /** What finds positions. */
  @FunctionalInterface
  interface Search {
    /**
     * @param valid how many of the inputs' rows there are
     * @return all that there are, each axis of the output after the next
     */
    long[] find(List<Tensor> inputs, long valid);
  }

  /**
   * Sets the output of a node that finds positions, and their number.
   *
   * @param shape of the output, two axes
   * @param axis of the output that has the most rows that were asked for
   * @param of the rows of the inputs, or null where these are as large as they are
   */
  static void set(
      NodeImport node,
      String type,
      Shape shape,
      int axis,
      List<Value> inputs,
      BoundedRows of,
      Search search) {
    Importer importer = node.importer();
    String name = node.output();
    List<Value> from = new ArrayList<>(inputs);
    if (of != null) {
      from.add(importer.count(of.source()));
    }
    Step step =
        Step.of(
                type,
                any -> List.of(SymbolicShape.of(shape), SymbolicShape.of()),
                (in, out) -> {
                  long valid = of == null ? Long.MAX_VALUE : in.get(inputs.size()).toLongArray()[0];
                  try (Scope scope = Scope.open(in.get(0).context())) {
                    long[] found = search.find(in.subList(0, inputs.size()), valid);
                    write(name, found, axis, out.get(0), out.get(1));
                  }
                })
            .types(ElementType.I64, ElementType.I64);
    Value rows = node.apply(step, from.toArray(new Value[0]));
    importer.setCount(name, rows.further(1));
    node.set(0, Operand.of(rows).with(new BoundedRows(name, axis, true)));
  }

  private static void write(String name, long[] found, int axis, Tensor rows, Tensor count) {
    Shape shape = rows.shape();
    int most = Math.toIntExact(shape.size(axis));
    int rest = Math.toIntExact(shape.size(1 - axis));
    int there = rest == 0 ? 0 : found.length / rest;
    if (there > most) {
      throw new IllegalStateException(
          "'" + name + "' has " + there + " rows, and at most " + most + " were asked for");
    }
    long[] padded = new long[most * rest];
    int runs = axis == 0 ? 1 : rest;
    for (int run = 0; run < runs; run++) {
      int length = found.length / runs;
      System.arraycopy(found, run * length, padded, run * padded.length / runs, length);
    }
    rows.set(Tensor.of(rows.context(), padded, shape.toArray()));
    count.set(Tensor.of(rows.context(), new long[] {there}));
  }
}
