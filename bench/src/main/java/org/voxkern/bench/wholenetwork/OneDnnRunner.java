package org.voxkern.bench.wholenetwork;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.batch_normalization_forward;
import org.bytedeco.dnnl.concat;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.deconvolution_forward;
import org.bytedeco.dnnl.eltwise_forward;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.memory_desc_vector;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.FloatPointer;
import org.voxkern.Context;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Weights;

/**
 * The segmenting network as a chain of oneDNN's primitives by hand: features stay in its own
 * layout, weights are packed once, norms and activations run in place; in bfloat16, features and
 * weights are of that type. Its threads are OpenMP's: OMP_NUM_THREADS of the process.
 */
final class OneDnnRunner implements Runner {
  private final engine cpu = new engine(engine.kind.cpu, 0);
  private final stream stream = new stream(cpu);
  private final List<primitive> primitives = new ArrayList<>();
  private final List<IntMemoryMap> arguments = new ArrayList<>();
  private final Map<String, float[]> values = new HashMap<>();
  private final Map<String, Shape> shapes = new HashMap<>();
  private final memory.data_type type;
  private final memory output;
  private final Shape outputShape;

  /** Features and their shape. */
  private record Features(memory memory, Shape shape) {}

  OneDnnRunner(WholeNetwork network, int threads) throws IOException {
    this(network, memory.data_type.f32);
  }

  static OneDnnRunner ofBfloat16(WholeNetwork network, int threads) throws IOException {
    return new OneDnnRunner(network, memory.data_type.bf16);
  }

  private OneDnnRunner(WholeNetwork network, memory.data_type type) throws IOException {
    this.type = type;
    try (Context context = Context.create();
        Scope scope = Scope.open(context)) {
      Weights weights = network.weights(context);
      for (String name : weights.names()) {
        Tensor tensor = weights.get(name);
        values.put(name, tensor.toFloatArray());
        shapes.put(name, tensor.shape());
      }
    }
    memory image = plain(network.input("image"), network.image());
    Features x = new Features(image, network.image());
    List<Features> skips = new ArrayList<>();
    int stages = 0;
    while (values.containsKey("encoder.stages." + stages + ".0.convs.0.conv.weight")) {
      x = stage("encoder.stages." + stages + ".0", x, stages == 0 ? 1 : 2);
      skips.add(x);
      stages++;
    }
    for (int at = 0; at < stages - 1; at++) {
      Features up = up("decoder.transpconvs." + at, x);
      x = stage("decoder.stages." + at, joined(up, skips.get(stages - 2 - at)), 1);
    }
    x = convolution("decoder.seg_layers." + (stages - 2), x, 1, 0);
    outputShape = x.shape();
    output = new memory(desc(outputShape, memory.format_tag.ncdhw), cpu);
    add(new reorder(x.memory(), output), dnnl.DNNL_ARG_FROM, x.memory(), dnnl.DNNL_ARG_TO, output);
  }

  @Override
  public void run() {
    for (int i = 0; i < primitives.size(); i++) {
      primitives.get(i).execute(stream, arguments.get(i));
    }
    stream._wait();
  }

  @Override
  public float[] result() {
    float[] result = new float[Math.toIntExact(outputShape.elementCount())];
    new FloatPointer(output.get_data_handle()).get(result);
    return result;
  }

  /** Arguments are numbers and memories in turn. */
  private void add(primitive primitive, Object... pairs) {
    IntMemoryMap map = new IntMemoryMap();
    for (int i = 0; i < pairs.length; i += 2) {
      map.put((Integer) pairs[i], (memory) pairs[i + 1]);
    }
    primitives.add(primitive);
    arguments.add(map);
  }

  private Features stage(String name, Features x, long stride) {
    for (int i = 0; i < 2; i++) {
      String layer = name + ".convs." + i;
      x = convolution(layer + ".conv", x, i == 0 ? stride : 1, 1);
      norm(layer + ".norm", x);
    }
    return x;
  }

  private Features convolution(String name, Features x, long stride, long padding) {
    Shape kernel = shapes.get(name + ".weight");
    long[] out = x.shape().toArray();
    out[1] = kernel.size(0);
    for (int axis = 2; axis < 5; axis++) {
      out[axis] = (out[axis] + 2 * padding - kernel.size(axis)) / stride + 1;
    }
    Shape to = Shape.of(out);
    boolean first = x.shape().size(1) == 1 && type == memory.data_type.f32;
    convolution_forward.primitive_desc desc =
        new convolution_forward.primitive_desc(
            cpu,
            prop_kind.forward_inference,
            algorithm.convolution_direct,
            first ? x.memory().get_desc() : own(x.shape(), memory.format_tag.any),
            own(kernel, memory.format_tag.any),
            desc(Shape.of(kernel.size(0)), memory.format_tag.x),
            own(to, memory.format_tag.any),
            all(stride),
            all(0),
            all(padding),
            all(padding));
    memory in = laidOut(x.memory(), desc.src_desc());
    memory packed = packed(plain(values.get(name + ".weight"), kernel), desc.weights_desc());
    memory result = new memory(desc.dst_desc(), cpu);
    add(
        new convolution_forward(desc),
        dnnl.DNNL_ARG_SRC,
        in,
        dnnl.DNNL_ARG_WEIGHTS,
        packed,
        dnnl.DNNL_ARG_BIAS,
        vector(name + ".bias"),
        dnnl.DNNL_ARG_DST,
        result);
    return new Features(result, to);
  }

  /** As batch norm, which for one image has the same statistics, then leaky ReLU; in place. */
  private void norm(String name, Features x) {
    batch_normalization_forward.primitive_desc desc =
        new batch_normalization_forward.primitive_desc(
            cpu,
            prop_kind.forward_inference.value,
            x.memory().get_desc(),
            x.memory().get_desc(),
            1e-5f,
            dnnl.normalization_flags.use_scale.value | dnnl.normalization_flags.use_shift.value);
    add(
        new batch_normalization_forward(desc),
        dnnl.DNNL_ARG_SRC,
        x.memory(),
        dnnl.DNNL_ARG_DST,
        x.memory(),
        dnnl.DNNL_ARG_SCALE,
        vector(name + ".weight"),
        dnnl.DNNL_ARG_SHIFT,
        vector(name + ".bias"));
    eltwise_forward.primitive_desc leaky =
        new eltwise_forward.primitive_desc(
            cpu,
            prop_kind.forward_inference,
            algorithm.eltwise_relu,
            x.memory().get_desc(),
            x.memory().get_desc(),
            0.01f);
    add(new eltwise_forward(leaky), dnnl.DNNL_ARG_SRC, x.memory(), dnnl.DNNL_ARG_DST, x.memory());
  }

  private Features up(String name, Features x) {
    // oneDNN wants (O, I, ...), the weights are (I, O, ...).
    long[] w = shapes.get(name + ".weight").toArray();
    long[] out = x.shape().toArray();
    out[1] = w[1];
    for (int axis = 2; axis < 5; axis++) {
      out[axis] *= 2;
    }
    Shape to = Shape.of(out);
    Shape swapped = Shape.of(w[1], w[0], w[2], w[3], w[4]);
    deconvolution_forward.primitive_desc desc =
        new deconvolution_forward.primitive_desc(
            cpu,
            prop_kind.forward_inference,
            algorithm.deconvolution_direct,
            own(x.shape(), memory.format_tag.any),
            own(swapped, memory.format_tag.any),
            desc(Shape.of(w[1]), memory.format_tag.x),
            own(to, memory.format_tag.any),
            all(2),
            all(0),
            all(0),
            all(0));
    memory own = new memory(desc(swapped, memory.format_tag.iodhw), cpu);
    new FloatPointer(own.get_data_handle()).put(values.get(name + ".weight"));
    memory result = new memory(desc.dst_desc(), cpu);
    add(
        new deconvolution_forward(desc),
        dnnl.DNNL_ARG_SRC,
        laidOut(x.memory(), desc.src_desc()),
        dnnl.DNNL_ARG_WEIGHTS,
        packed(own, desc.weights_desc()),
        dnnl.DNNL_ARG_BIAS,
        vector(name + ".bias"),
        dnnl.DNNL_ARG_DST,
        result);
    return new Features(result, to);
  }

  private Features joined(Features first, Features second) {
    memory_desc_vector parts =
        new memory_desc_vector(first.memory().get_desc(), second.memory().get_desc());
    concat.primitive_desc desc = new concat.primitive_desc(cpu, 1, parts);
    long[] out = first.shape().toArray();
    out[1] += second.shape().size(1);
    memory result = new memory(desc.dst_desc(), cpu);
    add(
        new concat(desc),
        dnnl.DNNL_ARG_MULTIPLE_SRC,
        first.memory(),
        dnnl.DNNL_ARG_MULTIPLE_SRC + 1,
        second.memory(),
        dnnl.DNNL_ARG_DST,
        result);
    return new Features(result, Shape.of(out));
  }

  /** Features in the layout that a primitive wants: a step of the chain where it is another. */
  private memory laidOut(memory given, memory.desc wanted) {
    if (given.get_desc().equals(wanted)) {
      return given;
    }
    memory own = new memory(wanted, cpu);
    add(new reorder(given, own), dnnl.DNNL_ARG_FROM, given, dnnl.DNNL_ARG_TO, own);
    return own;
  }

  /** Weights in the layout that a primitive wants, once. */
  private memory packed(memory plain, memory.desc wanted) {
    memory own = new memory(wanted, cpu);
    new reorder(plain, own).execute(stream, plain, own);
    stream._wait();
    return own;
  }

  private memory vector(String name) {
    return plain(values.get(name), shapes.get(name));
  }

  private memory plain(float[] numbers, Shape shape) {
    memory.format_tag tag = shape.rank() == 1 ? memory.format_tag.x : memory.format_tag.abcde;
    memory plain = new memory(desc(shape, tag), cpu);
    new FloatPointer(plain.get_data_handle()).put(numbers);
    return plain;
  }

  private static memory.desc desc(Shape shape, memory.format_tag tag) {
    return new memory.desc(shape.toArray(), memory.data_type.f32, tag);
  }

  private memory.desc own(Shape shape, memory.format_tag tag) {
    return new memory.desc(shape.toArray(), type, tag);
  }

  private static long[] all(long value) {
    return new long[] {value, value, value};
  }
}
