package org.voxkern.segmentation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.OutOfMemoryException;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Executable;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Value;
import org.voxkern.graph.Weights;
import org.voxkern.op.CopyStrided;
import org.voxkern.op.Pad;
import org.voxkern.op.TensorView;

class SlidingWindowTest {
  private static final int CLASSES = 3;
  private static final int[] SIZE = {17, 13, 19};

  private final Context context = Context.builder().threads(2).build();
  private final Graph graph = network();
  private final Weights weights = Weights.initialize(graph, context, 8);

  @AfterEach
  void close() {
    context.close();
  }

  /** What a voxel becomes depends on where it is in the window: padding shows, and a norm. */
  private static Graph network() {
    Graph.Builder builder = Graph.builder();
    Value image = builder.input("image", "N", 2, "D", "H", "W");
    Value features = image.as("a").conv3d(4, 3).instanceNorm().leakyRelu(0.1);
    Value logits = features.as("b").conv3d(4, 3).relu().as("head").conv3d(CLASSES, 1);
    return builder.output("logits", logits).build();
  }

  private static float[] random(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private Tensor volume(int... size) {
    int count = 2 * size[0] * size[1] * size[2];
    return Tensor.of(context, random(count, 3), 2, size[0], size[1], size[2]);
  }

  /** All slices as they come, and that they come in order. */
  private float[] scores(SlidingWindow window, Tensor volume) {
    Shape shape = volume.shape();
    int plane = (int) (shape.size(2) * shape.size(3));
    int depth = (int) shape.size(1);
    float[] all = new float[CLASSES * depth * plane];
    long[] next = {0};
    window.scores(
        graph,
        weights,
        volume,
        (first, slices) -> {
          assertEquals(next[0], first);
          int count = (int) slices.shape().size(2);
          next[0] += count;
          float[] values = slices.toFloatArray();
          for (int c = 0; c < CLASSES; c++) {
            System.arraycopy(
                values, c * count * plane, all, (c * depth + (int) first) * plane, count * plane);
          }
        });
    assertEquals(depth, next[0]);
    return all;
  }

  private static long[] starts(int size, int patch, double overlap) {
    int count = (int) Math.ceil((size - patch) / (patch * (1 - overlap))) + 1;
    long[] starts = new long[count];
    for (int i = 0; i < count; i++) {
      starts[i] = count == 1 ? 0 : Math.round(i * (size - patch) / (count - 1.0));
    }
    return starts;
  }

  /** The definition: every window by itself, flips by hand, sums over the whole volume in f64. */
  private double[] expected(
      Tensor volume, int[] patch, double overlap, boolean gaussian, int[] mirror) {
    long[][] starts = new long[3][];
    for (int axis = 0; axis < 3; axis++) {
      starts[axis] = starts(SIZE[axis], patch[axis], overlap);
    }
    int voxels = SIZE[0] * SIZE[1] * SIZE[2];
    double[] sums = new double[CLASSES * voxels];
    double[] weight = new double[voxels];
    Shape tile = Shape.of(1, 2, patch[0], patch[1], patch[2]);
    Executable executable = graph.compile(context, weights, Map.of("image", tile));
    for (long z : starts[0]) {
      for (long y : starts[1]) {
        for (long x : starts[2]) {
          for (int flips = 0; flips < 1 << mirror.length; flips++) {
            boolean[] flip = new boolean[3];
            TensorView view =
                TensorView.of(volume, volume.shape().prepend(1))
                    .slice(2, z, patch[0], 1)
                    .slice(3, y, patch[1], 1)
                    .slice(4, x, patch[2], 1);
            for (int i = 0; i < mirror.length; i++) {
              if ((flips >> i & 1) != 0) {
                flip[mirror[i]] = true;
                view = view.flip(mirror[i] + 2);
              }
            }
            float[] said = executable.run(CopyStrided.dense(view)).toFloatArray();
            accumulate(said, patch, new long[] {z, y, x}, flip, starts, gaussian, sums, weight);
          }
        }
      }
    }
    for (int i = 0; i < sums.length; i++) {
      sums[i] /= weight[i % voxels];
    }
    return sums;
  }

  private static void accumulate(
      float[] said,
      int[] patch,
      long[] start,
      boolean[] flip,
      long[][] starts,
      boolean gaussian,
      double[] sums,
      double[] weight) {
    int tile = patch[0] * patch[1] * patch[2];
    int voxels = SIZE[0] * SIZE[1] * SIZE[2];
    for (int v = 0; v < tile; v++) {
      int[] at = {v / (patch[1] * patch[2]), v / patch[2] % patch[1], v % patch[2]};
      double w = 1;
      int from = 0;
      int to = 0;
      for (int axis = 0; axis < 3; axis++) {
        double distance = (at[axis] - (patch[axis] - 1) / 2.0) / (patch[axis] / 8.0);
        if (gaussian && starts[axis].length > 1) {
          w *= Math.exp(-distance * distance / 2);
        }
        from = from * patch[axis] + (flip[axis] ? patch[axis] - 1 - at[axis] : at[axis]);
        to = to * SIZE[axis] + (int) start[axis] + at[axis];
      }
      weight[to] += w;
      for (int c = 0; c < CLASSES; c++) {
        sums[c * voxels + to] += w * said[c * tile + from];
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "8,6,7,0.5,true,'',1",
    "8,6,7,0.5,true,'',4",
    "5,13,7,0.25,true,0,1",
    "8,6,19,0,false,'',3",
    "9,7,8,0.5,true,'0,2',2",
    "17,13,7,0.7,false,'0,1,2',1",
    "16,12,18,0.5,true,1,1"
  })
  void equalsSumsOverTheWholeVolume(
      int z, int y, int x, double overlap, boolean gaussian, String axes, int batch) {
    int[] mirror =
        Arrays.stream(axes.split(","))
            .filter(a -> !a.isEmpty())
            .mapToInt(Integer::parseInt)
            .toArray();
    Tensor volume = volume(SIZE);
    double[] expected = expected(volume, new int[] {z, y, x}, overlap, gaussian, mirror);
    List<Long> progress = new ArrayList<>();
    SlidingWindow window =
        SlidingWindow.builder(z, y, x)
            .overlap(overlap)
            .gaussian(gaussian)
            .mirror(mirror)
            .batch(batch)
            .listener(
                (done, total) -> {
                  progress.add(done);
                  progress.add(total);
                })
            .build();
    float[] actual = scores(window, volume);
    double largest = Arrays.stream(expected).map(Math::abs).max().getAsDouble();
    for (int i = 0; i < actual.length; i++) {
      assertEquals(expected[i], actual[i], 2e-5 * largest, "voxel " + i);
    }
    long windows = window.windowCount(volume.shape());
    assertEquals((windows + batch - 1) / batch, progress.size() / 2);
    assertEquals(windows, progress.get(progress.size() - 2));
    assertEquals(windows, progress.get(progress.size() - 1));
  }

  @Test
  void aWindowOfTheWholeVolumeIsOneRunToTheBit() {
    Tensor volume = volume(SIZE);
    Shape tile = volume.shape().prepend(1);
    Executable executable = graph.compile(context, weights, Map.of("image", tile));
    float[] expected = executable.run(volume.view(ElementType.F32, tile, 0)).toFloatArray();
    SlidingWindow window = SlidingWindow.builder(SIZE[0], SIZE[1], SIZE[2]).build();
    assertArrayEquals(expected, scores(window, volume));
    int voxels = SIZE[0] * SIZE[1] * SIZE[2];
    byte[] labels = window.labels(graph, weights, volume).toByteArray();
    for (int v = 0; v < voxels; v++) {
      int best = 0;
      for (int c = 1; c < CLASSES; c++) {
        best = expected[c * voxels + v] > expected[best * voxels + v] ? c : best;
      }
      assertEquals(best, labels[v]);
    }
  }

  @ParameterizedTest
  @CsvSource({"CONSTANT", "EDGE", "REFLECT"})
  void smallVolumesArePaddedOnBothSides(Pad.Mode mode) {
    Tensor volume = volume(5, 20, 6);
    Pad pad =
        mode == Pad.Mode.CONSTANT
            ? Pad.constant(0, new long[] {0, 1, 0, 1}, new long[] {0, 2, 0, 1})
            : Pad.of(mode, new long[] {0, 1, 0, 1}, new long[] {0, 2, 0, 1});
    Tensor padded = Tensor.uninitialized(context, ElementType.F32, Shape.of(2, 8, 20, 8));
    pad.apply(volume, padded);
    SlidingWindow window = SlidingWindow.builder(8, 8, 8).padding(mode).build();
    float[] whole = scores(window, padded);
    float[] actual = scores(window, volume);
    for (int i = 0; i < actual.length; i++) {
      int x = i % 6;
      int y = i / 6 % 20;
      int z = i / 120 % 5;
      int c = i / 600;
      assertEquals(whole[((c * 8 + z + 1) * 20 + y) * 8 + x + 1], actual[i]);
    }
  }

  @Test
  void doesNotDependOnThreads() {
    SlidingWindow window = SlidingWindow.builder(8, 6, 7).mirror(0, 1).batch(2).build();
    float[] two = scores(window, volume(SIZE));
    try (Context one = Context.builder().threads(1).build()) {
      Tensor volume = Tensor.of(one, volume(SIZE).toFloatArray(), 2, SIZE[0], SIZE[1], SIZE[2]);
      float[] alone = new float[two.length];
      int plane = SIZE[1] * SIZE[2];
      window.scores(
          graph,
          Weights.initialize(graph, one, 8),
          volume,
          (first, slices) -> {
            float[] values = slices.toFloatArray();
            int count = (int) slices.shape().size(2) * plane;
            for (int c = 0; c < CLASSES; c++) {
              System.arraycopy(
                  values, c * count, alone, (c * SIZE[0] + (int) first) * plane, count);
            }
          });
      assertArrayEquals(two, alone);
    }
  }

  @ParameterizedTest
  @CsvSource({"24,24,24,1,''", "24,24,24,3,'0,1'", "40,56,48,1,''", "64,64,64,1,''"})
  void memoryIsKnownBefore(int z, int y, int x, int batch, String axes) {
    int[] mirror =
        Arrays.stream(axes.split(","))
            .filter(a -> !a.isEmpty())
            .mapToInt(Integer::parseInt)
            .toArray();
    try (Context fresh = Context.builder().threads(2).build()) {
      Weights own = Weights.initialize(graph, fresh, 8);
      int[] size = {60, 56, 48};
      Tensor volume = Tensor.of(fresh, random(2 * 60 * 56 * 48, 3), 2, size[0], size[1], size[2]);
      SlidingWindow.Builder builder = SlidingWindow.builder(z, y, x).batch(batch).mirror(mirror);
      long predicted = builder.build().labelsBytes(graph, own, fresh, volume.shape());
      long before = fresh.memory().inUse();
      SlidingWindow tooSmall = builder.memoryLimit(predicted - 1).build();
      OutOfMemoryException refused =
          assertThrows(OutOfMemoryException.class, () -> tooSmall.labels(graph, own, volume));
      assertTrue(refused.getMessage().contains("" + predicted), refused.getMessage());
      assertTrue(refused.getMessage().contains("" + (predicted - 1)), refused.getMessage());
      assertEquals(before, fresh.memory().inUse());
      Tensor labels = builder.memoryLimit(predicted).build().labels(graph, own, volume);
      long taken = fresh.memory().highWater() - before;
      // Rounding of allocations to pages, and the scratch of norms, are not foreseen.
      assertTrue(
          taken < 1.02 * predicted + 400_000 && taken > 0.5 * predicted,
          taken + " bytes were taken, " + predicted + " predicted");
      labels.close();
      assertEquals(before, fresh.memory().inUse());
    }
  }

  @Test
  void canBeCancelled() {
    Tensor volume = volume(SIZE);
    long before = context.memory().inUse();
    int[] calls = {0};
    SlidingWindow window =
        SlidingWindow.builder(8, 6, 7)
            .listener(
                (done, total) -> {
                  calls[0]++;
                  context.cancel();
                })
            .build();
    assertThrows(CancellationException.class, () -> window.labels(graph, weights, volume));
    assertEquals(1, calls[0]);
    context.clearCancellation();
    assertEquals(before, context.memory().inUse());
  }

  @Test
  void whatDoesNotFitIsNamed() {
    Tensor volume = volume(SIZE);
    refuse(() -> SlidingWindow.builder(0, 4, 4).build(), "[0, 4, 4]");
    refuse(() -> SlidingWindow.builder(4, 4, 4).overlap(1).build(), "1.0");
    refuse(() -> SlidingWindow.builder(4, 4, 4).mirror(1, 1).build(), "[1, 1]");
    refuse(() -> SlidingWindow.builder(4, 4, 4).batch(0).build(), "batch");
    SlidingWindow window = SlidingWindow.builder(4, 4, 4).build();
    Tensor one = Tensor.zeros(context, ElementType.F32, Shape.of(8, 8, 8));
    refuse(() -> window.labels(graph, weights, one), "(1, 1, 4, 4, 4)");
    refuse(
        () ->
            window.labels(graph, weights, volume.view(ElementType.F32, Shape.of(34 * 13 * 19), 0)),
        "(8398)");
    Graph.Builder builder = Graph.builder();
    Value image = builder.input("image", "N", 2, "D", "H", "W");
    Graph strided = builder.output("half", image.conv3d(2, 3, 2)).build();
    Weights half = Weights.initialize(strided, context, 1);
    refuse(() -> window.labels(strided, half, volume), "(1, 2, 2, 2, 2)");
    Graph.Builder single = Graph.builder();
    Graph mask =
        single.output("mask", single.input("image", "N", 2, "D", "H", "W").conv3d(1, 3)).build();
    Weights maskWeights = Weights.initialize(mask, context, 1);
    refuse(() -> window.labels(mask, maskWeights, volume), "1 output channel");
  }

  private static void refuse(org.junit.jupiter.api.function.Executable action, String word) {
    IllegalArgumentException failure = assertThrows(IllegalArgumentException.class, action);
    assertTrue(failure.getMessage().contains(word), failure.getMessage());
  }
}
