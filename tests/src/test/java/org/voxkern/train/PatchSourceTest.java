package org.voxkern.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Graph;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Value;
import org.voxkern.graph.Weights;
import org.voxkern.network.NnUNet;
import org.voxkern.train.loss.CrossEntropy;
import org.voxkern.train.loss.Loss;

class PatchSourceTest {
  private static final int DEPTH = 9;
  private static final int HEIGHT = 10;
  private static final int WIDTH = 11;
  private static final int COUNT = DEPTH * HEIGHT * WIDTH;

  private final Context context = Context.create();

  @AfterEach
  void close() {
    context.close();
  }

  /** Values say where a voxel is: its number, and in the second channel minus that. */
  private LabelledVolume volume(int... marked) {
    float[] image = new float[2 * COUNT];
    int[] classes = new int[COUNT];
    for (int voxel = 0; voxel < COUNT; voxel++) {
      image[voxel] = voxel + 1;
      image[COUNT + voxel] = -voxel - 1;
    }
    for (int i = 0; i < marked.length; i++) {
      classes[marked[i]] = i + 1;
    }
    return new LabelledVolume(
        Tensor.of(context, image, 2, DEPTH, HEIGHT, WIDTH),
        Tensor.of(context, classes, DEPTH, HEIGHT, WIDTH));
  }

  private static int index(int z, int y, int x) {
    return (z * HEIGHT + y) * WIDTH + x;
  }

  @Test
  void patchesArePiecesOfTheVolumeWithTheirClasses() {
    LabelledVolume volume = volume(index(4, 5, 6), index(8, 9, 10));
    PatchSource source = PatchSource.builder(3, 4, 5).batch(2).seed(3).build(List.of(volume));
    int[] truth = volume.classes().toIntArray();
    Set<Float> corners = new TreeSet<>();
    for (long index = 0; index < 20; index++) {
      Map<String, Tensor> batch = source.batch(context, index);
      float[] image = batch.get("image").toFloatArray();
      int[] classes = batch.get("classes").toIntArray();
      assertEquals(source.shapes().get("image"), batch.get("image").shape());
      for (int n = 0; n < 2; n++) {
        int first = (int) image[n * 120] - 1;
        corners.add(image[n * 120]);
        for (int voxel = 0; voxel < 60; voxel++) {
          int at = first + index(voxel / 20, voxel / 5 % 4, voxel % 5);
          assertEquals(at + 1, image[n * 120 + voxel]);
          assertEquals(-at - 1, image[n * 120 + 60 + voxel]);
          assertEquals(truth[at], classes[n * 60 + voxel]);
        }
      }
    }
    assertTrue(corners.size() > 15, corners.toString());
  }

  @Test
  void aBatchDependsOnItsNumberAndTheSeedAlone() {
    List<LabelledVolume> volumes = List.of(volume(40), volume(), volume(3, 900));
    Augmentation varied = Augmentation.none().withFlips(0, 1, 2).withIntensities(0.2, 0.3, 0.1);
    PatchSource.Builder builder =
        PatchSource.builder(4, 4, 4).batch(3).augmentation(varied).seed(8);
    PatchSource source = builder.build(volumes);
    float[] seventh = source.batch(context, 7).get("image").toFloatArray();
    source.batch(context, 2);
    assertArrayEquals(seventh, source.batch(context, 7).get("image").toFloatArray());
    assertArrayEquals(
        seventh, builder.build(volumes).batch(context, 7).get("image").toFloatArray());
    float[] eighth = source.batch(context, 8).get("image").toFloatArray();
    assertFalse(Arrays.equals(seventh, eighth));
    PatchSource other = builder.seed(9).build(volumes);
    assertFalse(Arrays.equals(seventh, other.batch(context, 7).get("image").toFloatArray()));
  }

  @Test
  void asManyPatchesHoldForegroundAsAskedFor() {
    LabelledVolume volume = volume(index(0, 0, 0), index(8, 9, 10));
    for (double part : new double[] {0, 0.5, 1}) {
      PatchSource source =
          PatchSource.builder(2, 2, 2).foreground(part).seed(1).build(List.of(volume));
      int[] seen = new int[3];
      for (long index = 0; index < 400; index++) {
        int[] classes = source.batch(context, index).get("classes").toIntArray();
        seen[Arrays.stream(classes).max().orElse(0)]++;
      }
      assertEquals(400 * part, seen[1] + seen[2], 40, Arrays.toString(seen));
      assertEquals(seen[1], seen[2], 40, Arrays.toString(seen));
    }
  }

  @Test
  void deepSupervisionComparesEveryResolutionWithTheClassesThere() {
    Graph network = NnUNet.builder().classes(3).features(2, 3, 4).build();
    List<String> outputs = List.of("logits", "logits1");
    assertEquals(outputs, List.copyOf(network.outputs().keySet()));
    Loss loss = CrossEntropy.create();
    Graph graph = PatchSource.withLoss(network, outputs, loss, Loss.halving(2));
    Map<String, Shape> shapes =
        Map.of("image", Shape.of(2, 1, 8, 4, 12), "classes", Shape.of(2, 8, 4, 12));
    Random random = new Random(3);
    float[] image = new float[2 * 8 * 4 * 12];
    int[] classes = new int[image.length];
    for (int voxel = 0; voxel < image.length; voxel++) {
      image[voxel] = (float) random.nextGaussian();
      classes[voxel] = random.nextInt(4) - 1;
    }
    Map<String, Tensor> inputs =
        Map.of(
            "image", Tensor.of(context, image, 2, 1, 8, 4, 12),
            "classes", Tensor.of(context, classes, 2, 8, 4, 12));
    Weights weights = Weights.initialize(network, context, 1);
    Map<String, Tensor> results = graph.compile(context, weights, shapes).run(inputs);
    int[] coarse = new int[2 * 4 * 2 * 6];
    for (int to = 0; to < coarse.length; to++) {
      int row = to / 6;
      int plane = row / 2;
      coarse[to] = classes[(plane * 2 * 4 + row % 2 * 2) * 12 + to % 6 * 2];
    }
    double expected =
        (2 * entropy(results.get("logits"), inputs.get("classes"))
                + entropy(results.get("logits1"), Tensor.of(context, coarse, 2, 4, 2, 6)))
            / 3;
    assertEquals(expected, results.get("loss").toFloatArray()[0], 1e-5);
    // Every head learns.
    Trainer trainer = Trainer.builder(graph, "loss").build(weights, shapes);
    float[] before = weights.get("decoder.seg_layers.0.weight").toFloatArray();
    assertEquals(expected, trainer.step((own, index) -> copies(inputs)).loss(), 1e-5);
    assertFalse(Arrays.equals(before, weights.get("decoder.seg_layers.0.weight").toFloatArray()));
    assertThrows(
        IllegalArgumentException.class,
        () -> PatchSource.withLoss(network, outputs, loss, List.of(1.0)));
  }

  private static Map<String, Tensor> copies(Map<String, Tensor> tensors) {
    Map<String, Tensor> copies = new HashMap<>();
    tensors.forEach((name, tensor) -> copies.put(name, tensor.copy()));
    return copies;
  }

  private double entropy(Tensor logits, Tensor classes) {
    Graph.Builder builder = Graph.builder();
    Value said = builder.input("logits", SymbolicShape.of(logits.shape()).sizes().toArray());
    Value truth = builder.input("classes", ElementType.I32, SymbolicShape.of(classes.shape()));
    Graph graph = builder.output("loss", CrossEntropy.create().of(said, truth)).build();
    Map<String, Shape> shapes = Map.of("logits", logits.shape(), "classes", classes.shape());
    return graph
        .compile(context, Weights.initialize(graph, context, 0), shapes)
        .run(Map.of("logits", logits, "classes", classes))
        .get("loss")
        .toFloatArray()[0];
  }

  @Test
  void flipsImageAndClassesAlike() {
    LabelledVolume volume = volume(index(4, 5, 6));
    PatchSource source =
        PatchSource.builder(DEPTH, HEIGHT, WIDTH)
            .augmentation(Augmentation.none().withFlips(0, 2))
            .build(List.of(volume));
    int[] first = new int[4];
    for (long index = 0; index < 100; index++) {
      Map<String, Tensor> batch = source.batch(context, index);
      float[] image = batch.get("image").toFloatArray();
      int[] classes = batch.get("classes").toIntArray();
      boolean z = image[0] > (DEPTH - 1) * HEIGHT * WIDTH;
      boolean x = (image[0] - 1) % WIDTH > 0;
      int corner = index(z ? DEPTH - 1 : 0, 0, x ? WIDTH - 1 : 0);
      assertEquals(corner + 1, image[0]);
      assertEquals(1, classes[index(z ? DEPTH - 1 - 4 : 4, 5, x ? WIDTH - 1 - 6 : 6)]);
      first[(z ? 2 : 0) + (x ? 1 : 0)]++;
    }
    assertTrue(Arrays.stream(first).min().orElse(0) > 10, Arrays.toString(first));
  }

  @Test
  void intensitiesStayWithinTheirBounds() {
    Tensor ones = Tensor.of(context, filled(COUNT), 1, DEPTH, HEIGHT, WIDTH);
    Tensor classes = Tensor.zeros(context, ElementType.I32, Shape.of(DEPTH, HEIGHT, WIDTH));
    LabelledVolume flat = new LabelledVolume(ones, classes);
    PatchSource lines =
        PatchSource.builder(4, 4, 4)
            .augmentation(Augmentation.none().withIntensities(0.1, 0.05, 0))
            .build(List.of(flat));
    double least = 2;
    double most = 0;
    for (long index = 0; index < 200; index++) {
      float[] image = lines.batch(context, index).get("image").toFloatArray();
      for (float value : image) {
        assertEquals(image[0], value);
      }
      least = Math.min(least, image[0]);
      most = Math.max(most, image[0]);
    }
    assertTrue(least >= 0.85 && least < 0.9 && most <= 1.15 && most > 1.1, least + " " + most);
    PatchSource noisy =
        PatchSource.builder(DEPTH, HEIGHT, WIDTH)
            .augmentation(Augmentation.none().withIntensities(0, 0, 0.2))
            .build(List.of(flat));
    double squares = 0;
    for (float value : noisy.batch(context, 0).get("image").toFloatArray()) {
      squares += (value - 1) * (value - 1);
    }
    assertEquals(0.2, Math.sqrt(squares / COUNT), 0.02);
  }

  private static float[] filled(int count) {
    float[] values = new float[count];
    Arrays.fill(values, 1);
    return values;
  }

  @Test
  void smallVolumesAreSurroundedByVoxelsThatDoNotCount() {
    PatchSource source = PatchSource.builder(12, HEIGHT, 14).build(List.of(volume(5)));
    Map<String, Tensor> batch = source.batch(context, 0);
    float[] image = batch.get("image").toFloatArray();
    int[] classes = batch.get("classes").toIntArray();
    int outside = 0;
    for (int voxel = 0; voxel < classes.length; voxel++) {
      assertEquals(classes[voxel] < 0, image[voxel] == 0);
      outside += classes[voxel] < 0 ? 1 : 0;
    }
    assertEquals(12 * HEIGHT * 14 - COUNT, outside);
    // Two slices before, one after; two columns before, one after.
    assertEquals(1, image[(2 * HEIGHT) * 14 + 2]);
  }

  @Test
  void saysWhatIsWrong() {
    LabelledVolume two = volume();
    Tensor image = Tensor.zeros(context, ElementType.F32, Shape.of(1, DEPTH, HEIGHT, WIDTH));
    for (Runnable wrong :
        List.<Runnable>of(
            () -> new LabelledVolume(two.image(), two.image()),
            () -> new LabelledVolume(two.classes(), two.classes()),
            () -> PatchSource.builder(4, 0, 4),
            () -> PatchSource.builder(4, 4, 4).batch(0),
            () -> PatchSource.builder(4, 4, 4).foreground(1.5),
            () -> PatchSource.builder(4, 4, 4).build(List.of()),
            () ->
                PatchSource.builder(4, 4, 4)
                    .build(List.of(two, new LabelledVolume(image, two.classes()))),
            () -> Augmentation.none().withFlips(3),
            () -> Augmentation.none().withFlips(1, 1),
            () -> Augmentation.none().withIntensities(1, 0, 0),
            () -> Augmentation.none().withIntensities(0, -1, 0))) {
      String message = assertThrows(IllegalArgumentException.class, wrong::run).getMessage();
      assertTrue(message.matches(".*(expected|no volume|channels).*"), message);
    }
  }
}
