package org.voxkern.bench.wholenetwork;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.voxkern.Context;
import org.voxkern.Image;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Weights;
import org.voxkern.itk.ImageIo;
import org.voxkern.models.KerasModels;
import org.voxkern.network.NnUNet;
import org.voxkern.network.VoxelMorph;
import org.voxkern.op.Warp3d;
import org.voxkern.study.segmentation.Preset;

/**
 * A network with random weights on random images, or a trained one on a scan; the same in every
 * process.
 *
 * @param output that is compared
 * @param gflop of the convolutions, directly
 * @param tolerance of the largest number of the output, for 99.9 % of the numbers
 * @param targets ratios of a peer's time to ours
 * @param peakMib aimed at; 0 for half of the least of the peers
 * @param trained a TensorFlow.js model and its scan, whose labels are compared; null for others
 */
record WholeNetwork(
    String name,
    Graph graph,
    Shape image,
    String output,
    double gflop,
    double tolerance,
    Map<String, Double> targets,
    double peakMib,
    Trained trained) {
  private static final long SEED = 4711;

  /** Files of a network of brainchop. */
  record Trained(Path model, Path scan) {}

  /**
   * The networks of the benchmark.
   *
   * @param data folder of the data sets; without {@code meshnet} in it, its network is left out
   */
  static List<WholeNetwork> all(Path data) throws IOException {
    List<WholeNetwork> all = new ArrayList<>(random());
    Path folder = data.resolve("meshnet");
    if (Files.isDirectory(folder)) {
      Trained trained = new Trained(folder.resolve("model.json"), folder.resolve("example.nii.gz"));
      try (Context context = Context.create();
          Scope scope = Scope.open(context)) {
        Graph graph = KerasModels.readTfjs(context, trained.model).graph();
        all.add(
            new WholeNetwork(
                "MeshNet on a scan",
                graph,
                Shape.of(1, 1, 256, 256, 256),
                graph.outputs().keySet().iterator().next(),
                186,
                5e-5,
                Map.of("onnxruntime", 2.0),
                0,
                trained));
      }
    }
    return all;
  }

  private static List<WholeNetwork> random() {
    return List.of(
        new WholeNetwork(
            "nnU-Net-like",
            NnUNet.builder()
                .classes(3)
                .features(32, 64, 128, 256, 320)
                .deepSupervision(false)
                .build(),
            Shape.of(1, 1, 128, 128, 128),
            "logits",
            945,
            5e-3,
            Map.of("onednn", 2.2, "onnxruntime", 3.6, "onednn-bf16", 1.1),
            1.3 * 1024,
            null),
        new WholeNetwork(
            "VoxelMorph strided",
            // At the border libtorch's zeros fade in, ours begin outside the voxels' middles.
            VoxelMorph.strided().border(Warp3d.Border.CLAMP).build(),
            Shape.of(1, 1, 160, 192, 224),
            "warped",
            798,
            5e-3,
            Map.of("libtorch", 4.0),
            1.5 * 1024,
            null));
  }

  Map<String, Shape> shapes() {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    graph.inputs().keySet().forEach(input -> shapes.put(input, image));
    return shapes;
  }

  /** The weights belong to the innermost scope. */
  Weights weights(Context context) throws IOException {
    if (trained != null) {
      return KerasModels.readTfjs(context, trained.model).weights();
    }
    return Weights.initialize(graph, context, SEED);
  }

  float[] input(String input) throws IOException {
    return trained == null ? waves(input) : scan();
  }

  private float[] scan() throws IOException {
    try (Context context = Context.create();
        Scope scope = Scope.open(context)) {
      Image image = ImageIo.read(context, trained.scan);
      return Preset.MESHNET.steps().apply(image).data().toFloatArray();
    }
  }

  /** Smooth enough that a small difference of displacements shows as a small one of intensities. */
  private float[] waves(String input) {
    SplittableRandom random = new SplittableRandom(SEED + input.hashCode());
    double[] phases = new double[6];
    for (int i = 0; i < phases.length; i++) {
      phases[i] = random.nextDouble(2 * Math.PI);
    }
    float[] values = new float[Math.toIntExact(image.elementCount())];
    int at = 0;
    for (long z = 0; z < image.size(2); z++) {
      for (long y = 0; y < image.size(3); y++) {
        for (long x = 0; x < image.size(4); x++) {
          double wave =
              Math.sin(0.11 * x + phases[0]) * Math.sin(0.09 * y + phases[1])
                  + Math.sin(0.13 * z + phases[2]) * Math.cos(0.07 * x + phases[3]);
          values[at++] = (float) (0.5 + 0.2 * wave + 0.1 * random.nextDouble());
        }
      }
    }
    return values;
  }
}
