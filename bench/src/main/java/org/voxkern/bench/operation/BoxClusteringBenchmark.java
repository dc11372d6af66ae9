package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.BoxClustering;

/** Weighted clustering of proposals above an IoU of 0.3. */
public class BoxClusteringBenchmark extends OperationBenchmark {
  private static final BoxClustering CLUSTERING = BoxClustering.builder().iouThreshold(0.3).build();

  @Override
  protected Job prepare(Inputs inputs) {
    int count = Proposals.count(inputs.workload());
    Tensor boxes = inputs.boxes("proposals", count);
    Tensor scores = inputs.uniform("scores", Shape.of(count), 0, 1);
    return Job.of(
        () -> {
          BoxClustering.Result result =
              CLUSTERING.apply(boxes, scores, null, BoxClustering.Origin.UNKNOWN);
          double[] best = new double[result.count()];
          for (int i = 0; i < best.length; i++) {
            best[i] = result.best().buffer().getLong(8 * i);
          }
          result.boxes().close();
          result.scores().close();
          result.best().close();
          result.clusterOf().close();
          return best;
        });
  }

  @Override
  public Work work(Workload workload) {
    return new Work(28.0 * Proposals.count(workload), 0, 0);
  }

  @Benchmark
  public Object kernel() {
    return runKernel();
  }

  @Benchmark
  public Object withCopies() {
    return runWithCopies();
  }
}
