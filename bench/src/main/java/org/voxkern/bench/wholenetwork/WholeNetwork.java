package org.voxkern.bench.wholenetwork;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.voxkern.Context;
import org.voxkern.Shape;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Weights;
import org.voxkern.network.NnUNet;
import org.voxkern.network.VoxelMorph;

/**
 * A network with random weights on random images, the same in every process.
 *
 * @param output that is compared
 * @param gflop of the convolutions, directly
 * @param tolerance of the largest number of the output, for 99.9 % of the numbers
 * @param targets ratios of a peer's time to ours
 * @param peakMib aimed at
 */
record WholeNetwork(
    String name,
    Graph graph,
    Shape image,
    String output,
    double gflop,
    double tolerance,
    Map<String, Double> targets,
    double peakMib) {
  private static final long SEED = 4711;

  /** The networks of the benchmark. */
  static List<WholeNetwork> all() {
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
            Map.of("onednn", 2.2, "onnxruntime", 3.6),
            1.3 * 1024),
        new WholeNetwork(
            "VoxelMorph strided",
            VoxelMorph.strided().build(),
            Shape.of(1, 1, 160, 192, 224),
            "warped",
            798,
            5e-3,
            Map.of("libtorch", 4.0),
            1.5 * 1024));
  }

  Map<String, Shape> shapes() {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    graph.inputs().keySet().forEach(input -> shapes.put(input, image));
    return shapes;
  }

  Weights weights(Context context) {
    return Weights.initialize(graph, context, SEED);
  }

  /** Smooth enough that a small difference of displacements shows as a small one of intensities. */
  float[] input(String input) {
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
