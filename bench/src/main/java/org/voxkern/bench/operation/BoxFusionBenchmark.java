package org.voxkern.bench.operation;

import java.util.stream.LongStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.BoxFusion;

/** Fusion of a tenth of the proposals, of five models, above an IoU of 0.55. */
public class BoxFusionBenchmark extends OperationBenchmark {
  private static final BoxFusion FUSION = BoxFusion.builder(1, 1, 1, 1, 1).build();

  @Override
  protected Job prepare(Inputs inputs) {
    int count = count(inputs.workload());
    Tensor boxes = inputs.boxes("proposals", count);
    Tensor scores = inputs.uniform("scores", Shape.of(count), 0, 1);
    Tensor models =
        Tensor.of(inputs.context(), LongStream.range(0, count).map(i -> i % 5).toArray(), count);
    return Job.of(
        () -> {
          BoxFusion.Result result = FUSION.apply(boxes, scores, null, models);
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

  private static int count(Workload workload) {
    return Proposals.count(workload) / 10;
  }

  @Override
  public Work work(Workload workload) {
    return new Work(36.0 * count(workload), 0, 0);
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
