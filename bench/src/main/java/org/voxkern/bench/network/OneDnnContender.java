package org.voxkern.bench.network;

import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.batch_normalization_forward;
import org.bytedeco.dnnl.convolution_backward_data;
import org.bytedeco.dnnl.convolution_backward_weights;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.deconvolution_forward;
import org.bytedeco.dnnl.eltwise_forward;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.pooling_forward;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.voxkern.Shape;

/**
 * oneDNN through JavaCPP's preset. Its threads are OpenMP's: OMP_NUM_THREADS of the process.
 *
 * <p>Features are in the layout that oneDNN likes best, as within a network of its own, or in
 * NCDHW, as a caller has them.
 */
final class OneDnnContender implements Contender {
  private final boolean plain;

  OneDnnContender(boolean plain) {
    this.plain = plain;
  }

  @Override
  public boolean takes(NetworkCase job) {
    return switch (job.kind()) {
      case GRID_SAMPLE, GRID_SAMPLE_GRADIENT, NMS -> false;
      default -> true;
    };
  }

  @Override
  public Prepared prepare(NetworkCase job, CaseData data, int threads) {
    return new Session(job, data, plain).prepared();
  }

  /** One job's primitive and its memory, which live as long as the process. */
  private static final class Session {
    private final engine cpu = new engine(engine.kind.cpu, 0);
    private final stream stream = new stream(cpu);
    private final IntMemoryMap arguments = new IntMemoryMap();
    private final NetworkCase job;
    private final CaseData data;
    private final memory.format_tag features;
    private final memory.data_type values;
    private final primitive primitive;
    private Runnable after = () -> {};
    private memory result;
    private Shape resultShape;

    Session(NetworkCase job, CaseData data, boolean plain) {
      this.job = job;
      this.data = data;
      boolean free = job.operations() > 0;
      values = job.bfloat16() ? memory.data_type.bf16 : memory.data_type.f32;
      features =
          plain
              ? memory.format_tag.ncdhw
              : free ? memory.format_tag.any : memory.format_tag.nCdhw16c;
      primitive =
          switch (job.kind()) {
            case CONV -> convolution();
            case CONV_GRADIENT_INPUT -> gradientOfInput();
            case CONV_GRADIENT_WEIGHTS -> gradientOfWeights();
            case CONV_TRANSPOSE -> deconvolution();
            case MAX_POOL -> pooling(algorithm.pooling_max);
            case AVERAGE_POOL -> pooling(algorithm.pooling_avg_include_padding);
            case INSTANCE_NORM -> instanceNorm();
            default -> throw new IllegalArgumentException(job.name() + ": oneDNN has no such job");
          };
    }

    Prepared prepared() {
      return new Prepared() {
        @Override
        public void run() {
          primitive.execute(stream, arguments);
          after.run();
          stream._wait();
        }

        @Override
        public float[] result() {
          memory plain = new memory(desc(resultShape, tag(resultShape)), cpu);
          new reorder(result, plain).execute(stream, result, plain);
          stream._wait();
          float[] values = new float[Math.toIntExact(resultShape.elementCount())];
          new FloatPointer(plain.get_data_handle()).get(values);
          return values;
        }
      };
    }

    private convolution_forward.primitive_desc forward() {
      return new convolution_forward.primitive_desc(
          cpu,
          prop_kind.forward_training,
          algorithm.convolution_direct,
          desc(job.inputShape(), features, values),
          desc(grouped(job.weightsShape()), memory.format_tag.any, values),
          desc(job.outputShape(), features, values),
          all(job.window().stride()),
          all(job.window().dilation() - 1),
          all(job.window().padding()),
          all(job.window().padding()));
    }

    private primitive convolution() {
      convolution_forward.primitive_desc desc = forward();
      input(dnnl.DNNL_ARG_SRC, data.input(), job.inputShape(), desc.src_desc());
      input(
          dnnl.DNNL_ARG_WEIGHTS, data.weights(), grouped(job.weightsShape()), desc.weights_desc());
      output(dnnl.DNNL_ARG_DST, job.outputShape(), desc.dst_desc());
      return new convolution_forward(desc);
    }

    private primitive gradientOfInput() {
      convolution_backward_data.primitive_desc desc =
          new convolution_backward_data.primitive_desc(
              cpu,
              algorithm.convolution_direct,
              desc(job.inputShape(), features),
              desc(job.weightsShape(), memory.format_tag.any),
              desc(job.outputShape(), features),
              all(job.window().stride()),
              all(job.window().dilation() - 1),
              all(job.window().padding()),
              all(job.window().padding()),
              forward());
      input(dnnl.DNNL_ARG_DIFF_DST, data.outputGradient(), job.outputShape(), desc.diff_dst_desc());
      input(dnnl.DNNL_ARG_WEIGHTS, data.weights(), job.weightsShape(), desc.weights_desc());
      output(dnnl.DNNL_ARG_DIFF_SRC, job.inputShape(), desc.diff_src_desc());
      return new convolution_backward_data(desc);
    }

    private primitive gradientOfWeights() {
      convolution_backward_weights.primitive_desc desc =
          new convolution_backward_weights.primitive_desc(
              cpu,
              algorithm.convolution_direct,
              desc(job.inputShape(), features),
              desc(job.weightsShape(), memory.format_tag.any),
              desc(job.outputShape(), features),
              all(job.window().stride()),
              all(job.window().dilation() - 1),
              all(job.window().padding()),
              all(job.window().padding()),
              forward());
      input(dnnl.DNNL_ARG_SRC, data.input(), job.inputShape(), desc.src_desc());
      input(dnnl.DNNL_ARG_DIFF_DST, data.outputGradient(), job.outputShape(), desc.diff_dst_desc());
      output(dnnl.DNNL_ARG_DIFF_WEIGHTS, job.weightsShape(), desc.diff_weights_desc());
      return new convolution_backward_weights(desc);
    }

    private primitive deconvolution() {
      // oneDNN wants (O, I, ...), the job's weights are (I, O, ...).
      long[] weights = job.weightsShape().toArray();
      Shape swapped = Shape.of(weights[1], weights[0], weights[2], weights[3], weights[4]);
      deconvolution_forward.primitive_desc desc =
          new deconvolution_forward.primitive_desc(
              cpu,
              prop_kind.forward_inference,
              algorithm.deconvolution_direct,
              desc(job.inputShape(), features),
              desc(swapped, memory.format_tag.any),
              desc(job.outputShape(), features),
              all(job.window().stride()),
              all(job.window().dilation() - 1),
              all(job.window().padding()),
              all(job.window().padding()));
      input(dnnl.DNNL_ARG_SRC, data.input(), job.inputShape(), desc.src_desc());
      memory plain = new memory(desc(swapped, memory.format_tag.iodhw), cpu);
      new FloatPointer(plain.get_data_handle()).put(data.weights());
      arguments.put(dnnl.DNNL_ARG_WEIGHTS, reordered(plain, desc.weights_desc()));
      output(dnnl.DNNL_ARG_DST, job.outputShape(), desc.dst_desc());
      return new deconvolution_forward(desc);
    }

    private primitive pooling(algorithm algorithm) {
      pooling_forward.primitive_desc desc =
          new pooling_forward.primitive_desc(
              cpu,
              prop_kind.forward_inference,
              algorithm,
              desc(job.inputShape(), features),
              desc(job.outputShape(), features),
              all(job.window().stride()),
              all(job.window().kernel()),
              all(job.window().dilation() - 1),
              all(job.window().padding()),
              all(job.window().padding()));
      input(dnnl.DNNL_ARG_SRC, data.input(), job.inputShape(), desc.src_desc());
      output(dnnl.DNNL_ARG_DST, job.outputShape(), desc.dst_desc());
      return new pooling_forward(desc);
    }

    /**
     * As batch normalisation, which for one image has the same statistics: oneDNN's group
     * normalisation takes seconds.
     */
    private primitive instanceNorm() {
      batch_normalization_forward.primitive_desc desc =
          new batch_normalization_forward.primitive_desc(
              cpu,
              prop_kind.forward_inference.value,
              desc(job.inputShape(), features),
              desc(job.inputShape(), features),
              1e-5f,
              dnnl.normalization_flags.use_scale.value | dnnl.normalization_flags.use_shift.value);
      Shape channels = Shape.of(job.in());
      input(dnnl.DNNL_ARG_SRC, data.input(), job.inputShape(), desc.src_desc());
      input(dnnl.DNNL_ARG_SCALE, data.scale(), channels, desc(channels, memory.format_tag.x));
      input(dnnl.DNNL_ARG_SHIFT, data.shift(), channels, desc(channels, memory.format_tag.x));
      output(dnnl.DNNL_ARG_DST, job.inputShape(), desc.dst_desc());
      IntMemoryMap inPlace = new IntMemoryMap();
      inPlace.put(dnnl.DNNL_ARG_SRC, result).put(dnnl.DNNL_ARG_DST, result);
      primitive leaky =
          new eltwise_forward(
              new eltwise_forward.primitive_desc(
                  cpu,
                  prop_kind.forward_inference,
                  algorithm.eltwise_relu,
                  desc.dst_desc(),
                  desc.dst_desc(),
                  0.01f));
      after = () -> leaky.execute(stream, inPlace);
      return new batch_normalization_forward(desc);
    }

    /** (G, O / G, I / G, kz, ky, kx). */
    private Shape grouped(Shape weights) {
      int groups = job.window().groups();
      if (groups == 1) {
        return weights;
      }
      long[] w = weights.toArray();
      return Shape.of(groups, w[0] / groups, w[1], w[2], w[3], w[4]);
    }

    private void input(int argument, float[] values, Shape shape, memory.desc wanted) {
      memory plain = new memory(desc(shape, tag(shape)), cpu);
      new FloatPointer(plain.get_data_handle()).put(values);
      arguments.put(argument, reordered(plain, wanted));
    }

    private memory reordered(memory plain, memory.desc wanted) {
      memory own = new memory(wanted, cpu);
      new reorder(plain, own).execute(stream, plain, own);
      stream._wait();
      return own;
    }

    private void output(int argument, Shape shape, memory.desc wanted) {
      result = new memory(wanted, cpu);
      Pointer.memset(result.get_data_handle(), 0, wanted.get_size());
      resultShape = shape;
      arguments.put(argument, result);
    }

    private static memory.desc desc(Shape shape, memory.format_tag tag) {
      return desc(shape, tag, memory.data_type.f32);
    }

    private static memory.desc desc(Shape shape, memory.format_tag tag, memory.data_type type) {
      return new memory.desc(shape.toArray(), type, tag);
    }

    private static memory.format_tag tag(Shape shape) {
      return switch (shape.rank()) {
        case 1 -> memory.format_tag.x;
        case 5 -> memory.format_tag.abcde;
        default -> memory.format_tag.abcdef;
      };
    }

    private static long[] all(long value) {
      return new long[] {value, value, value};
    }
  }
}
