package org.voxkern.study.training;

import java.util.Arrays;
import org.voxkern.graph.Graph;
import org.voxkern.network.NnUNet;
import org.voxkern.op.Conv3d;

/** Networks that recipes name. */
final class Networks {
  /** The finest output. */
  static final String LOGITS = "logits";

  private Networks() {}

  /**
   * nnU-Net's U-Net with so many features in each stage, the finest first.
   *
   * @param patch voxels along x, y, z, which the stages must halve
   */
  static Graph unet(Section recipe, int channels, int classes, int[] patch) {
    Section section = recipe.section("network");
    section.requireOnly("features", "deep_supervision");
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
    long[] perStage = Arrays.stream(features).asLongStream().toArray();
    Graph network =
        recipe.made(
            "network",
            () ->
                NnUNet.builder()
                    .inputs(channels)
                    .classes(classes)
                    .features(perStage)
                    .deepSupervision(section.flag("deep_supervision"))
                    .build());
    return recipe.word("precision", "f32", "bf16").equals("bf16")
        ? network.withAccuracy(Conv3d.BFLOAT16_ACCURACY)
        : network;
  }
}
