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
    Shape shape = volume.shape();
    if (shape.rank() != 3 && shape.rank() != 4) {
      throw new IllegalArgumentException(
          "the volume has the shape " + shape + ", expected (C, D, H, W) or (D, H, W)");
    }
    Shape input = (shape.rank() == 4 ? shape : shape.prepend(1)).prepend(1);
    Context context = volume.context();
    if (SlabExecutable.refusal(graph, context, weights, input).isPresent()) {
      return SlidingWindow.builder(input.size(2), input.size(3), input.size(4))
          .memoryLimit(memoryLimit)
          .listener(listener)
          .build()
          .labels(graph, weights, volume);
    }
    String name = graph.inputs().keySet().iterator().next();
    Shape output = graph.outputShapes(Map.of(name, input)).values().iterator().next();
    if (output.size(3) != input.size(3) || output.size(4) != input.size(4)) {
      throw new IllegalArgumentException(
          "the graph makes " + output + " of " + input + ": expected as many voxels out as in");
    }
    try (Scope scope = Scope.open(context)) {
      long slab = slab(graph, context, weights, input, output.size(1));
      Shape space = Shape.of(input.size(2), input.size(3), input.size(4));
      ArgmaxLabels labels = new ArgmaxLabels(context, space, output.size(1));
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

  /** The deepest slab that the memory holds. */
  private long slab(Graph graph, Context context, Weights weights, Shape input, long classes) {
    Shape space = Shape.of(input.size(2), input.size(3), input.size(4));
    Context.Memory memory = context.memory();
    long free = memory.budget() - memory.inUse();
    long allowed = memoryLimit > 0 ? Math.min(memoryLimit, free) : free;
    long need = 0;
    for (long slab = Math.min(DEEPEST_SLAB, input.size(2)); slab >= 1; slab /= 2) {
      need =
          SlabExecutable.memoryNeed(graph, context, weights, input, slab)
              + ArgmaxLabels.bytes(space, classes);
      if (need <= allowed) {
        return slab;
      }
    }
    throw new OutOfMemoryException(
        "the network on a volume of "
            + space
            + " takes "
            + need
            + " bytes slice by slice, allowed are "
            + allowed
            + ": allow more, or take windows");
  }
}
