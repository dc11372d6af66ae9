package org.voxkern.study;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Graph;
import org.voxkern.graph.SafeTensors;
import org.voxkern.graph.Weights;
import org.voxkern.itk.ImageIo;
import org.voxkern.network.MeshNet;
import org.voxkern.network.NnUNet;
import org.voxkern.segmentation.SlidingWindow;
import org.voxkern.segmentation.WholeVolume;
import org.voxkern.segmentation.ZScore;

/** {@code voxkern segment} from files to a file. */
@TestInstance(Lifecycle.PER_CLASS)
class SegmentCommandTest {
  @TempDir static Path folder;
  private final Graph meshNet = MeshNet.builder().features(6).classes(4).build();
  private final Graph nnUNet = NnUNet.builder().features(4, 6, 8).inputs(2).classes(3).build();
  private Path scan;
  private Path second;
  private Path chain;
  private Path unet;

  @BeforeAll
  void writeFiles() throws IOException {
    chain = folder.resolve("chain.safetensors");
    unet = folder.resolve("unet.safetensors");
    try (Context context = Context.create()) {
      Image image = Phantom.image(context, Phantom.grid(), 0, 0, 0);
      scan = Phantom.write(image, folder.resolve("scan.nii.gz"), ElementType.I16);
      Image other = Phantom.image(context, Phantom.grid(), 3, -2, 1);
      second = Phantom.write(other, folder.resolve("second.nii.gz"), ElementType.I16);
      Weights.initialize(meshNet, context, 5).write(chain);
      Weights.initialize(nnUNet, context, 6).write(unet);
    }
  }

  private static CommandLineResult segment(Object... arguments) {
    List<Object> words = new ArrayList<>(List.of("segment"));
    words.addAll(Arrays.asList(arguments));
    return CommandLineResult.of(words.toArray());
  }

  private static byte[] labels(Context context, Path file) throws IOException {
    Image image = ImageIo.read(context, file);
    assertEquals(ElementType.U8, image.type());
    assertTrue(image.geometry().matches(Phantom.grid(), 1e-3));
    return image.data().toByteArray();
  }

  @Test
  void labelsAreThoseOfTheNetworkOnTheImagesGrid() throws IOException {
    Path out = folder.resolve("chain.nii.gz");
    CommandLineResult result =
        segment(scan, "--model", chain, "--network", "meshnet", "--out", out, "--json");
    assertEquals(0, result.code(), result.err());
    assertEquals("", result.err());
    Path json = Files.writeString(folder.resolve("chain.json"), result.out());
    Map<String, Object> values = JsonMap.read(json);
    try (Context context = Context.create()) {
      Image image = ImageIo.read(context, scan, ElementType.F32);
      byte[] expected =
          WholeVolume.of(0, (done, total) -> {})
              .labels(meshNet, Weights.read(meshNet, context, chain), image.data())
              .toByteArray();
      assertArrayEquals(expected, labels(context, out));
      Map<Integer, Long> counts = new HashMap<>();
      for (byte label : expected) {
        counts.merge((int) label, 1L, Long::sum);
      }
      assertTrue(counts.size() > 1, "one label everywhere shows nothing");
      assertEquals(counts.size(), ((Map<?, ?>) JsonMap.at(values, "labels")).size(), result.out());
      counts.forEach(
          (label, count) -> {
            String key = "labels." + label;
            assertEquals(
                (double) count, ((Number) JsonMap.at(values, key + ".voxels")).doubleValue());
            assertEquals(
                count * 1.5e-3, ((Number) JsonMap.at(values, key + ".ml")).doubleValue(), 1e-9);
          });
    }
    double predicted = ((Number) JsonMap.at(values, "predicted_mib")).doubleValue();
    double taken = ((Number) JsonMap.at(values, "tensors_mib")).doubleValue();
    assertTrue(predicted > 1 && taken < 2.5 * predicted + 8, predicted + " MiB, " + taken);
  }

  @Test
  void channelsAreImagesAndWindowsOverlap() throws IOException {
    Path out = folder.resolve("unet.nii.gz");
    CommandLineResult result =
        segment(
            scan,
            second,
            "--model",
            unet,
            "--network",
            "nnunet",
            "--preset",
            "nnunet",
            "--window",
            "32,40,36",
            "--mirror",
            "--out",
            out);
    assertEquals(0, result.code(), result.err());
    assertTrue(result.err().contains("network: 18 of 18"), result.err());
    assertTrue(result.out().contains("parameters"), result.out());
    try (Context context = Context.create()) {
      float[] both = new float[2 * (int) Phantom.grid().voxelCount()];
      int at = 0;
      for (Path path : List.of(scan, second)) {
        float[] one = new ZScore(false).apply(ImageIo.read(context, path)).data().toFloatArray();
        System.arraycopy(one, 0, both, at, one.length);
        at += one.length;
      }
      Graph.Builder builder = nnUNet.toBuilder();
      String head = nnUNet.outputs().get("logits").name();
      Graph graph = builder.output("logits", builder.value(head)).build();
      byte[] expected =
          SlidingWindow.builder(32, 40, 36)
              .mirror(0, 1, 2)
              .build()
              .labels(
                  graph,
                  Weights.read(graph, context, unet),
                  Tensor.of(context, both, 2, 48, 80, 72))
              .toByteArray();
      assertArrayEquals(expected, labels(context, out));
    }
  }

  @Test
  void bfloat16GivesNearlyTheSameLabels() throws IOException {
    byte[][] labels = new byte[2][];
    try (Context context = Context.create()) {
      for (int mixed = 0; mixed < 2; mixed++) {
        String precision = mixed == 1 ? "bf16" : "f32";
        Path out = folder.resolve(precision + ".nii.gz");
        CommandLineResult result =
            segment(scan, "-m", chain, "--network", "meshnet", "-o", out, "--precision", precision);
        assertEquals(0, result.code(), result.err());
        labels[mixed] = labels(context, out);
      }
    }
    int different = 0;
    for (int i = 0; i < labels[0].length; i++) {
      different += labels[0][i] == labels[1][i] ? 0 : 1;
    }
    assertTrue(different < 0.02 * labels[0].length, different + " of " + labels[0].length);
  }

  @Test
  void theMemoryThatIsAllowedIsEnoughOrRefused() throws IOException {
    Path out = folder.resolve("capped.nii.gz");
    refused(
        "not enough memory",
        scan,
        "--model",
        chain,
        "--network",
        "meshnet",
        "--out",
        out,
        "--memory",
        "4M");
    assertFalse(Files.exists(out));
    int runs = 0;
    for (int cap = 16; cap <= 40; cap += 3) {
      CommandLineResult result =
          segment(
              scan,
              "--model",
              chain,
              "--network",
              "meshnet",
              "--out",
              out,
              "--json",
              "--memory",
              cap + "M");
      if (result.code() == 0) {
        runs++;
        Path json = Files.writeString(folder.resolve("capped.json"), result.out());
        double taken = ((Number) JsonMap.at(JsonMap.read(json), "tensors_mib")).doubleValue();
        assertTrue(taken <= cap, taken + " MiB of " + cap);
      } else {
        // By the prediction, not on the way.
        assertTrue(result.err().contains("slice by slice, allowed are"), result.err());
      }
    }
    assertTrue(runs >= 3, runs + " runs");
  }

  private void refused(String message, Object... arguments) {
    CommandLineResult result = segment(arguments);
    assertEquals(2, result.code(), result.err() + result.out());
    assertEquals(1, result.err().lines().count(), result.err());
    assertTrue(result.err().contains(message), result.err());
  }

  private void refusedNetwork(String message, Path image, Path model) {
    Path out = folder.resolve("refused.nii.gz");
    refused(message, image, "--model", model, "--network", "meshnet", "--out", out, "--quiet");
    assertFalse(Files.exists(out));
  }

  @Test
  void badInputIsSaidInOneLine() throws IOException {
    Path out = folder.resolve("no.nii.gz");
    refusedNetwork("no such file", folder.resolve("absent.nii.gz"), chain);
    refusedNetwork("no such file", scan, folder.resolve("absent.safetensors"));
    refusedNetwork("conv0.weight", scan, unet);
    refused("--network", scan, "--model", chain, "--out", out);
    refused("1 channel, 2 given", scan, scan, "--model", chain, "--network", "meshnet", "-o", out);
    refused("2 channels, 1 given", scan, "--model", unet, "--network", "nnunet", "--out", out);
    refused("no known kind of model", scan, "--model", scan, "--out", out);
    refused("ends in one of", scan, "--model", chain, "--out", folder.resolve("labels.txt"));
    refused("for windows", scan, "--model", chain, "--out", out, "--mirror");
    refused("three sizes", scan, "--model", chain, "--out", out, "--window", "32");
    refused("'lots'", scan, "--model", chain, "--out", out, "--memory", "lots");
    refused("'x'", scan, "--model", chain, "--out", out, "--preset", "x");
    refused("'f8'", scan, "--model", chain, "--out", out, "--precision", "f8");
    refused(
        "no output 'x'",
        scan,
        second,
        "--model",
        unet,
        "--network",
        "nnunet",
        "--output",
        "x",
        "--out",
        out);
    try (Context context = Context.create()) {
      Map<String, Tensor> tensors = new HashMap<>();
      Weights weights = Weights.initialize(meshNet, context, 5);
      weights.names().forEach(name -> tensors.put(name, weights.get(name)));
      float[] broken = weights.get("conv3.bias").toFloatArray();
      broken[2] = Float.NaN;
      tensors.put("conv3.bias", Tensor.of(context, broken, broken.length));
      Path file = folder.resolve("nan.safetensors");
      SafeTensors.write(file, tensors);
      refusedNetwork("'conv3.bias' has NaN at element 2", scan, file);

      Geometry grid =
          Geometry.of(
              new int[] {60, 60, 20},
              new double[] {1, 1, 1},
              new double[3],
              new double[] {1, 0, 0, 0, 1, 0, 0, 0, 1});
      Path small = folder.resolve("small.nii.gz");
      ImageIo.write(Phantom.image(context, grid, 0, 0, 0), small);
      refusedNetwork("spans 20 voxels along its shortest axis, expected 33", small, chain);
      refused(
          "another grid",
          scan,
          small,
          "--model",
          unet,
          "--network",
          "nnunet",
          "--preset",
          "nnunet",
          "-o",
          out);
      float[] values = new float[72 * 80 * 48];
      values[7] = Float.NaN;
      Path nan = folder.resolve("nan.nii.gz");
      Shape shape = Phantom.grid().shape();
      ImageIo.write(new Image(Tensor.of(context, values, shape.toArray()), Phantom.grid()), nan);
      refusedNetwork("NaN or infinite", nan, chain);
    }
    assertFalse(Files.exists(out));
  }
}
