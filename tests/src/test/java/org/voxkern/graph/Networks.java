package org.voxkern.graph;

import java.util.ArrayList;
import java.util.List;
import org.voxkern.op.Conv3d;
import org.voxkern.op.Conv3dTransposed;
import org.voxkern.op.Resize;
import org.voxkern.op.Warp3d;

/** Published networks, built as their authors did. */
public final class Networks {
  private static final long[] KERNEL = {3, 3, 3};

  private Networks() {}

  /**
   * 3D U-Net (&Ccedil;i&ccedil;ek et al. 2016): unpadded convolutions, batch norm without scale and
   * shift, up-convolutions without bias, three channels and three classes.
   */
  public static Graph unet() {
    Graph.Builder builder = Graph.builder();
    Value x = builder.input("image", "N", 3, "D", "H", "W");
    List<Value> skips = new ArrayList<>();
    for (int stage = 0; stage < 4; stage++) {
      x = stage == 0 ? x : x.maxPool(2);
      x = unetBlock(builder, "analysis" + stage, x, 32L << stage, 64L << stage);
      skips.add(x);
    }
    for (int stage = 2; stage >= 0; stage--) {
      Value up =
          x.as("up" + stage)
              .conv3dTransposed(
                  x.shape().known(1),
                  new long[] {2, 2, 2},
                  Conv3dTransposed.builder().stride(2, 2, 2).build(),
                  false);
      Value joined = skips.get(stage).centerCrop(up).concat(1, up);
      x = unetBlock(builder, "synthesis" + stage, joined, 64L << stage, 64L << stage);
    }
    return builder.output("logits", x.as("head").conv3d(3, 1)).build();
  }

  private static Value unetBlock(
      Graph.Builder builder, String name, Value input, long first, long second) {
    try (var scope = builder.scope(name)) {
      Conv3d valid = Conv3d.builder().build();
      Value x = input.as("conv0").conv3d(first, KERNEL, valid, true);
      x = x.batchNorm(1e-5, false).relu();
      x = x.as("conv1").conv3d(second, KERNEL, valid, true);
      return x.batchNorm(1e-5, false).relu();
    }
  }

  /** nnU-Net's plain U-Net with heads for deep supervision, one channel and two classes. */
  public static Graph nnUnet(long... features) {
    Graph.Builder builder = Graph.builder();
    Value x = builder.input("image", "N", 1, "D", "H", "W");
    List<Value> skips = new ArrayList<>();
    for (int stage = 0; stage < features.length; stage++) {
      x = nnUnetBlock(builder, "encoder" + stage, x, features[stage], stage == 0 ? 1 : 2);
      skips.add(x);
    }
    for (int stage = features.length - 2; stage >= 0; stage--) {
      Value up = x.as("up" + stage).conv3dTransposed(features[stage], 2);
      x = up.concat(1, skips.get(stage));
      x = nnUnetBlock(builder, "decoder" + stage, x, features[stage], 1);
      builder.output("logits" + stage, x.as("head" + stage).conv3d(2, 1));
    }
    return builder.build();
  }

  private static Value nnUnetBlock(
      Graph.Builder builder, String name, Value input, long features, long stride) {
    try (var scope = builder.scope(name)) {
      Value x = input.as("conv0").conv3d(features, 3, stride);
      x = x.as("norm0").instanceNorm().leakyRelu(0.01);
      return x.as("conv1").conv3d(features, 3).as("norm1").instanceNorm().leakyRelu(0.01);
    }
  }

  /**
   * VoxelMorph, the default layout of its PyTorch code; the velocity is integrated at full
   * resolution.
   */
  public static Graph voxelMorph() {
    Graph.Builder builder = Graph.builder();
    Value moving = builder.input("moving", "N", 1, "D", "H", "W");
    Value fixed = builder.input("fixed", "N", 1, "D", "H", "W");
    Value x = moving.concat(1, fixed);
    List<Value> skips = new ArrayList<>();
    for (long features : new long[] {16, 32, 32, 32}) {
      x = x.conv3d(features, 3).leakyRelu(0.2);
      skips.add(x);
      x = x.maxPool(2);
    }
    for (int level = 3; level >= 0; level--) {
      x = x.conv3d(32, 3).leakyRelu(0.2);
      x = x.enlarge(Resize.Mode.NEAREST, 2).concat(1, skips.get(level));
    }
    for (long features : new long[] {32, 16, 16}) {
      x = x.conv3d(features, 3).leakyRelu(0.2);
    }
    Value displacement = x.as("flow").conv3d(3, 3).scalingAndSquaring(7);
    return builder
        .output("displacement", displacement)
        .output("warped", moving.warp(displacement, Warp3d.Border.CONSTANT))
        .build();
  }
}
