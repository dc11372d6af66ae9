package org.voxkern.segmentation;

import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import org.voxkern.Context;
import org.voxkern.OutOfMemoryException;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Executable;
import org.voxkern.graph.Graph;
import org.voxkern.graph.MemoryNeed;
import org.voxkern.graph.SlabExecutable;
import org.voxkern.graph.Weights;
import org.voxkern.op.Pad;

/**
 * Runs a network on windows of a volume and joins what it says: score(v) = &Sigma; w(v - s) f(s, v)
 * / &Sigma; w(v - s) over the windows that hold v, with s where a window begins, w the importance
 * of a voxel within it and f what the network says there.
 *
 * <p>w is 1, or a Gaussian about the window's middle with a deviation of an eighth of its size
 * along each axis; where one window spans an axis it is 1 along it, so that a window of the whole
 * volume gives exactly what one run gives. With mirroring f is the mean over all combinations of
 * the given axes flipped before and after the network. Volumes that are smaller than a window are
 * padded by the same number of voxels, or one more, at the end as at the beginning. Source: Isensee
 * et al., "nnU-Net", Nature Methods 2021.
 *
 * <p>Scores never exist whole: windows run by their depth, and only the slices that some still
 * reach are kept. The same bits for any number of threads. Cancelled like other runs, by {@link
 * Context#cancel}. Instances are immutable.
 */
public final class SlidingWindow {
  private final long[] patch;
  private final double overlap;
  private final boolean gaussian;
  private final int[] mirror;
  private final int batch;
  private final Pad.Mode padding;
  private final long memoryLimit;
  private final ProgressListener listener;

  private SlidingWindow(Builder builder) {
    patch = builder.patch.clone();
    overlap = builder.overlap;
    gaussian = builder.gaussian;
    mirror = builder.mirror.clone();
    batch = builder.batch;
    padding = builder.padding;
    memoryLimit = builder.memoryLimit;
    listener = builder.listener;
  }

  /** With windows of this size along z, y, x. */
  public static Builder builder(long z, long y, long x) {
    return new Builder(new long[] {z, y, x});
  }

  /**
   * Labels: for each voxel the class of the greatest score, the first of equal ones.
   *
   * @param volume f32 (C, D, H, W), or (D, H, W) for one channel
   * @return u8 (D, H, W), or i32 where there are more than 256 classes, in the innermost scope
   * @throws IllegalArgumentException if volume, windows and graph do not fit each other
   * @throws OutOfMemoryException if the run would take more memory than allowed, naming both,
   *     before it begins
   * @throws java.util.concurrent.CancellationException if the volume's context was cancelled
   */
  public Tensor labels(Graph graph, Weights weights, Tensor volume) {
    try (Scope scope = Scope.open(volume.context())) {
      Plan plan = new Plan(graph, weights, volume.context(), volume.shape());
      plan.requireMemory(plan.bytes() + ArgmaxLabels.bytes(plan.space, plan.classes));
      ArgmaxLabels labels = new ArgmaxLabels(volume.context(), plan.space, plan.classes);
      plan.run(volume, labels::accept);
      return labels.tensor().moveTo(scope.parent());
    }
  }

  /**
   * Scores, some slices at a time, in order.
   *
   * @param volume f32 (C, D, H, W), or (D, H, W) for one channel
   * @param consumer is given (1, classes, slices, H, W)
   * @throws IllegalArgumentException if volume, windows and graph do not fit each other
   * @throws OutOfMemoryException if the run would take more memory than allowed, naming both,
   *     before it begins
   * @throws java.util.concurrent.CancellationException if the volume's context was cancelled
   */
  public void scores(
      Graph graph, Weights weights, Tensor volume, SlabExecutable.Consumer consumer) {
    try (Scope scope = Scope.open(volume.context())) {
      Plan plan = new Plan(graph, weights, scope.context(), volume.shape());
      plan.requireMemory(plan.bytes());
      plan.run(volume, consumer);
    }
  }

  /** Bytes that {@link #labels} takes beside the volume and the weights, its result included. */
  public long labelsBytes(Graph graph, Weights weights, Context context, Shape volume) {
    Plan plan = new Plan(graph, weights, context, volume);
    return plan.bytes() + ArgmaxLabels.bytes(plan.space, plan.classes);
  }

  /** Windows that a volume takes. */
  public long windowCount(Shape volume) {
    int rank = volume.rank();
    long count = 1;
    for (int axis = 0; axis < 3; axis++) {
      count *= grid(axis, volume.size(rank - 3 + axis)).starts().length;
    }
    return count;
  }

  private WindowGrid grid(int axis, long size) {
    return new WindowGrid(Math.max(size, patch[axis]), patch[axis], overlap, gaussian);
  }

  /** A run on volumes of one shape. */
  private final class Plan {
    private final Graph graph;
    private final Weights weights;
    private final Context context;

    /** (C, D, H, W). */
    private final Shape volume;

    /** (D, H, W). */
    final Shape space;

    private final long[] padded = new long[3];
    private final WindowGrid[] grids = new WindowGrid[3];
    private final String inputName;
    private final Shape tiles;
    final long classes;

    Plan(Graph graph, Weights weights, Context context, Shape given) {
      this.graph = graph;
      this.weights = weights;
      this.context = context;
      if (given.rank() != 3 && given.rank() != 4) {
        throw new IllegalArgumentException(
            "the volume has the shape " + given + ", expected (C, D, H, W) or (D, H, W)");
      }
      volume = given.rank() == 4 ? given : given.prepend(1);
      space = Shape.of(volume.size(1), volume.size(2), volume.size(3));
      if (volume.elementCount() == 0) {
        throw new IllegalArgumentException("the volume " + given + " has no voxels");
      }
      for (int axis = 0; axis < 3; axis++) {
        padded[axis] = Math.max(space.size(axis), patch[axis]);
        grids[axis] = grid(axis, space.size(axis));
      }
      if (graph.inputs().size() != 1 || graph.outputs().size() != 1) {
        throw new IllegalArgumentException(
            "the graph has inputs "
                + graph.inputs().keySet()
                + " and outputs "
                + graph.outputs().keySet()
                + ": windows take one of each");
      }
      inputName = graph.inputs().keySet().iterator().next();
      tiles = Shape.of(batch, volume.size(0), patch[0], patch[1], patch[2]);
      Shape output = graph.outputShapes(Map.of(inputName, tiles)).values().iterator().next();
      boolean fits = output.rank() == 5 && output.size(0) == batch;
      for (int axis = 0; fits && axis < 3; axis++) {
        fits = output.size(axis + 2) == patch[axis];
      }
      if (!fits) {
        throw new IllegalArgumentException(
            "the graph makes "
                + output
                + " of windows "
                + tiles
                + ": expected as many voxels out as in");
      }
      classes = output.size(1);
    }

    private long tileBytes() {
      return tiles.elementCount() * Float.BYTES;
    }

    private long outputBytes() {
      return batch * classes * patch[0] * patch[1] * patch[2] * Float.BYTES;
    }

    long bytes() {
      MemoryNeed need = graph.memoryNeed(context, weights, Map.of(inputName, tiles));
      boolean pads = !Arrays.equals(padded, space.toArray());
      long whole = volume.size(0) * padded[0] * padded[1] * padded[2] * Float.BYTES;
      return need.total()
          + (pads ? whole : 0)
          + (mirror.length > 0 ? 2 : 1) * tileBytes()
          + (mirror.length > 0 ? 2 : 1) * outputBytes()
          + WindowScores.bytes(grids, padded, patch, classes);
    }

    void requireMemory(long bytes) {
      Context.Memory memory = context.memory();
      long free = memory.budget() - memory.inUse();
      long allowed = memoryLimit > 0 ? Math.min(memoryLimit, free) : free;
      if (bytes > allowed) {
        throw new OutOfMemoryException(
            "windows of "
                + Arrays.toString(patch)
                + " voxels, "
                + batch
                + " at a time, on a volume of "
                + space
                + " take "
                + bytes
                + " bytes, allowed are "
                + allowed
                + ": make windows or batches smaller, or allow more");
      }
    }

    void run(Tensor given, SlabExecutable.Consumer consumer) {
      Tensor whole = padded(given);
      try (Executable executable = graph.compile(context, weights, Map.of(inputName, tiles));
          WindowScores scores =
              new WindowScores(context, grids, padded, patch, classes, offset(), space, consumer)) {
        new WindowRun(executable, whole, tiles, mirror, scores, listener).run(grids);
      }
    }

    private long[] offset() {
      long[] offset = new long[3];
      for (int axis = 0; axis < 3; axis++) {
        offset[axis] = (padded[axis] - space.size(axis)) / 2;
      }
      return offset;
    }

    private Tensor padded(Tensor given) {
      Tensor channels = given.view(given.type(), volume, 0);
      if (Arrays.equals(padded, space.toArray())) {
        return channels;
      }
      long[] offset = offset();
      long[] begin = {0, offset[0], offset[1], offset[2]};
      long[] end = new long[4];
      for (int axis = 0; axis < 3; axis++) {
        end[axis + 1] = padded[axis] - space.size(axis) - offset[axis];
      }
      Pad pad =
          padding == Pad.Mode.CONSTANT ? Pad.constant(0, begin, end) : Pad.of(padding, begin, end);
      Tensor result = Tensor.uninitialized(context, given.type(), pad.outputShape(volume));
      pad.apply(channels, result);
      return result;
    }
  }

  /** Options: half a window of overlap, Gaussian, no mirroring, one window at a time. */
  public static final class Builder {
    private final long[] patch;
    private double overlap = 0.5;
    private boolean gaussian = true;
    private int[] mirror = {};
    private int batch = 1;
    private Pad.Mode padding = Pad.Mode.CONSTANT;
    private long memoryLimit;
    private ProgressListener listener = (done, total) -> {};

    private Builder(long[] patch) {
      this.patch = patch;
    }

    /** Least part of a window that its neighbour covers too, from 0 to less than 1. */
    public Builder overlap(double value) {
      overlap = value;
      return this;
    }

    /** Whether the middle of a window counts more than its border. */
    public Builder gaussian(boolean value) {
      gaussian = value;
      return this;
    }

    /** Axes that are also run backwards, in all combinations: 0, 1, 2 for z, y, x. */
    public Builder mirror(int... axes) {
      mirror = axes.clone();
      return this;
    }

    /** Windows that the network takes at once. */
    public Builder batch(int value) {
      batch = value;
      return this;
    }

    /** What surrounds volumes that are smaller than a window: zeros unless given. */
    public Builder padding(Pad.Mode value) {
      padding = Objects.requireNonNull(value, "padding");
      return this;
    }

    /**
     * Bytes that a run may take beside the volume and the weights; 0, the default, for what the
     * context has left.
     */
    public Builder memoryLimit(long bytes) {
      memoryLimit = bytes;
      return this;
    }

    public Builder listener(ProgressListener value) {
      listener = Objects.requireNonNull(value, "listener");
      return this;
    }

    /**
     * @throws IllegalArgumentException if an option is out of range
     */
    public SlidingWindow build() {
      for (long size : patch) {
        require(size >= 1 && size <= Integer.MAX_VALUE, "windows of " + Arrays.toString(patch));
      }
      require(overlap >= 0 && overlap < 1, "an overlap of " + overlap + ", expected 0 to below 1");
      require(batch >= 1, "a batch of " + batch);
      require(memoryLimit >= 0, "a memory limit of " + memoryLimit);
      require(
          Arrays.stream(mirror).allMatch(axis -> axis >= 0 && axis < 3)
              && Arrays.stream(mirror).distinct().count() == mirror.length,
          "mirroring of axes " + Arrays.toString(mirror) + ", expected different ones of 0, 1, 2");
      return new SlidingWindow(this);
    }

    private static void require(boolean condition, String what) {
      if (!condition) {
        throw new IllegalArgumentException("sliding window: " + what);
      }
    }
  }
}
