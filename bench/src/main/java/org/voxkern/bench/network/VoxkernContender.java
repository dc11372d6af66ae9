package org.voxkern.bench.network;

import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Conv3d;

/** Ours, NCDHW in and out; weights packed before. */
final class VoxkernContender implements Contender {
  @Override
  public boolean takes(NetworkCase job) {
    return job.kind() == NetworkCase.Kind.CONV;
  }

  @Override
  public Prepared prepare(NetworkCase job, CaseData data, int threads) {
    Context context = Context.builder().threads(threads).build();
    Scope.open(context); // ends with the process
    Tensor output = Tensor.uninitialized(context, ElementType.F32, job.outputShape());
    Runnable run = job(job, data, context, output);
    return new Prepared() {
      @Override
      public void run() {
        run.run();
      }

      @Override
      public float[] result() {
        return output.toFloatArray();
      }
    };
  }

  private static Runnable job(NetworkCase job, CaseData data, Context context, Tensor output) {
    NetworkCase.Window window = job.window();
    switch (job.kind()) {
      case CONV -> {
        Conv3d convolution = convolution(window);
        Tensor input = tensor(context, data.input(), job.inputShape());
        Conv3d.PackedWeights weights =
            convolution.pack(tensor(context, data.weights(), job.weightsShape()), job.inputShape());
        return () -> convolution.apply(input, weights, null, null, output);
      }
      default -> throw new IllegalArgumentException(job.name() + ": not there yet");
    }
  }

  private static Conv3d convolution(NetworkCase.Window window) {
    return Conv3d.builder()
        .stride(window.stride(), window.stride(), window.stride())
        .dilation(window.dilation(), window.dilation(), window.dilation())
        .padding(window.padding(), window.padding(), window.padding())
        .groups(window.groups())
        .build();
  }

  private static Tensor tensor(Context context, float[] values, Shape shape) {
    return Tensor.of(context, values, shape.toArray());
  }
}
