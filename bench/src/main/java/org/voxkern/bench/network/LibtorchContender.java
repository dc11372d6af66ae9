package org.voxkern.bench.network;

import org.bytedeco.javacpp.BoolPointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.LongArrayRefOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.voxkern.Shape;

/** libtorch through JavaCPP's preset, its default layout. */
final class LibtorchContender implements Contender {
  private static final long BILINEAR = 0;
  private static final long ZEROS = 0;

  private interface Job {
    Tensor[] run();
  }

  @Override
  public boolean takes(NetworkCase job) {
    return job.usual() && job.kind() != NetworkCase.Kind.NMS;
  }

  @Override
  public Prepared prepare(NetworkCase job, CaseData data, int threads) {
    torch.set_num_threads(threads);
    // No gradients are recorded: each job is forward or backward alone.
    AutoGradMode noGradients = new AutoGradMode(false);
    Job run = job(job, data);
    return new Prepared() {
      private float[] result;
      private boolean keep;

      @Override
      public void run() {
        try (PointerScope scope = new PointerScope()) {
          Tensor[] outputs = run.run();
          if (keep) {
            result = plain(outputs);
          }
        }
      }

      @Override
      public float[] result() {
        keep = true;
        run();
        noGradients.close();
        return result;
      }
    };
  }

  private static Job job(NetworkCase job, CaseData data) {
    int[] size = job.size();
    NetworkCase.Window window = job.window();
    long[] kernel = all(window.kernel());
    long[] stride = all(window.stride());
    long[] padding = all(window.padding());
    long[] dilation = all(window.dilation());
    long groups = window.groups();
    switch (job.kind()) {
      case CONV -> {
        Tensor input = tensor(data.input(), job.inputShape());
        Tensor weights = tensor(data.weights(), job.weightsShape());
        TensorOptional none = new TensorOptional();
        return () ->
            new Tensor[] {torch.conv3d(input, weights, none, stride, padding, dilation, groups)};
      }
      case CONV_GRADIENT_INPUT, CONV_GRADIENT_WEIGHTS -> {
        boolean ofInput = job.kind() == NetworkCase.Kind.CONV_GRADIENT_INPUT;
        Tensor gradient = tensor(data.outputGradient(), job.outputShape());
        Tensor input = tensor(data.input(), job.inputShape());
        Tensor weights = tensor(data.weights(), job.weightsShape());
        LongArrayRefOptional none = new LongArrayRefOptional();
        BoolPointer wanted = new BoolPointer(3);
        wanted.put(0, ofInput).put(1, !ofInput).put(2, false);
        return () -> {
          T_TensorTensorTensor_T all =
              torch.convolution_backward(
                  gradient, input, weights, none, stride, padding, dilation, false, all(0), groups,
                  wanted);
          return new Tensor[] {ofInput ? all.get0() : all.get1()};
        };
      }
      case CONV_TRANSPOSE -> {
        Tensor input = tensor(data.input(), job.inputShape());
        Tensor weights = tensor(data.weights(), job.weightsShape());
        TensorOptional none = new TensorOptional();
        return () ->
            new Tensor[] {
              torch.conv_transpose3d(
                  input, weights, none, stride, padding, all(0), groups, dilation)
            };
      }
      case MAX_POOL -> {
        Tensor input = tensor(data.input(), job.inputShape());
        return () ->
            new Tensor[] {torch.max_pool3d(input, kernel, stride, padding, dilation, false)};
      }
      case AVERAGE_POOL -> {
        Tensor input = tensor(data.input(), job.inputShape());
        LongOptional none = new LongOptional();
        return () ->
            new Tensor[] {torch.avg_pool3d(input, kernel, stride, padding, false, true, none)};
      }
      case INSTANCE_NORM -> {
        Tensor input = tensor(data.input(), job.inputShape());
        TensorOptional scale = new TensorOptional(tensor(data.scale(), Shape.of(job.in())));
        TensorOptional shift = new TensorOptional(tensor(data.shift(), Shape.of(job.in())));
        TensorOptional none = new TensorOptional();
        Scalar slope = new Scalar(0.01);
        return () ->
            new Tensor[] {
              torch.leaky_relu_(
                  torch.instance_norm(input, scale, shift, none, none, true, 0, 1e-5, false), slope)
            };
      }
      case GRID_SAMPLE -> {
        Tensor input = tensor(data.input(), job.inputShape());
        Tensor grid = tensor(data.grid(), Shape.of(1, size[0], size[1], size[2], 3));
        return () -> new Tensor[] {torch.grid_sampler(input, grid, BILINEAR, ZEROS, false)};
      }
      case GRID_SAMPLE_GRADIENT -> {
        Tensor gradient = tensor(data.outputGradient(), job.outputShape());
        Tensor input = tensor(data.input(), job.inputShape());
        Tensor grid = tensor(data.grid(), Shape.of(1, size[0], size[1], size[2], 3));
        BoolPointer wanted = new BoolPointer(2);
        wanted.put(0, true).put(1, true);
        return () -> {
          T_TensorTensor_T both =
              torch.grid_sampler_3d_backward(gradient, input, grid, BILINEAR, ZEROS, false, wanted);
          return new Tensor[] {both.get0(), both.get1()};
        };
      }
      default -> throw new IllegalArgumentException(job.name() + ": libtorch has no such job");
    }
  }

  private static Tensor tensor(float[] values, Shape shape) {
    // A copy that libtorch owns and aligns as it likes.
    FloatPointer memory = new FloatPointer(values);
    try (Tensor blob = torch.from_blob(memory, shape.toArray())) {
      return blob.clone();
    } finally {
      memory.close();
    }
  }

  private static long[] all(long value) {
    return new long[] {value, value, value};
  }

  private static float[] plain(Tensor[] tensors) {
    int count = 0;
    for (Tensor tensor : tensors) {
      count += Math.toIntExact(tensor.numel());
    }
    float[] values = new float[count];
    int begin = 0;
    for (Tensor tensor : tensors) {
      int length = Math.toIntExact(tensor.numel());
      new FloatPointer(tensor.contiguous().data_ptr()).get(values, begin, length);
      begin += length;
    }
    return values;
  }
}
