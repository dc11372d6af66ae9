package org.voxkern.study.training;

import java.util.ArrayList;
import java.util.List;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Value;

/** Networks that recipes name. */
final class Networks {
  /** The output that is trained. */
  static final String LOGITS = "logits";

  private static final double SLOPE = 0.01;

  private Networks() {}

  /**
   * A U-Net with so many features in each stage, the finest first, and two convolutions a stage.
   *
   * @param patch voxels along x, y, z, which the stages must halve
   */
  static Graph unet(Section recipe, int channels, int classes, int[] patch) {
    Section section = recipe.section("network");
    section.requireOnly("features");
    int[] features =
        section.has("features") ? section.wholes("features", 0, 1) : new int[] {16, 32, 64};
    int multiple = 1 << (features.length - 1);
    for (int size : patch) {
      if (size % multiple != 0) {
        throw recipe.complaint(
            "patch",
            "has "
                + size
                + " voxels along an axis, expected a multiple of "
                + multiple
                + ", which the network's "
                + features.length
                + " stages halve");
      }
    }
    Graph.Builder builder = Graph.builder();
    Value x = builder.input("image", "N", channels, "D", "H", "W");
    List<Value> skips = new ArrayList<>();
    for (int stage = 0; stage < features.length; stage++) {
      x = block(builder, "encoder" + stage, x, features[stage], stage == 0 ? 1 : 2);
      skips.add(x);
    }
    for (int stage = features.length - 2; stage >= 0; stage--) {
      Value up = x.as("up" + stage).conv3dTransposed(features[stage], 2);
      Value joined = up.concat(1, skips.get(stage));
      x = block(builder, "decoder" + stage, joined, features[stage], 1);
    }
    return builder.output(LOGITS, x.as("head").conv3d(classes, 1)).build();
  }

  private static Value block(
      Graph.Builder builder, String name, Value input, long features, long stride) {
    try (var scope = builder.scope(name)) {
      Value x = input.as("conv0").conv3d(features, 3, stride);
      x = x.as("norm0").instanceNorm().leakyRelu(SLOPE);
      return x.as("conv1").conv3d(features, 3).as("norm1").instanceNorm().leakyRelu(SLOPE);
    }
  }
}
