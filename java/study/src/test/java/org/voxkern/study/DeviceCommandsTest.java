package org.voxkern.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.voxkern.Context;
import org.voxkern.Device;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Scope;
import org.voxkern.Tensor;
import org.voxkern.graph.Graph;
import org.voxkern.graph.SafeTensors;
import org.voxkern.graph.Weights;
import org.voxkern.itk.ImageIo;
import org.voxkern.network.NnUNet;

/** Commands that are told a device, beside the processor; on the emulated one. */
class DeviceCommandsTest {
  private static final String EMULATED = "cuda-emulated";
  private static final int[] SIZE = {14, 12, 16};
  private static final String RECIPE =
      """
      {
        "cases": [{"images": "scan.nii.gz", "labels": "labels.nii.gz"}],
        "validation_cases": [{"images": "scan.nii.gz", "labels": "labels.nii.gz"}],
        "test_cases": [{"images": "scan.nii.gz", "labels": "labels.nii.gz"}],
        "classes": [[0], [1]],
        "network": {"features": [4, 6]},
        "patch": [8, 8, 8],
        "learning_rate": {"kind": "constant", "initial": 0.01},
        "steps": 2,
        "validate_every": 2,
        "checkpoint_every": 1,
        "overlap": 0,
        "seed": 5
      }
      """;

  @TempDir static Path folder;

  @BeforeAll
  static void writeFiles() throws IOException {
    try {
      Device.cudaEmulated();
    } catch (UnsupportedOperationException absent) {
      abort(absent.getMessage());
    }
    int count = SIZE[0] * SIZE[1] * SIZE[2];
    float[] values = new float[count];
    int[] labels = new int[count];
    for (int i = 0; i < count; i++) {
      int x = i % SIZE[0] - 6;
      int y = i / SIZE[0] % SIZE[1] - 5;
      int z = i / SIZE[0] / SIZE[1] - 8;
      labels[i] = x * x + y * y + z * z < 20 ? 1 : 0;
      values[i] = 100 * labels[i] + i * 37 % 50;
    }
    try (Context context = Context.create();
        Scope scope = Scope.open(context)) {
      Geometry grid = Geometry.of(SIZE, new double[] {1, 1, 1});
      Tensor scan = Tensor.of(scope.context(), values, SIZE[2], SIZE[1], SIZE[0]);
      ImageIo.write(new Image(scan, grid), folder.resolve("scan.nii.gz"));
      Tensor truth = Tensor.of(context, labels, SIZE[2], SIZE[1], SIZE[0]);
      ImageIo.write(new Image(truth, grid), folder.resolve("labels.nii.gz"));
    }
    Files.writeString(folder.resolve("recipe.json"), RECIPE);
  }

  private static void run(Object... words) {
    CommandLineResult result = CommandLineResult.of(words);
    assertEquals(0, result.code(), result.err());
  }

  private static byte[] labels(String device) throws IOException {
    Path out = folder.resolve(device + ".nii.gz");
    Object[] words = {
      "segment",
      folder.resolve("scan.nii.gz"),
      "--model",
      folder.resolve("unet.safetensors"),
      "--network",
      "nnunet",
      "--window",
      "8,8,8",
      "--out",
      out,
      "--device",
      device
    };
    run(words);
    try (Context context = Context.create()) {
      return ImageIo.read(context, out).data().toByteArray();
    }
  }

  @Test
  void segment() throws IOException {
    Graph graph = NnUNet.builder().features(4, 6).classes(3).build();
    try (Context context = Context.create()) {
      Weights.initialize(graph, context, 6).write(folder.resolve("unet.safetensors"));
    }
    byte[] expected = labels("cpu");
    byte[] actual = labels(EMULATED);
    int different = 0;
    int first = 0;
    for (int i = 0; i < expected.length; i++) {
      different += expected[i] == actual[i] ? 0 : 1;
      first += expected[i] == expected[0] ? 1 : 0;
    }
    assertTrue(first < expected.length, "one label everywhere shows nothing");
    // Where two classes are as likely rounding decides.
    assertTrue(different <= expected.length / 1000, different + " of " + expected.length);
  }

  private static Map<String, float[]> trained(String device) throws IOException {
    Path out = folder.resolve("trained-" + device);
    run("train", folder.resolve("recipe.json"), "--out", out, "--quiet", "--device", device);
    Map<String, float[]> weights = new LinkedHashMap<>();
    try (Context context = Context.create();
        SafeTensors file = SafeTensors.open(out.resolve("weights.safetensors"))) {
      for (String name : file.entries().keySet()) {
        weights.put(name, file.read(context, name).toFloatArray());
      }
    }
    return weights;
  }

  @Test
  void train() throws IOException {
    Map<String, float[]> expected = trained("cpu");
    Map<String, float[]> actual = trained(EMULATED);
    assertEquals(expected.keySet(), actual.keySet());
    for (String name : expected.keySet()) {
      for (int i = 0; i < expected.get(name).length; i++) {
        // A step divides gradients by their size, so that those near 0 may turn round.
        assertEquals(expected.get(name)[i], actual.get(name)[i], 4.1e-2, name + " at " + i);
      }
    }
  }
}
