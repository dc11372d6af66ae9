package org.voxkern.train;

import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Node;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Value;
import org.voxkern.op.Resize;
import org.voxkern.train.loss.Loss;

/**
 * Batches of random patches of labelled volumes: {@code image}, f32 (N, C, D, H, W), and {@code
 * classes}, i32 (N, D, H, W). A batch is a function of the seed and its number.
 *
 * <p>A part of the patches holds a voxel of a class that is not the background, 0: the class is
 * drawn first, so that rare ones are seen as often as others, then the voxel, then where in the
 * patch it lies. Others lie anywhere. Where a volume is smaller than a patch it is surrounded by
 * zeros, whose class is -1. Immutable; the volumes must live as long as it is used.
 */
public final class PatchSource implements BatchSource {
  /** The inputs' names. */
  public static final String IMAGE = "image";

  public static final String CLASSES = "classes";

  /** The output that {@link #withLoss} adds. */
  public static final String LOSS = "loss";

  /** Voxels of a class in a volume that patches are drawn at. */
  private static final int MOST_SEEDS = 20_000;

  /** A volume, and where its classes lie: voxel numbers by class, the background left out. */
  private record Case(LabelledVolume volume, List<int[]> foreground) {}

  private final List<Case> cases = new ArrayList<>();
  private final int[] patch;
  private final int batch;
  private final double foregroundPart;
  private final Augmentation augmentation;
  private final long seed;

  private PatchSource(Builder builder, List<LabelledVolume> volumes) {
    patch = builder.patch.clone();
    batch = builder.batch;
    foregroundPart = builder.foregroundPart;
    augmentation = builder.augmentation;
    seed = builder.seed;
    if (volumes.isEmpty()) {
      throw new IllegalArgumentException("there is no volume to take patches of");
    }
    for (LabelledVolume volume : volumes) {
      if (volume.channels() != volumes.get(0).channels()) {
        throw new IllegalArgumentException(
            "volumes of " + volumes.get(0).channels() + " and " + volume.channels() + " channels");
      }
      cases.add(new Case(volume, foreground(volume)));
    }
  }

  /** Of patches of this size along z, y, x. */
  public static Builder builder(int z, int y, int x) {
    return new Builder(new int[] {z, y, x});
  }

  /**
   * A network with a loss of what it says of patches: one more input, {@code classes}, and one more
   * output, {@code loss}.
   *
   * @param logits the output (N, C, D, H, W) that is compared
   * @throws IllegalArgumentException if there is no such output, or the loss does not take it
   */
  public static Graph withLoss(Graph network, String logits, Loss loss) {
    return withLoss(network, List.of(logits), loss, List.of(1.0));
  }

  /**
   * The same with deep supervision: the weighted sum of the losses of several outputs. Coarser ones
   * are compared with the class of the voxel nearest to the middle of theirs, of the first of
   * equals.
   *
   * @param logits outputs (N, C, D, H, W), the finest first
   * @param weights one for each, such as {@link Loss#halving}
   * @throws IllegalArgumentException if there is no such output, there are not as many weights, or
   *     the loss does not take one
   */
  public static Graph withLoss(
      Graph network, List<String> logits, Loss loss, List<Double> weights) {
    Graph.Builder builder = network.toBuilder();
    network.outputs().forEach((name, own) -> builder.output(name, builder.value(own.name())));
    List<Value> said = new ArrayList<>();
    for (String name : logits) {
      Node node = network.outputs().get(name);
      if (node == null) {
        throw new IllegalArgumentException(
            "there is no output '" + name + "' among " + network.outputs().keySet());
      }
      said.add(builder.value(node.name()));
    }
    if (said.isEmpty()) {
      throw new IllegalArgumentException("no outputs to compare with the classes");
    }
    SymbolicShape shape = said.get(0).shape();
    Value classes =
        builder.input(
            CLASSES,
            ElementType.I32,
            SymbolicShape.of(shape.size(0), shape.size(2), shape.size(3), shape.size(4)));
    List<Value> targets = new ArrayList<>(List.of(classes));
    for (Value coarse : said.subList(1, said.size())) {
      targets.add(
          classes
              .as(CLASSES + "." + coarse.name())
              .unsqueeze(1)
              .cast(ElementType.F32)
              .resizeLike(Resize.builder(Resize.Mode.NEAREST).build(), coarse)
              .cast(ElementType.I32)
              .squeeze(1));
    }
    return builder.output(LOSS, loss.supervise(said, targets, weights)).build();
  }

  /** Shapes of the inputs. */
  public Map<String, Shape> shapes() {
    long channels = cases.get(0).volume.channels();
    return Map.of(
        IMAGE,
        Shape.of(batch, channels, patch[0], patch[1], patch[2]),
        CLASSES,
        Shape.of(batch, patch[0], patch[1], patch[2]));
  }

  private static List<int[]> foreground(LabelledVolume volume) {
    int[] classes = volume.classes().toIntArray();
    int[] counts = new int[Math.max(1, Arrays.stream(classes).max().orElse(0) + 1)];
    for (int value : classes) {
      if (value > 0) {
        counts[value]++;
      }
    }
    List<int[]> found = new ArrayList<>();
    for (int value = 1; value < counts.length; value++) {
      if (counts[value] > 0) {
        int every = (counts[value] - 1) / MOST_SEEDS + 1;
        int[] voxels = new int[(counts[value] - 1) / every + 1];
        int seen = 0;
        for (int voxel = 0; voxel < classes.length; voxel++) {
          if (classes[voxel] == value) {
            if (seen % every == 0) {
              voxels[seen / every] = voxel;
            }
            seen++;
          }
        }
        found.add(voxels);
      }
    }
    return found;
  }

  @Override
  public Map<String, Tensor> batch(Context context, long index) {
    // Numbers of batches of one seed give streams that have nothing to do with each other.
    RandomGenerator random =
        new SplittableRandom(new SplittableRandom(seed).nextLong() + 0x9e3779b97f4a7c15L * index);
    Map<String, Shape> shapes = shapes();
    float[] images = new float[Math.toIntExact(shapes.get(IMAGE).elementCount())];
    int[] classes = new int[Math.toIntExact(shapes.get(CLASSES).elementCount())];
    int voxels = classes.length / batch;
    int channels = images.length / classes.length;
    for (int n = 0; n < batch; n++) {
      Case drawn = cases.get(random.nextInt(cases.size()));
      int[] start = start(drawn, random);
      boolean[] flipped = augmentation.drawFlips(random);
      IntBuffer truth =
          drawn.volume.classes().contents().order(ByteOrder.nativeOrder()).asIntBuffer();
      Rows labels = new Rows(drawn.volume.classes().shape().toArray(), start, flipped);
      Arrays.fill(classes, n * voxels, (n + 1) * voxels, -1);
      labels.copy(n * voxels, (from, to) -> classes[to] = truth.get(from));
      for (int channel = 0; channel < channels; channel++) {
        int to = (n * channels + channel) * voxels;
        FloatBuffer values = channel(drawn.volume.image(), channel);
        labels.copy(to, (from, at) -> images[at] = values.get(from));
        augmentation.changeIntensities(images, to, to + voxels, random);
      }
    }
    return Map.of(
        IMAGE, Tensor.of(context, images, shapes.get(IMAGE).toArray()),
        CLASSES, Tensor.of(context, classes, shapes.get(CLASSES).toArray()));
  }

  private static FloatBuffer channel(Tensor image, int channel) {
    int bytes = Math.toIntExact(image.byteCount() / image.shape().size(0));
    return image.contents((long) channel * bytes, bytes).asFloatBuffer();
  }

  /** The first voxel of a patch along z, y, x. */
  private int[] start(Case drawn, RandomGenerator random) {
    long[] sizes = drawn.volume.classes().shape().toArray();
    int[] start = new int[3];
    int[] held = null;
    if (random.nextDouble() < foregroundPart && !drawn.foreground.isEmpty()) {
      int[] voxels = drawn.foreground.get(random.nextInt(drawn.foreground.size()));
      int voxel = voxels[random.nextInt(voxels.length)];
      int row = voxel / (int) sizes[2];
      held = new int[] {row / (int) sizes[1], row % (int) sizes[1], voxel % (int) sizes[2]};
    }
    for (int axis = 0; axis < 3; axis++) {
      int room = (int) sizes[axis] - patch[axis];
      if (room < 0) {
        start[axis] = Math.floorDiv(room, 2);
      } else if (held == null) {
        start[axis] = random.nextInt(room + 1);
      } else {
        int free = held[axis] - random.nextInt(patch[axis]);
        start[axis] = Math.max(0, Math.min(room, free));
      }
    }
    return start;
  }

  @FunctionalInterface
  private interface Copy {
    void copy(int from, int to);
  }

  /** Where the voxels of a patch lie in a volume. */
  private final class Rows {
    private final long[] sizes;
    private final int[] start;
    private final boolean[] flipped;

    Rows(long[] sizes, int[] start, boolean[] flipped) {
      this.sizes = sizes;
      this.start = start;
      this.flipped = flipped;
    }

    private int source(int axis, int at) {
      return start[axis] + (flipped[axis] ? patch[axis] - 1 - at : at);
    }

    private boolean inside(int axis, int source) {
      return source >= 0 && source < sizes[axis];
    }

    void copy(int first, Copy copy) {
      for (int z = 0; z < patch[0]; z++) {
        for (int y = 0; y < patch[1]; y++) {
          int fromZ = source(0, z);
          int fromY = source(1, y);
          if (inside(0, fromZ) && inside(1, fromY)) {
            int row = (int) ((fromZ * sizes[1] + fromY) * sizes[2]);
            int to = first + (z * patch[1] + y) * patch[2];
            for (int x = 0; x < patch[2]; x++) {
              int fromX = source(2, x);
              if (inside(2, fromX)) {
                copy.copy(row + fromX, to + x);
              }
            }
          }
        }
      }
    }
  }

  /** Options: one patch a batch, half of them at the foreground, not varied, seed 0. */
  public static final class Builder {
    private final int[] patch;
    private int batch = 1;
    private double foregroundPart = 0.5;
    private Augmentation augmentation = Augmentation.none();
    private long seed;

    private Builder(int[] patch) {
      this.patch = patch;
      for (int size : patch) {
        if (size < 1) {
          throw new IllegalArgumentException(
              "patches of " + Arrays.toString(patch) + " voxels, expected 1 or more of each");
        }
      }
    }

    /** Patches of a batch. */
    public Builder batch(int count) {
      batch = (int) Settings.positive("a batch", (long) count);
      return this;
    }

    /** The part of the patches that are drawn at the foreground, 0 to 1. */
    public Builder foreground(double part) {
      if (!(part >= 0 && part <= 1)) {
        throw new IllegalArgumentException(
            "a part of " + part + " at the foreground, expected 0 to 1");
      }
      foregroundPart = part;
      return this;
    }

    public Builder augmentation(Augmentation value) {
      augmentation = value;
      return this;
    }

    public Builder seed(long value) {
      seed = value;
      return this;
    }

    /**
     * @throws IllegalArgumentException if there is no volume, or their channels differ
     */
    public PatchSource build(List<LabelledVolume> volumes) {
      return new PatchSource(this, volumes);
    }
  }
}
