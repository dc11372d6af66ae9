package org.voxkern.segmentation;

import java.util.Map;
import java.util.Objects;
import org.voxkern.Context;
import org.voxkern.OutOfMemoryException;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Graph;
import org.voxkern.graph.SlabExecutable;
import org.voxkern.graph.Weights;

/**
 * Runs a network once on a whole volume: slab by slab where the network is a chain of local layers,
 * which bounds the memory, else as one window. Cancelled like other runs, by {@link
 * Context#cancel}. Instances are immutable.
 */
public final class WholeVolume {
  /** Slices of a slab: deeper ones are faster and take more memory. */
  private static final long DEEPEST_SLAB = 16;

  private final long memoryLimit;
  private final ProgressListener listener;

  private WholeVolume(long memoryLimit, ProgressListener listener) {
    this.memoryLimit = memoryLimit;
    this.listener = listener;
  }

  /**
   * @param memoryLimit bytes that a run may take beside the volume and the weights; 0 for what the
   *     context has left
   * @throws IllegalArgumentException if the limit is negative
   */
  public static WholeVolume of(long memoryLimit, ProgressListener listener) {
    if (memoryLimit < 0) {
      throw new IllegalArgumentException("a memory limit of " + memoryLimit + " bytes");
    }
    return new WholeVolume(memoryLimit, Objects.requireNonNull(listener, "listener"));
  }

  /**
   * Labels: for each voxel the class of the greatest score, the first of equal ones.
   *
   * @param volume f32 (C, D, H, W), or (D, H, W) for one channel
   * @return u8 (D, H, W), or i32 where there are more than 256 classes, in the innermost scope
   * @throws IllegalArgumentException if volume and graph do not fit each other
   * @throws OutOfMemoryException if the run would take more memory than allowed, naming both,
   *     before it begins
   * @throws java.util.concurrent.CancellationException if the volume's context was cancelled
   */
  public Tensor labels(Graph graph, Weights weights, Tensor volume) {
    Shape input = input(volume.shape());
    Context context = volume.context();
    if (SlabExecutable.refusal(graph, context, weights, input).isPresent()) {
      return window(input).labels(graph, weights, volume);
    }
    long classes = classes(graph, input);
    try (Scope scope = Scope.open(context)) {
      long slab = slab(graph, context, weights, input, classes);
      ArgmaxLabels labels = new ArgmaxLabels(context, space(input), classes);
      SlabExecutable executable = SlabExecutable.compile(graph, context, weights, input, slab);
      executable.run(
          volume.view(volume.type(), input, 0),
          (first, slices) -> {
            labels.accept(first, slices);
            listener.onProgress(first + slices.shape().size(2), input.size(2));
          });
      return labels.tensor().moveTo(scope.parent());
    }
  }

  /**
   * Bytes that {@link #labels} takes beside the volume and the weights, its result included.
   *
   * @param volume (C, D, H, W), or (D, H, W) for one channel
   * @throws IllegalArgumentException as {@link #labels} does
   * @throws OutOfMemoryException as {@link #labels} does where it runs slab by slab
   */
  public long labelsBytes(Graph graph, Weights weights, Context context, Shape volume) {
    Shape input = input(volume);
    if (SlabExecutable.refusal(graph, context, weights, input).isPresent()) {
      return window(input).labelsBytes(graph, weights, context, volume);
    }
    long classes = classes(graph, input);
    long slab = slab(graph, context, weights, input, classes);
    return slabBytes(graph, context, weights, input, slab, classes);
  }

  /** (1, C, D, H, W). */
  private static Shape input(Shape volume) {
    if (volume.rank() != 3 && volume.rank() != 4) {
      throw new IllegalArgumentException(
          "the volume has the shape " + volume + ", expected (C, D, H, W) or (D, H, W)");
    }
    return (volume.rank() == 4 ? volume : volume.prepend(1)).prepend(1);
  }

  private static Shape space(Shape input) {
    return Shape.of(input.size(2), input.size(3), input.size(4));
  }

  private SlidingWindow window(Shape input) {
    return SlidingWindow.builder(input.size(2), input.size(3), input.size(4))
        .memoryLimit(memoryLimit)
        .listener(listener)
        .build();
  }

  private static long classes(Graph graph, Shape input) {
    String name = graph.inputs().keySet().iterator().next();
    Shape output = graph.outputShapes(Map.of(name, input)).values().iterator().next();
    if (output.size(3) != input.size(3) || output.size(4) != input.size(4)) {
      throw new IllegalArgumentException(
          "the graph makes " + output + " of " + input + ": expected as many voxels out as in");
    }
    return output.size(1);
  }

  private static long slabBytes(
      Graph graph, Context context, Weights weights, Shape input, long slab, long classes) {
    return SlabExecutable.memoryNeed(graph, context, weights, input, slab)
        + ArgmaxLabels.bytes(space(input), classes);
  }

  /** The deepest slab that the memory holds. */
  private long slab(Graph graph, Context context, Weights weights, Shape input, long classes) {
    Context.Memory memory = context.memory();
    long free = memory.budget() - memory.inUse();
    long allowed = memoryLimit > 0 ? Math.min(memoryLimit, free) : free;
    long need = 0;
    for (long slab = Math.min(DEEPEST_SLAB, input.size(2)); slab >= 1; slab /= 2) {
      need = slabBytes(graph, context, weights, input, slab, classes);
      if (need <= allowed) {
        return slab;
      }
    }
    throw new OutOfMemoryException(
        "the network on a volume of "
            + space(input)
            + " takes "
            + need
            + " bytes slice by slice, allowed are "
            + allowed
            + ": allow more, or take windows");
  }
}
