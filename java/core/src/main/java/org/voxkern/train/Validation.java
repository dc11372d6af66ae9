package org.voxkern.train;

import java.util.LinkedHashMap;
import java.util.Map;
import org.voxkern.Context;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Executable;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Weights;

/** How good weights are on data that they are not trained with: the lower, the better. */
@FunctionalInterface
public interface Validation {
  double measure(Weights weights);

  /**
   * The mean of an output of a graph, a single number, over the first batches of a source. Nothing
   * is dropped, and batch norms use their running statistics.
   *
   * @param graph as it was built, not in training
   * @throws IllegalArgumentException if there is no batch
   */
  static Validation ofLoss(Graph graph, String output, BatchSource source, long batches) {
    Settings.positive("a number of batches", batches);
    return weights -> {
      Context context = weights.get(weights.names().iterator().next()).context();
      try (Scope scope = Scope.open(context)) {
        Graph only = Trainer.only(graph, output);
        Executable executable = null;
        double sum = 0;
        for (long index = 0; index < batches; index++) {
          Map<String, Tensor> batch = source.batch(scope.context(), index);
          if (executable == null) {
            Map<String, Shape> shapes = new LinkedHashMap<>();
            batch.forEach((name, tensor) -> shapes.put(name, tensor.shape()));
            executable = only.compile(context, weights, shapes);
          }
          Tensor result = executable.run(batch).get(output);
          sum += result.toFloatArray()[0];
          result.close();
          batch.values().forEach(Tensor::close);
        }
        return sum / batches;
      }
    };
  }
}
