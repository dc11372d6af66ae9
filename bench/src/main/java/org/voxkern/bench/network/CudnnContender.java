package org.voxkern.bench.network;

import java.util.function.IntSupplier;
import org.bytedeco.cuda.cudnn.cudnnContext;
import org.bytedeco.cuda.cudnn.cudnnConvolutionBwdDataAlgoPerf_t;
import org.bytedeco.cuda.cudnn.cudnnConvolutionBwdFilterAlgoPerf_t;
import org.bytedeco.cuda.cudnn.cudnnConvolutionFwdAlgoPerf_t;
import org.bytedeco.cuda.cudnn.cudnnConvolutionStruct;
import org.bytedeco.cuda.cudnn.cudnnFilterStruct;
import org.bytedeco.cuda.cudnn.cudnnPoolingStruct;
import org.bytedeco.cuda.cudnn.cudnnTensorStruct;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.cuda.global.cudnn;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.SizeTPointer;
import org.voxkern.Shape;

/**
 * cuDNN through JavaCPP's preset, by the algorithm that its own model has first, whether or not
 * that is deterministic. Needs a GPU, and the preset's libraries on the class path.
 */
// The functions of the native side, which cuDNN 9 has still and calls deprecated.
@SuppressWarnings("deprecation")
final class CudnnContender implements Contender {
  @Override
  public boolean takes(NetworkCase job) {
    return switch (job.kind()) {
      case CONV,
          CONV_GRADIENT_INPUT,
          CONV_GRADIENT_WEIGHTS,
          CONV_TRANSPOSE,
          MAX_POOL,
          AVERAGE_POOL ->
          // Its NCDHW tensors have no bfloat16 for f32 ones.
          !job.bfloat16();
      default -> false;
    };
  }

  @Override
  public Prepared prepare(NetworkCase job, CaseData data, int threads) {
    return new Session(job, data).prepared();
  }

  private static void check(int status) {
    if (status != cudnn.CUDNN_STATUS_SUCCESS) {
      throw new IllegalStateException(
          "cuDNN: " + cudnn.cudnnGetErrorString(status).getString() + " (" + status + ")");
    }
  }

  private static void checkCuda(int error) {
    if (error != 0) {
      throw new IllegalStateException("CUDA error " + error);
    }
  }

  /** One job's descriptors and memory, which live as long as the process. */
  private static final class Session {
    private static final int MOST_ALGORITHMS = 16;

    private final NetworkCase job;
    private final cudnnContext handle = new cudnnContext();
    private final FloatPointer one = new FloatPointer(1f);
    private final FloatPointer zero = new FloatPointer(0f);
    private final Shape resultShape;
    private final Pointer result;
    private final IntSupplier run;

    Session(NetworkCase job, CaseData data) {
      this.job = job;
      check(cudnn.cudnnCreate(handle));
      resultShape =
          switch (job.kind()) {
            case CONV_GRADIENT_INPUT -> job.inputShape();
            case CONV_GRADIENT_WEIGHTS -> job.weightsShape();
            default -> job.outputShape();
          };
      result = memory(4 * resultShape.elementCount());
      run =
          switch (job.kind()) {
            case CONV -> forward(data);
            case CONV_GRADIENT_INPUT ->
                backwardData(
                    data.outputGradient(), job.outputShape(), data.weights(), job.inputShape());
            case CONV_TRANSPOSE ->
                backwardData(data.input(), job.inputShape(), data.weights(), job.outputShape());
            case CONV_GRADIENT_WEIGHTS -> backwardFilter(data);
            case MAX_POOL -> pool(data, cudnn.CUDNN_POOLING_MAX);
            case AVERAGE_POOL -> pool(data, cudnn.CUDNN_POOLING_AVERAGE_COUNT_INCLUDE_PADDING);
            default -> throw new IllegalArgumentException(job.name() + ": cuDNN has no such job");
          };
    }

    Prepared prepared() {
      return new Prepared() {
        @Override
        public void run() {
          check(run.getAsInt());
          checkCuda(cudart.cudaDeviceSynchronize());
        }

        @Override
        public float[] result() {
          float[] values = new float[Math.toIntExact(resultShape.elementCount())];
          try (FloatPointer host = new FloatPointer(values.length)) {
            checkCuda(
                cudart.cudaMemcpy(host, result, 4L * values.length, cudart.cudaMemcpyDeviceToHost));
            host.get(values);
          }
          return values;
        }
      };
    }

    private IntSupplier forward(CaseData data) {
      cudnnTensorStruct x = tensor(job.inputShape());
      cudnnTensorStruct y = tensor(job.outputShape());
      cudnnFilterStruct w = filter();
      cudnnConvolutionStruct convolution = convolution();
      Pointer input = memory(data.input());
      Pointer weights = memory(data.weights());
      IntPointer count = new IntPointer(1);
      cudnnConvolutionFwdAlgoPerf_t found = new cudnnConvolutionFwdAlgoPerf_t(MOST_ALGORITHMS);
      check(
          cudnn.cudnnGetConvolutionForwardAlgorithm_v7(
              handle, x, w, convolution, y, MOST_ALGORITHMS, count, found));
      int algorithm = found.position(0).algo();
      SizeTPointer bytes = new SizeTPointer(1);
      check(
          cudnn.cudnnGetConvolutionForwardWorkspaceSize(
              handle, x, w, convolution, y, algorithm, bytes));
      Pointer workspace = memory(bytes.get());
      return () ->
          cudnn.cudnnConvolutionForward(
              handle,
              one,
              x,
              input,
              w,
              weights,
              convolution,
              algorithm,
              workspace,
              bytes.get(),
              zero,
              y,
              result);
    }

    private IntSupplier backwardData(
        float[] upstream, Shape upstreamShape, float[] weightValues, Shape gradientShape) {
      cudnnTensorStruct dy = tensor(upstreamShape);
      cudnnTensorStruct dx = tensor(gradientShape);
      cudnnFilterStruct w = filter();
      cudnnConvolutionStruct convolution = convolution();
      Pointer from = memory(upstream);
      Pointer weights = memory(weightValues);
      IntPointer count = new IntPointer(1);
      cudnnConvolutionBwdDataAlgoPerf_t found =
          new cudnnConvolutionBwdDataAlgoPerf_t(MOST_ALGORITHMS);
      check(
          cudnn.cudnnGetConvolutionBackwardDataAlgorithm_v7(
              handle, w, dy, convolution, dx, MOST_ALGORITHMS, count, found));
      int algorithm = found.position(0).algo();
      SizeTPointer bytes = new SizeTPointer(1);
      check(
          cudnn.cudnnGetConvolutionBackwardDataWorkspaceSize(
              handle, w, dy, convolution, dx, algorithm, bytes));
      Pointer workspace = memory(bytes.get());
      return () ->
          cudnn.cudnnConvolutionBackwardData(
              handle,
              one,
              w,
              weights,
              dy,
              from,
              convolution,
              algorithm,
              workspace,
              bytes.get(),
              zero,
              dx,
              result);
    }

    private IntSupplier backwardFilter(CaseData data) {
      cudnnTensorStruct x = tensor(job.inputShape());
      cudnnTensorStruct dy = tensor(job.outputShape());
      cudnnFilterStruct dw = filter();
      cudnnConvolutionStruct convolution = convolution();
      Pointer input = memory(data.input());
      Pointer upstream = memory(data.outputGradient());
      IntPointer count = new IntPointer(1);
      cudnnConvolutionBwdFilterAlgoPerf_t found =
          new cudnnConvolutionBwdFilterAlgoPerf_t(MOST_ALGORITHMS);
      check(
          cudnn.cudnnGetConvolutionBackwardFilterAlgorithm_v7(
              handle, x, dy, convolution, dw, MOST_ALGORITHMS, count, found));
      int algorithm = found.position(0).algo();
      SizeTPointer bytes = new SizeTPointer(1);
      check(
          cudnn.cudnnGetConvolutionBackwardFilterWorkspaceSize(
              handle, x, dy, convolution, dw, algorithm, bytes));
      Pointer workspace = memory(bytes.get());
      return () ->
          cudnn.cudnnConvolutionBackwardFilter(
              handle,
              one,
              x,
              input,
              dy,
              upstream,
              convolution,
              algorithm,
              workspace,
              bytes.get(),
              zero,
              dw,
              result);
    }

    private IntSupplier pool(CaseData data, int mode) {
      cudnnTensorStruct x = tensor(job.inputShape());
      cudnnTensorStruct y = tensor(job.outputShape());
      cudnnPoolingStruct pooling = new cudnnPoolingStruct();
      check(cudnn.cudnnCreatePoolingDescriptor(pooling));
      check(
          cudnn.cudnnSetPoolingNdDescriptor(
              pooling,
              mode,
              cudnn.CUDNN_PROPAGATE_NAN,
              3,
              all(job.window().kernel()),
              all(job.window().padding()),
              all(job.window().stride())));
      Pointer input = memory(data.input());
      return () -> cudnn.cudnnPoolingForward(handle, pooling, one, x, input, zero, y, result);
    }

    private cudnnConvolutionStruct convolution() {
      cudnnConvolutionStruct convolution = new cudnnConvolutionStruct();
      check(cudnn.cudnnCreateConvolutionDescriptor(convolution));
      check(
          cudnn.cudnnSetConvolutionNdDescriptor(
              convolution,
              3,
              all(job.window().padding()),
              all(job.window().stride()),
              all(job.window().dilation()),
              cudnn.CUDNN_CROSS_CORRELATION,
              cudnn.CUDNN_DATA_FLOAT));
      check(cudnn.cudnnSetConvolutionGroupCount(convolution, job.window().groups()));
      // As precise as ours: without tf32.
      check(cudnn.cudnnSetConvolutionMathType(convolution, cudnn.CUDNN_FMA_MATH));
      return convolution;
    }

    private static cudnnTensorStruct tensor(Shape shape) {
      int[] sizes = sizes(shape);
      int[] strides = new int[sizes.length];
      int stride = 1;
      for (int axis = sizes.length - 1; axis >= 0; axis--) {
        strides[axis] = stride;
        stride *= sizes[axis];
      }
      cudnnTensorStruct tensor = new cudnnTensorStruct();
      check(cudnn.cudnnCreateTensorDescriptor(tensor));
      check(
          cudnn.cudnnSetTensorNdDescriptor(
              tensor, cudnn.CUDNN_DATA_FLOAT, sizes.length, sizes, strides));
      return tensor;
    }

    private cudnnFilterStruct filter() {
      int[] sizes = sizes(job.weightsShape());
      cudnnFilterStruct filter = new cudnnFilterStruct();
      check(cudnn.cudnnCreateFilterDescriptor(filter));
      check(
          cudnn.cudnnSetFilterNdDescriptor(
              filter, cudnn.CUDNN_DATA_FLOAT, cudnn.CUDNN_TENSOR_NCHW, sizes.length, sizes));
      return filter;
    }

    private static int[] sizes(Shape shape) {
      long[] sizes = shape.toArray();
      int[] result = new int[sizes.length];
      for (int axis = 0; axis < sizes.length; axis++) {
        result[axis] = Math.toIntExact(sizes[axis]);
      }
      return result;
    }

    private static int[] all(int value) {
      return new int[] {value, value, value};
    }

    private static Pointer memory(long bytes) {
      Pointer memory = new Pointer();
      if (bytes > 0) {
        checkCuda(cudart.cudaMalloc(memory, bytes));
      }
      return memory;
    }

    private static Pointer memory(float[] values) {
      Pointer memory = memory(4L * values.length);
      try (FloatPointer host = new FloatPointer(values)) {
        checkCuda(
            cudart.cudaMemcpy(memory, host, 4L * values.length, cudart.cudaMemcpyHostToDevice));
      }
      return memory;
    }
  }
}
