package org.voxkern.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jhdf.HdfFile;
import io.jhdf.WritableHdfFile;
import io.jhdf.api.WritableGroup;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.voxkern.Context;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Executable;
import org.voxkern.testing.Npz;
import org.voxkern.testing.Requirement;

class KerasModelsTest {
  private static final int[] SIZE = {5, 6, 4};

  @TempDir Path folder;

  private final Context context = Context.create();

  @AfterEach
  void close() {
    context.close();
  }

  private static String input(String size, int channels) {
    return layer(
        "InputLayer", "scan", "\"batch_input_shape\":[null," + size + "," + channels + "]");
  }

  private static String layer(String kind, String name, String settings, String... inputs) {
    StringBuilder nodes = new StringBuilder();
    for (String input : inputs) {
      nodes.append(nodes.length() == 0 ? "[" : ",").append("[\"" + input + "\",0,0,{}]");
    }
    return "{\"class_name\":\""
        + kind
        + "\",\"name\":\""
        + name
        + "\",\"config\":{\"name\":\""
        + name
        + "\""
        + (settings.isEmpty() ? "" : "," + settings)
        + "},\"inbound_nodes\":["
        + (inputs.length == 0 ? "" : nodes + "]")
        + "]}";
  }

  private static String config(String output, String... layers) {
    return "{\"class_name\":\"Functional\",\"config\":{\"name\":\"m\",\"layers\":["
        + String.join(",", layers)
        + "],\"input_layers\":[[\"scan\",0,0]],\"output_layers\":[[\""
        + output
        + "\",0,0]]}}";
  }

  private static String manifest(String... weights) {
    return "[{\"paths\":[\"shard1.bin\"],\"weights\":[" + String.join(",", weights) + "]}]";
  }

  private static String weight(String name, String shape, String more) {
    return "{\"name\":\"" + name + "\",\"shape\":[" + shape + "]," + more + "}";
  }

  private Path write(String config, String manifest, String generatedBy, byte[] weights)
      throws IOException {
    Files.write(folder.resolve("shard1.bin"), weights);
    return Files.writeString(
        folder.resolve("model.json"),
        "{\"format\":\"layers-model\",\"generatedBy\":\""
            + generatedBy
            + "\",\"modelTopology\":{\"keras_version\":\"2.8.0\",\"model_config\":"
            + config
            + "},\"weightsManifest\":"
            + manifest
            + "}");
  }

  private static float[] random(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static byte[] bytes(float[]... arrays) {
    int count = 0;
    for (float[] array : arrays) {
      count += array.length;
    }
    ByteBuffer buffer = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
    for (float[] array : arrays) {
      for (float value : array) {
        buffer.putFloat(value);
      }
    }
    return buffer.array();
  }

  /**
   * Convolution as TensorFlow defines it, with channels last; the kernel (kz, ky, kx, in, out).
   * Same padding: the output has ceil(size / stride) voxels, what is missing is shared between both
   * ends, the odd one at the end.
   */
  private static float[] convolve(
      float[] x,
      int[] size,
      int in,
      float[] w,
      int[] k,
      int out,
      float[] bias,
      int stride,
      int dil) {
    int[] to = new int[3];
    int[] pad = new int[3];
    for (int a = 0; a < 3; a++) {
      to[a] = (size[a] + stride - 1) / stride;
      pad[a] = Math.max(0, (to[a] - 1) * stride + (k[a] - 1) * dil + 1 - size[a]) / 2;
    }
    float[] y = new float[to[0] * to[1] * to[2] * out];
    for (int v = 0; v < to[0] * to[1] * to[2]; v++) {
      int[] at = {v / (to[1] * to[2]), v / to[2] % to[1], v % to[2]};
      for (int o = 0; o < out; o++) {
        double sum = bias == null ? 0 : bias[o];
        for (int t = 0; t < k[0] * k[1] * k[2]; t++) {
          int[] tap = {t / (k[1] * k[2]), t / k[2] % k[1], t % k[2]};
          boolean inside = true;
          int[] from = new int[3];
          for (int a = 0; a < 3; a++) {
            from[a] = at[a] * stride + tap[a] * dil - pad[a];
            inside &= from[a] >= 0 && from[a] < size[a];
          }
          for (int c = 0; c < in && inside; c++) {
            int voxel = (from[0] * size[1] + from[1]) * size[2] + from[2];
            sum += (double) x[voxel * in + c] * w[(t * in + c) * out + o];
          }
        }
        y[v * out + o] = (float) sum;
      }
    }
    return y;
  }

  private static float[] channelsFirst(float[] x, int channels) {
    int voxels = x.length / channels;
    float[] y = new float[x.length];
    for (int v = 0; v < voxels; v++) {
      for (int c = 0; c < channels; c++) {
        y[c * voxels + v] = x[v * channels + c];
      }
    }
    return y;
  }

  private void check(
      TrainedModel model, float[] scan, int channels, float[] expected, int classes) {
    Tensor input =
        Tensor.of(context, channelsFirst(scan, channels), 1, channels, SIZE[0], SIZE[1], SIZE[2]);
    Executable executable =
        model.graph().compile(context, model.weights(), Map.of("scan", input.shape()));
    float[] actual = executable.run(input).toFloatArray();
    assertArrayEquals(channelsFirst(expected, classes), actual, 2e-5f);
  }

  @Test
  void convolutionsPadAndLayTheirKernelsOutAsKerasDoes() throws IOException {
    float[] kernel = random(3 * 2 * 3 * 2 * 3, 1);
    float[] bias = random(3, 2);
    float[] second = random(27 * 3 * 2, 3);
    String settings = "\"padding\":\"same\",\"data_format\":\"channels_last\",";
    String config =
        config(
            "b",
            input("5,6,4", 2),
            layer(
                "Conv3D",
                "a",
                settings
                    + "\"filters\":3,\"kernel_size\":[3,2,3],\"strides\":[1,1,1],\"activation\":\"relu\"",
                "scan"),
            layer(
                "Conv3D",
                "b",
                settings
                    + "\"filters\":2,\"kernel_size\":[3,3,3],\"strides\":[2,2,2],\"use_bias\":false",
                "a"));
    Path file =
        write(
            config,
            manifest(
                weight("a/kernel", "3,2,3,2,3", "\"dtype\":\"float32\""),
                weight("a/bias", "3", "\"dtype\":\"float32\""),
                weight("b/kernel", "3,3,3,3,2", "\"dtype\":\"float32\"")),
            "keras",
            bytes(kernel, bias, second));
    TrainedModel model = KerasModels.readTfjs(context, file);
    assertEquals(kernel.length + bias.length + second.length, model.graph().parameterCount());
    assertEquals("(N, 2, 5, 6, 4)", model.graph().inputs().get("scan").shape().toString());
    float[] scan = random(5 * 6 * 4 * 2, 5);
    float[] a = convolve(scan, SIZE, 2, kernel, new int[] {3, 2, 3}, 3, bias, 1, 1);
    for (int i = 0; i < a.length; i++) {
      a[i] = Math.max(0, a[i]);
    }
    check(model, scan, 2, convolve(a, SIZE, 3, second, new int[] {3, 3, 3}, 2, null, 2, 1), 2);
  }

  @Test
  void normsAreInNamesOfOneExporterOnly() throws IOException {
    float[] kernel = random(27 * 2, 1);
    String config =
        config(
            "act",
            input("null,null,null", 1),
            layer(
                "Conv3D",
                "c_gn",
                "\"filters\":2,\"kernel_size\":[3,3,3],\"padding\":\"same\",\"dilation_rate\":[2,2,2],"
                    + "\"use_bias\":false",
                "scan"),
            layer("Activation", "act", "\"activation\":\"elu\"", "c_gn"));
    String manifest = manifest(weight("c_gn/kernel", "3,3,3,1,2", "\"dtype\":\"float32\""));
    float[] scan = random(120, 6);
    float[] plain = convolve(scan, SIZE, 1, kernel, new int[] {3, 3, 3}, 2, null, 1, 2);
    float[] normed = plain.clone();
    for (int c = 0; c < 2; c++) {
      double mean = 0;
      double square = 0;
      for (int i = c; i < plain.length; i += 2) {
        mean += plain[i] / 120.0;
        square += (double) plain[i] * plain[i] / 120;
      }
      for (int i = c; i < plain.length; i += 2) {
        normed[i] = (float) ((plain[i] - mean) / Math.sqrt(square - mean * mean + 1e-5));
      }
    }
    check(
        KerasModels.readTfjs(context, write(config, manifest, "keras v2.7.0", bytes(kernel))),
        scan,
        1,
        elu(plain),
        2);
    Path named =
        write(config, manifest, "PyTorch_to_TF_JS_exporter-v9-name-encoding", bytes(kernel));
    check(KerasModels.readTfjs(context, named), scan, 1, elu(normed), 2);
  }

  private static float[] elu(float[] x) {
    float[] y = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = (float) (x[i] > 0 ? x[i] : Math.expm1(x[i]));
    }
    return y;
  }

  @Test
  void branchesNormsAndQuantizedWeights() throws IOException {
    String config =
        config(
            "up",
            input("4,6,4", 1),
            layer("Conv3D", "c", "\"filters\":2,\"kernel_size\":1,\"use_bias\":false", "scan"),
            layer("BatchNormalization", "bn", "\"axis\":[4],\"epsilon\":0.25", "c"),
            layer("MaxPooling3D", "pool", "\"pool_size\":[2,2,2]", "bn"),
            layer("UpSampling3D", "large", "\"size\":[2,2,2]", "pool"),
            layer("Add", "sum", "", "bn", "large"),
            layer("Concatenate", "up", "\"axis\":-1", "sum", "scan"));
    ByteBuffer weights = ByteBuffer.allocate(2 + 16 + 16).order(ByteOrder.LITTLE_ENDIAN);
    // As uint8 with scale 0.5 and minimum -1: 0 and 3.
    weights.put((byte) 2).put((byte) 8);
    for (float value : new float[] {2, -1, 0.5f, 1, 1, -2, 0.75f, 3.75f}) {
      weights.putFloat(value);
    }
    String f32 = "\"dtype\":\"float32\"";
    Path file =
        write(
            config,
            manifest(
                weight(
                    "c/kernel",
                    "1,1,1,1,2",
                    "\"dtype\":\"float32\",\"quantization\":{\"dtype\":\"uint8\",\"scale\":0.5,\"min\":-1}"),
                weight("bn/gamma", "2", f32),
                weight("bn/beta", "2", f32),
                weight("bn/moving_mean", "2", f32),
                weight("bn/moving_variance", "2", f32)),
            "keras",
            weights.array());
    TrainedModel model = KerasModels.readTfjs(context, file);
    float[] scan = random(4 * 6 * 4, 9);
    Tensor input = Tensor.of(context, scan, 1, 1, 4, 6, 4);
    float[] out =
        model
            .graph()
            .compile(context, model.weights(), Map.of("scan", input.shape()))
            .run(input)
            .toFloatArray();
    int voxels = scan.length;
    assertEquals(3 * voxels, out.length);
    float[][] norm = new float[2][voxels];
    for (int i = 0; i < voxels; i++) {
      norm[0][i] = 2 * (0 * scan[i] - 1) + 0.5f;
      norm[1][i] = -(3 * scan[i] + 2) / 2 + 1;
    }
    for (int c = 0; c < 2; c++) {
      for (int i = 0; i < voxels; i++) {
        int z = i / 24 / 2 * 2;
        int y = i / 4 % 6 / 2 * 2;
        int x = i % 4 / 2 * 2;
        float most = Float.NEGATIVE_INFINITY;
        for (int corner = 0; corner < 8; corner++) {
          int at = ((z + corner / 4) * 6 + y + corner / 2 % 2) * 4 + x + corner % 2;
          most = Math.max(most, norm[c][at]);
        }
        assertEquals(norm[c][i] + most, out[c * voxels + i], 1e-5);
        assertEquals(scan[i], out[2 * voxels + i]);
      }
    }
  }

  @Test
  void hdf5HoldsTheSameModel() throws IOException {
    String config =
        config(
            "c",
            input("5,6,4", 1),
            layer(
                "Conv3D",
                "c",
                "\"filters\":1,\"kernel_size\":[2,1,2],\"padding\":\"same\"",
                "scan"));
    Path file = folder.resolve("model.h5");
    float[][][][][] kernel = new float[2][1][2][1][1];
    float[] flat = random(4, 3);
    for (int i = 0; i < 4; i++) {
      kernel[i / 2][0][i % 2][0][0] = flat[i];
    }
    try (WritableHdfFile writable = HdfFile.write(file)) {
      writable.putAttribute("model_config", config);
      WritableGroup layer = writable.putGroup("model_weights").putGroup("c");
      layer.putAttribute("weight_names", new String[] {"c_3/kernel:0", "c_3/bias:0"});
      WritableGroup inner = layer.putGroup("c_3");
      inner.putDataset("kernel:0", kernel);
      inner.putDataset("bias:0", new float[] {0.25f});
    }
    float[] scan = random(120, 4);
    check(
        KerasModels.readHdf5(context, file),
        scan,
        1,
        convolve(scan, SIZE, 1, flat, new int[] {2, 1, 2}, 1, new float[] {0.25f}, 1, 1),
        1);
    refuse(
        assertThrows(
            IllegalArgumentException.class,
            () ->
                KerasModels.readHdf5(
                    context, Files.writeString(folder.resolve("text.h5"), "no such file"))),
        "text.h5",
        "HDF5");
    assertThrows(
        NoSuchFileException.class,
        () -> KerasModels.readHdf5(context, folder.resolve("absent.h5")));
  }

  private static void refuse(IllegalArgumentException failure, String... words) {
    for (String word : words) {
      assertTrue(failure.getMessage().contains(word), failure.getMessage());
    }
  }

  private IllegalArgumentException fails(Path file) {
    long before = context.memory().inUse();
    IllegalArgumentException failure =
        assertThrows(IllegalArgumentException.class, () -> KerasModels.readTfjs(context, file));
    assertTrue(failure.getMessage().startsWith(file.toString()), failure.getMessage());
    assertEquals(before, context.memory().inUse(), "memory is left after a failure");
    return failure;
  }

  @Test
  void badFilesAreRefusedByName() throws IOException {
    String conv =
        layer("Conv3D", "c", "\"filters\":1,\"kernel_size\":[1,1,1],\"use_bias\":false", "scan");
    String good = config("c", input("4,4,4", 1), conv);
    String one = manifest(weight("c/kernel", "1,1,1,1,1", "\"dtype\":\"float32\""));
    byte[] weights = bytes(new float[] {2});
    KerasModels.readTfjs(context, write(good, one, "", weights));
    refuse(fails(write(good, one, "", new byte[3])), "c/kernel", "beyond");
    refuse(fails(write(good, one, "", new byte[9])), "9");
    refuse(fails(write(good, one, "", bytes(new float[] {Float.NaN}))), "c.weight", "NaN");
    refuse(fails(write(good, manifest(), "", new byte[0])), "'c'");
    refuse(
        fails(write(good, manifest(weight("c/kernel", "1", "\"dtype\":\"float32\"")), "", weights)),
        "'c'",
        "five");
    refuse(
        fails(
            write(
                config(
                    "c",
                    input("4,4,4", 1),
                    layer("LSTM", "l", "", "scan"),
                    layer("Dense", "d", "", "l"),
                    conv),
                one,
                "",
                weights)),
        "LSTM 'l'",
        "Dense 'd'");
    refuse(
        fails(write(config("c", input("4,4,4", 1), conv.replace("scan", "x")), one, "", weights)),
        "'x'");
    refuse(fails(write("{\"class_name\":\"Sequential\"}", one, "", weights)), "Sequential");
    refuse(fails(Files.writeString(folder.resolve("model.json"), "{\"format\":")), "JSON");
    refuse(fails(Files.writeString(folder.resolve("model.json"), "[]")), "object");
    Path moved = write(good, one, "", weights);
    Files.move(folder.resolve("shard1.bin"), folder.resolve("model.bin"));
    KerasModels.readTfjs(context, moved);
    Files.delete(folder.resolve("model.bin"));
    assertThrows(NoSuchFileException.class, () -> KerasModels.readTfjs(context, moved));
  }

  @Test
  void publishedMeshNetsAreRead() throws IOException {
    Path meshnet = Requirement.dataSet("meshnet");
    assertEquals(
        5598,
        KerasModels.readTfjs(context, meshnet.resolve("model.json")).graph().parameterCount());
    TrainedModel many = KerasModels.readTfjs(context, meshnet.resolve("model18cls/model.json"));
    assertEquals(96_408, many.graph().parameterCount());
    assertEquals("(N, 18, D, H, W)", many.graph().outputs().get("output").shape().toString());
    assertEquals(
        146_237,
        KerasModels.readTfjs(context, meshnet.resolve("mindgrab/model.json"))
            .graph()
            .parameterCount());
  }

  /** The published network brings a shifted brain back onto itself. */
  @Test
  void voxelMorphOf2018Registers() throws IOException {
    Path file = Requirement.dataSet("voxelmorph-2018").resolve("cvpr2018_vm1_cc.h5");
    Path scans = Requirement.dataSet("brain-t1").resolve("test_scan.npz");
    TrainedModel model = KerasModels.readHdf5(context, file);
    assertEquals(259_675, model.graph().parameterCount());
    double[] values = Npz.read(scans, "vol").values();
    float[] brain = new float[values.length];
    for (int i = 0; i < brain.length; i++) {
      brain[i] = (float) values[i];
    }
    int[] size = {160, 192, 224};
    float[] shifted = new float[brain.length];
    for (int z = 0; z < size[0]; z++) {
      for (int y = 0; y < size[1]; y++) {
        for (int x = 0; x < size[2] - 3; x++) {
          shifted[(z * size[1] + y) * size[2] + x] = brain[(z * size[1] + y) * size[2] + x + 3];
        }
      }
    }
    Shape shape = Shape.of(1, 1, 160, 192, 224);
    Tensor moving = Tensor.of(context, shifted, shape.toArray());
    Tensor fixed = Tensor.of(context, brain, shape.toArray());
    Map<String, Tensor> results =
        model
            .graph()
            .compile(context, model.weights(), Map.of("input_53", shape, "input_54", shape))
            .run(Map.of("input_53", moving, "input_54", fixed));
    Tensor warped = results.get("spatial_transformer_28");
    double before = correlation(shifted, brain);
    double after = correlation(warped.toFloatArray(), brain);
    assertTrue(after > 0.99 && before < 0.96, "correlation " + before + " before, " + after);
    // The shift is along x, the last axis, whose component is the last there.
    float[] flow = results.get("flow").toFloatArray();
    int voxels = brain.length;
    double[] mean = new double[3];
    int inside = 0;
    for (int v = 0; v < voxels; v++) {
      if (brain[v] > 0.3) {
        inside++;
        for (int c = 0; c < 3; c++) {
          mean[c] += flow[c * voxels + v];
        }
      }
    }
    assertEquals(-2.5, mean[2] / inside, 0.6);
    assertEquals(0, mean[0] / inside, 0.8);
    assertEquals(0, mean[1] / inside, 0.8);
  }

  private static double correlation(float[] a, float[] b) {
    double[] sums = new double[5];
    for (int i = 0; i < a.length; i++) {
      sums[0] += a[i];
      sums[1] += b[i];
      sums[2] += (double) a[i] * a[i];
      sums[3] += (double) b[i] * b[i];
      sums[4] += (double) a[i] * b[i];
    }
    double n = a.length;
    double covariance = sums[4] / n - sums[0] / n * sums[1] / n;
    double first = sums[2] / n - sums[0] / n * sums[0] / n;
    double second = sums[3] / n - sums[1] / n * sums[1] / n;
    return covariance / Math.sqrt(first * second);
  }
}
