package org.voxkern.bench.operation;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.AffineGrid;
import org.voxkern.op.GridSample;

/**
 * Trilinear sampling, zeros outside, at the grid of a small turn and stretch; forward, its two
 * gradients, and both at once.
 */
public class GridSampleBenchmark extends OperationBenchmark {
  @Param({"1", "3"})
  public int channels;

  @Param({"forward", "gradientInput", "gradientGrid", "gradients"})
  public String pass;

  @Override
  protected Job prepare(Inputs inputs) {
    GridSample sample = GridSample.of(GridSample.Mode.LINEAR, GridSample.Padding.ZEROS, false);
    Shape shape = inputs.workload().shape().prepend(channels).prepend(1);
    Tensor image = inputs.uniform("image", shape, -1, 1);
    Tensor grid = grid(inputs, shape);
    Tensor upstream = inputs.uniform("upstream", shape, -1, 1);
    return switch (pass) {
      case "forward" -> {
        Tensor output = inputs.output(shape);
        yield Job.of(() -> sample.apply(image, grid, output), output);
      }
      case "gradientInput" -> {
        Tensor gradient = inputs.output(shape);
        yield Job.of(() -> sample.gradientInput(grid, upstream, gradient), gradient);
      }
      case "gradients" -> {
        Tensor ofInput = inputs.output(shape);
        Tensor ofGrid = inputs.output(grid.shape());
        yield Job.of(
            () -> sample.gradients(image, grid, upstream, ofInput, ofGrid), ofInput, ofGrid);
      }
      default -> {
        Tensor gradient = inputs.output(grid.shape());
        yield Job.of(() -> sample.gradientGrid(image, grid, upstream, gradient), gradient);
      }
    };
  }

  private static Tensor grid(Inputs inputs, Shape image) {
    float[] turned = {
      0.97f, -0.08f, 0.05f, 0.02f, 0.07f, 0.98f, -0.06f, -0.01f, -0.05f, 0.06f, 1.02f, 0.03f
    };
    Tensor theta = Tensor.of(inputs.context(), turned, 1, 3, 4);
    Tensor grid = inputs.output(AffineGrid.outputShape(theta.shape(), image));
    AffineGrid.apply(theta, false, grid);
    return grid;
  }

  @Override
  public Work work(Workload workload) {
    int values = 4 * channels;
    return switch (pass) {
      case "forward", "gradientInput" -> Work.perVoxel(workload, 12 + values, values);
      case "gradients" -> Work.perVoxel(workload, 12 + 2 * values, 12 + values);
      default -> Work.perVoxel(workload, 12 + 2 * values, 12);
    };
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
