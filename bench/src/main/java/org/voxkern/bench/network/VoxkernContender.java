package org.voxkern.bench.network;

import java.util.List;
import org.voxkern.Context;
import org.voxkern.Device;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Activation;
import org.voxkern.op.AveragePool;
import org.voxkern.op.Conv3d;
import org.voxkern.op.Conv3dTransposed;
import org.voxkern.op.GridSample;
import org.voxkern.op.GroupNorm;
import org.voxkern.op.MaxPool;
import org.voxkern.op.Nms;
import org.voxkern.op.PoolWindow;

/** Ours, NCDHW in and out; weights packed before. */
final class VoxkernContender implements Contender {
  private final String device;

  VoxkernContender(String device) {
    this.device = device;
  }

  @Override
  public boolean takes(NetworkCase job) {
    return true;
  }

  @Override
  public Prepared prepare(NetworkCase job, CaseData data, int threads) {
    Context context = Context.builder().device(Device.named(device)).threads(threads).build();
    Scope.open(context); // ends with the process
    return new Tensors(job, data, context).prepared();
  }

  /** A job's tensors. */
  private record Tensors(NetworkCase job, CaseData data, Context context) {
    Prepared prepared() {
      NetworkCase.Window window = job.window();
      switch (job.kind()) {
        case CONV -> {
          Conv3d convolution = convolution();
          Tensor input = input();
          Tensor output = output(job.outputShape());
          Conv3d.PackedWeights weights = convolution.pack(weights(), job.inputShape());
          return of(() -> convolution.apply(input, weights, null, null, output), output);
        }
        case CONV_GRADIENT_INPUT -> {
          Conv3d convolution = convolution();
          Tensor upstream = tensor(data.outputGradient(), job.outputShape());
          Tensor weights = weights();
          Tensor gradient = output(job.inputShape());
          return of(() -> convolution.gradientInput(upstream, weights, gradient), gradient);
        }
        case CONV_GRADIENT_WEIGHTS -> {
          Conv3d convolution = convolution();
          Tensor upstream = tensor(data.outputGradient(), job.outputShape());
          Tensor input = input();
          Tensor gradient = output(job.weightsShape());
          return of(() -> convolution.gradientWeights(upstream, input, gradient, null), gradient);
        }
        case CONV_TRANSPOSE -> {
          Conv3dTransposed convolution =
              Conv3dTransposed.builder()
                  .stride(window.stride(), window.stride(), window.stride())
                  .build();
          Tensor input = input();
          Tensor output = output(job.outputShape());
          Conv3d.PackedWeights weights = convolution.pack(weights(), job.inputShape());
          return of(() -> convolution.apply(input, weights, null, null, output), output);
        }
        case MAX_POOL -> {
          PoolWindow pool = pool(window);
          Tensor input = input();
          Tensor output = output(job.outputShape());
          return of(() -> MaxPool.apply(pool, input, output, null), output);
        }
        case AVERAGE_POOL -> {
          AveragePool pool = AveragePool.ofPadded(pool(window));
          Tensor input = input();
          Tensor output = output(job.outputShape());
          return of(() -> pool.apply(input, output), output);
        }
        case INSTANCE_NORM -> {
          GroupNorm norm =
              GroupNorm.builder()
                  .groups(job.in())
                  .epsilon(1e-5)
                  .activation(Activation.leakyRelu(0.01))
                  .build();
          Tensor input = input();
          Tensor scale = tensor(data.scale(), Shape.of(job.in()));
          Tensor shift = tensor(data.shift(), Shape.of(job.in()));
          Tensor output = output(job.outputShape());
          return of(() -> norm.apply(input, scale, shift, output), output);
        }
        case GRID_SAMPLE -> {
          GridSample sample = sample();
          Tensor input = input();
          Tensor grid = tensor(data.grid(), gridShape());
          Tensor output = output(job.outputShape());
          return of(() -> sample.apply(input, grid, output), output);
        }
        case GRID_SAMPLE_GRADIENT -> {
          GridSample sample = sample();
          Tensor input = input();
          Tensor grid = tensor(data.grid(), gridShape());
          Tensor upstream = tensor(data.outputGradient(), job.outputShape());
          Tensor ofInput = output(job.inputShape());
          Tensor ofGrid = output(gridShape());
          return of(
              () -> sample.gradients(input, grid, upstream, ofInput, ofGrid), ofInput, ofGrid);
        }
        case NMS -> {
          Nms nms = Nms.builder().iouThreshold(0.5).build();
          int count = job.size()[2];
          Tensor boxes = tensor(data.boxes(), Shape.of(count, 4));
          Tensor scores = tensor(data.scores(), Shape.of(count));
          long[][] kept = new long[1][];
          return new Prepared() {
            @Override
            public void run() {
              kept[0] = nms.apply(boxes, scores, null);
            }

            @Override
            public float[] result() {
              float[] indices = new float[kept[0].length];
              for (int i = 0; i < indices.length; i++) {
                indices[i] = kept[0][i];
              }
              return indices;
            }
          };
        }
        default -> throw new IllegalArgumentException(job.name() + ": no such job");
      }
    }

    private Prepared of(Runnable run, Tensor... outputs) {
      return new Prepared() {
        @Override
        public void run() {
          run.run();
          context.synchronize();
        }

        @Override
        public float[] result() {
          List<float[]> all = List.of(outputs).stream().map(Tensor::toFloatArray).toList();
          float[] whole = new float[all.stream().mapToInt(array -> array.length).sum()];
          int begin = 0;
          for (float[] array : all) {
            System.arraycopy(array, 0, whole, begin, array.length);
            begin += array.length;
          }
          return whole;
        }
      };
    }

    private Tensor input() {
      return tensor(data.input(), job.inputShape());
    }

    private Tensor weights() {
      return tensor(data.weights(), job.weightsShape());
    }

    private Tensor output(Shape shape) {
      return Tensor.uninitialized(context, ElementType.F32, shape);
    }

    private Tensor tensor(float[] values, Shape shape) {
      return Tensor.of(context, values, shape.toArray());
    }

    private Shape gridShape() {
      return Shape.of(1, job.size()[0], job.size()[1], job.size()[2], 3);
    }

    private static GridSample sample() {
      return GridSample.of(GridSample.Mode.LINEAR, GridSample.Padding.ZEROS, false);
    }

    private static PoolWindow pool(NetworkCase.Window window) {
      return PoolWindow.kernel(window.kernel(), window.kernel(), window.kernel())
          .stride(window.stride(), window.stride(), window.stride())
          .padding(window.padding(), window.padding(), window.padding())
          .build();
    }

    private Conv3d convolution() {
      NetworkCase.Window window = job.window();
      return Conv3d.builder()
          .accuracy(job.accuracy())
          .stride(window.stride(), window.stride(), window.stride())
          .dilation(window.dilation(), window.dilation(), window.dilation())
          .padding(window.padding(), window.padding(), window.padding())
          .groups(window.groups())
          .build();
    }
  }
}
