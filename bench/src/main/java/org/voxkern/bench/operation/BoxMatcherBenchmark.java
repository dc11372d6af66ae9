package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Anchors;
import org.voxkern.op.BoxMatcher;
import org.voxkern.op.Convert;

/**
 * Which of 100 objects each anchor is to find: 27 anchors at every eighth voxel along each axis.
 */
public class BoxMatcherBenchmark extends OperationBenchmark {
  private static final int OBJECTS = 100;
  private static final int STRIDE = 8;
  private static final double[] SIZES = {12, 20, 32};
  private static final double[] RATIOS = {0.5, 1, 2};

  @Override
  protected Job prepare(Inputs inputs) {
    Tensor anchors = anchors(inputs);
    Tensor objects = inputs.boxes("objects", OBJECTS);
    Shape list = Shape.of(anchors.shape().size(0));
    Tensor matches = Tensor.uninitialized(inputs.context(), ElementType.I64, list);
    Tensor asFloats = inputs.output(list);
    BoxMatcher matcher = BoxMatcher.byOverlap(0.5, 0.4, true);
    return Job.of(
        () -> {
          matcher.apply(anchors, objects, matches, null);
          Convert.apply(matches, asFloats);
        },
        asFloats);
  }

  private static Tensor anchors(Inputs inputs) {
    Tensor extents = Anchors.extents(inputs.context(), SIZES, RATIOS, SIZES);
    Anchors grid = Anchors.ofStride(STRIDE, STRIDE, STRIDE);
    int[] size = inputs.workload().size();
    Shape places = Shape.of(size[2] / STRIDE, size[1] / STRIDE, size[0] / STRIDE);
    Tensor anchors = inputs.output(grid.outputShape(extents.shape(), places));
    grid.apply(extents, places, anchors);
    return anchors;
  }

  @Override
  public Work work(Workload workload) {
    double anchors = 27.0 * workload.voxels() / (STRIDE * STRIDE * STRIDE);
    return new Work(24 * anchors, 12 * anchors, 0);
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
