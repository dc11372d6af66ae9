package org.voxkern.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Program.Step;
import org.voxkern.op.Activation;
import org.voxkern.op.Conv3d;
import org.voxkern.op.CopyStrided;
import org.voxkern.op.TensorView;

/**
 * Runs a network on a whole volume slab by slab along its depth: of what a layer writes, only the
 * slices that the next layer still looks at are kept.
 *
 * <p>Takes graphs of one chain of convolutions (stride 1 along the depth, as many slices out as in)
 * and functions of single elements, in which what a voxel becomes depends on voxels near it; a norm
 * over the volume or a branch is refused with a reason. Nothing is computed twice. The results are
 * those of an {@link Executable} within the convolutions' error bounds, and the same at any number
 * of threads. Not thread-safe. It works until it or the scope that it was made in is closed.
 *
 * <p>Layer l lags behind the input by the slices that it and those before it look ahead, so that
 * every layer computes slabs of the same depth; what lies before the first or behind the last slice
 * are the zeros of its padding.
 */
public final class SlabExecutable implements AutoCloseable {
  /** Told of finished slices, in order; the tensor is valid during the call only. */
  @FunctionalInterface
  public interface Consumer {
    /**
     * @param first index of the first slice
     * @param slices f32 (1, C, slices, H, W)
     */
    void accept(long first, Tensor slices);
  }

  /** One layer with its own memory. */
  private static final class Layer {
    /** Without padding along the depth, where its window has the slices; null for others. */
    final Conv3d convolution;

    final Activation activation;
    final Shape weightsShape;
    Conv3d.PackedWeights packed;
    Tensor bias;

    /** Slices that the last slab needs beside its own, before and after together. */
    final long context;

    /** Slices by which this layer's output lags behind the network's input. */
    final long lag;

    /** Of the whole volume, (1, C, D, H, W). */
    final Shape input;

    final Shape output;

    /** The last slices of the input that the next slab needs; null where it needs none. */
    Tensor history;

    private Layer(
        Conv3d convolution,
        Activation activation,
        Shape weights,
        long lagBefore,
        Shape input,
        Shape output) {
      this.convolution = convolution == null ? null : inner(convolution);
      this.activation = activation;
      this.weightsShape = weights;
      boolean convolves = convolution != null;
      context = convolves ? (weights.size(2) - 1) * convolution.dilation()[0] : 0;
      lag = lagBefore + (convolves ? convolution.paddingEnd()[0] : 0);
      this.input = input;
      this.output = output;
    }

    private static Conv3d inner(Conv3d convolution) {
      long[] begin = convolution.paddingBegin();
      long[] end = convolution.paddingEnd();
      return convolution.toBuilder()
          .paddingBegin(0, begin[1], begin[2])
          .paddingEnd(0, end[1], end[2])
          .build();
    }
  }

  private final Context context;
  private final Shape input;
  private final long slab;
  private final List<Layer> layers;
  private final List<Tensor> kept = new ArrayList<>();
  private final Tensor[] buffers = new Tensor[2];

  /** What a convolution reads: its history, then a slab. */
  private Tensor window;

  private SlabExecutable(Context context, Shape input, long slab, List<Layer> layers) {
    this.context = context;
    this.input = input;
    this.slab = slab;
    this.layers = layers;
  }

  /** Why a graph cannot run slab by slab; empty where it can. */
  public static Optional<String> refusal(
      Graph graph, Context context, Weights weights, Shape input) {
    try (Scope temporary = Scope.open(context)) {
      layers(program(graph, context, weights, input));
      return Optional.empty();
    } catch (UnsupportedOperationException refusal) {
      return Optional.of(refusal.getMessage());
    }
  }

  /**
   * Bytes of memory that a run takes beside the input, known before.
   *
   * @throws UnsupportedOperationException if the graph cannot run slab by slab, saying why
   */
  public static long memoryNeed(
      Graph graph, Context context, Weights weights, Shape input, long slab) {
    try (Scope temporary = Scope.open(context)) {
      List<Layer> layers = layers(program(graph, context, weights, input));
      long bytes = 2 * block(widest(layers, input, slab)) + block(widestWindow(layers, slab));
      long scratch = 0;
      for (Layer layer : layers) {
        if (layer.convolution != null) {
          Shape window = slices(layer.input, slab + layer.context);
          Conv3d.Memory memory =
              layer.convolution.memory(context, ElementType.F32, window, layer.weightsShape);
          bytes += Context.blockBytes(memory.packedBytes()) + block(layer.output.size(1));
          bytes += block(slices(layer.input, layer.context).elementCount());
          scratch = Math.max(scratch, Context.blockBytes(memory.scratchBytes()));
        }
      }
      return bytes + scratch;
    }
  }

  /** Bytes that so many numbers take. */
  private static long block(long elements) {
    return Context.blockBytes(elements * Float.BYTES);
  }

  /** Elements of the largest window that has a history. */
  private static long widestWindow(List<Layer> layers, long slab) {
    long widest = 0;
    for (Layer layer : layers) {
      if (layer.context > 0) {
        widest = Math.max(widest, slices(layer.input, slab + layer.context).elementCount());
      }
    }
    return widest;
  }

  /** Elements of the largest slab. */
  private static long widest(List<Layer> layers, Shape input, long slab) {
    long widest = slices(input, slab).elementCount();
    for (Layer layer : layers) {
      widest = Math.max(widest, slices(layer.output, slab).elementCount());
    }
    return widest;
  }

  /** So many slices of a volume. */
  private static Shape slices(Shape volume, long count) {
    return Shape.of(1, volume.size(1), count, volume.size(3), volume.size(4));
  }

  /**
   * Makes a graph ready to run on a volume slab by slab; the memory belongs to the innermost scope.
   *
   * @param input (1, C, D, H, W)
   * @param slab slices that are computed at a time
   * @throws UnsupportedOperationException if the graph cannot run slab by slab, saying why
   * @throws IllegalArgumentException if the shape does not fit the graph, or the slab is no
   *     positive number
   */
  public static SlabExecutable compile(
      Graph graph, Context context, Weights weights, Shape input, long slab) {
    if (slab < 1) {
      throw new IllegalArgumentException("slabs of " + slab + " slices: expected 1 or more");
    }
    try (Scope scope = Scope.open(context)) {
      Program program = program(graph, context, weights, input);
      List<Layer> layers = layers(program);
      SlabExecutable executable = new SlabExecutable(context, input, slab, layers);
      executable.allocate(program);
      executable.kept.forEach(tensor -> tensor.moveTo(scope.parent()));
      return executable;
    }
  }

  private static Program program(Graph graph, Context context, Weights weights, Shape input) {
    weights.requireFor(graph);
    if (graph.inputs().size() != 1 || graph.outputs().size() != 1) {
      throw new UnsupportedOperationException(
          "the graph has inputs "
              + graph.inputs().keySet()
              + " and outputs "
              + graph.outputs().keySet()
              + ", slab by slab takes one of each");
    }
    String name = graph.inputs().keySet().iterator().next();
    Program program =
        Program.of(graph, weights, Inference.shapes(graph, Map.of(name, input)), false);
    Fusion.apply(context, program);
    return program;
  }

  private static List<Layer> layers(Program program) {
    int slot = program.inputs.values().iterator().next();
    Shape shape = program.shapes.get(slot);
    if (shape.rank() != 5 || shape.size(0) != 1) {
      throw new UnsupportedOperationException(
          "input " + shape + ": slab by slab takes one volume (1, C, D, H, W)");
    }
    List<Layer> layers = new ArrayList<>();
    long lag = 0;
    for (Step step : program.steps) {
      boolean chained = step.inputs.get(0) == slot;
      Shape output = program.shapes.get(step.output);
      Layer layer = null;
      if (chained && step.operation instanceof Convolution fused && isLocal(program, step, fused)) {
        Shape weights = program.shapes.get(step.inputs.get(1));
        layer = new Layer(fused.convolution(), null, weights, lag, shape, output);
      } else if (chained && step.operation instanceof Elementwise.Activate activate) {
        layer = new Layer(null, activate.activation(), null, lag, shape, output);
      } else if (chained && isIdentity(step)) {
        slot = step.output;
        continue;
      }
      if (layer == null) {
        throw new UnsupportedOperationException(
            "node '"
                + step.name
                + "' ("
                + step.operation.type()
                + ") cannot run slab by slab: expected one chain of convolutions of stride 1 that"
                + " keep the depth, and activations");
      }
      layers.add(layer);
      lag = layer.lag;
      shape = output;
      slot = step.output;
    }
    if (!program.outputs.containsValue(slot)) {
      throw new UnsupportedOperationException("the graph's output is not the end of its chain");
    }
    return layers;
  }

  private static boolean isLocal(Program program, Step step, Convolution fused) {
    boolean constant =
        step.inputs.stream().skip(1).allMatch(program.constants::containsKey) && !fused.residual();
    Conv3d convolution = fused.convolution();
    long depth = program.shapes.get(step.inputs.get(0)).size(2);
    return constant
        && convolution.stride()[0] == 1
        && program.shapes.get(step.output).size(2) == depth;
  }

  private static boolean isIdentity(Step step) {
    return step.operation instanceof Layouts.Same
        || step.operation instanceof Dropping dropping && !dropping.training();
  }

  private void allocate(Program program) {
    List<Step> steps = program.steps.stream().filter(step -> !isIdentity(step)).toList();
    for (int i = 0; i < layers.size(); i++) {
      Layer layer = layers.get(i);
      if (layer.convolution != null) {
        Shape window = slices(layer.input, slab + layer.context);
        List<Integer> inputs = steps.get(i).inputs;
        layer.packed = layer.convolution.pack(program.constants.get(inputs.get(1)), window);
        kept.add(layer.packed.tensor());
        if (inputs.size() > 2) {
          layer.bias = program.constants.get(inputs.get(2)).copy();
          kept.add(layer.bias);
        }
        if (layer.context > 0) {
          layer.history =
              Tensor.uninitialized(context, ElementType.F32, slices(layer.input, layer.context));
          kept.add(layer.history);
        }
      }
    }
    window = Tensor.uninitialized(context, ElementType.F32, Shape.of(widestWindow(layers, slab)));
    kept.add(window);
    for (int i = 0; i < 2; i++) {
      buffers[i] =
          Tensor.uninitialized(context, ElementType.F32, Shape.of(widest(layers, input, slab)));
      kept.add(buffers[i]);
    }
  }

  /** Slabs that a run computes, for progress. */
  public long slabCount() {
    long lag = layers.isEmpty() ? 0 : layers.get(layers.size() - 1).lag;
    return (input.size(2) + lag + slab - 1) / slab;
  }

  /**
   * Runs on a volume.
   *
   * @throws IllegalArgumentException if the tensor is not f32 of the shape that this was made for
   */
  public void run(Tensor volume, Consumer consumer) {
    if (volume.type() != ElementType.F32 || !volume.shape().equals(input)) {
      throw new IllegalArgumentException(
          "the volume is " + volume + ", expected F32 of shape " + input);
    }
    for (Layer layer : layers) {
      if (layer.history != null) {
        layer.history.fillZero();
      }
    }
    for (long index = 0; index < slabCount(); index++) {
      step(volume, index, consumer);
    }
  }

  private void step(Tensor volume, long index, Consumer consumer) {
    Tensor slices = buffers[0].view(ElementType.F32, slices(input, slab), 0);
    long first = index * slab;
    read(volume, first, slices);
    int other = 1;
    for (Layer layer : layers) {
      long begin = index * slab - layer.lag;
      boolean any = begin < input.size(2) && begin + slab > 0;
      Tensor output = slices;
      if (layer.convolution != null) {
        Tensor seen = layer.history == null ? slices : windowOf(layer, slices);
        output = buffers[other].view(ElementType.F32, slices(layer.output, slab), 0);
        other = 1 - other;
        if (any) {
          layer.convolution.apply(seen, layer.packed, layer.bias, null, output);
        }
      } else if (any) {
        layer.activation.apply(slices, output);
      }
      zeroOutside(output, begin);
      slices = output;
      first = begin;
    }
    long from = Math.max(0, first);
    long to = Math.min(input.size(2), first + slab);
    if (from < to) {
      if (to - from == slab) {
        consumer.accept(from, slices);
      } else {
        try (Tensor part =
            CopyStrided.dense(TensorView.of(slices).slice(2, from - first, to - from, 1))) {
          consumer.accept(from, part);
        }
      }
    }
  }

  private void read(Tensor volume, long first, Tensor slices) {
    long count = Math.min(slab, input.size(2) - first);
    if (count > 0) {
      CopyStrided.apply(
          TensorView.of(volume).slice(2, first, count, 1),
          TensorView.of(slices).slice(2, 0, count, 1));
    }
    zeroOutside(slices, first);
  }

  /** The slices before the volume's first and behind its last are zeros of the next padding. */
  private void zeroOutside(Tensor slices, long first) {
    long before = Math.min(slab, Math.max(0, -first));
    long inside = Math.max(before, Math.min(slab, input.size(2) - first));
    if (before == 0 && inside == slab) {
      return;
    }
    long plane = slices.shape().size(3) * slices.shape().size(4) * Float.BYTES;
    for (long channel = 0; channel < slices.shape().size(1); channel++) {
      long at = channel * slab * plane;
      zero(slices, at, before * plane);
      zero(slices, at + inside * plane, (slab - inside) * plane);
    }
  }

  private static void zero(Tensor tensor, long offset, long bytes) {
    if (bytes > 0) {
      tensor.view(ElementType.U8, Shape.of(bytes), offset).fillZero();
    }
  }

  /** The history and a slab in one, of which the last slices are the next history. */
  private Tensor windowOf(Layer layer, Tensor slices) {
    Tensor whole = window.view(ElementType.F32, slices(layer.input, layer.context + slab), 0);
    TensorView view = TensorView.of(whole);
    TensorView history = TensorView.of(layer.history);
    CopyStrided.apply(history, view.slice(2, 0, layer.context, 1));
    CopyStrided.apply(TensorView.of(slices), view.slice(2, layer.context, slab, 1));
    CopyStrided.apply(view.slice(2, slab, layer.context, 1), history);
    return whole;
  }

  /** Releases the memory and the constants. */
  @Override
  public void close() {
    kept.forEach(Tensor::close);
  }
}
