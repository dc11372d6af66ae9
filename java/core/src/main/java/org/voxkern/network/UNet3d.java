package org.voxkern.network;

import java.util.ArrayList;
import java.util.List;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Value;
import org.voxkern.op.Conv3d;
import org.voxkern.op.Conv3dTransposed;

/**
 * The 3D U-Net: dense segmentation from unpadded convolutions.
 *
 * <p>Analysis: at each level two 3&sup3; convolutions with bias, each followed by batch norm
 * without scale and shift and ReLU, the second with twice the features of the first; then max
 * pooling by 2. Synthesis: 2&sup3; up-convolution of stride 2 without bias, which keeps the
 * features; the level's analysis features, cut to its size, before it; two convolutions. A 1&sup3;
 * convolution makes the classes.
 *
 * <p>Input {@code image} (N, inputs, D, H, W), output {@code logits} (N, classes, ...), smaller by
 * the 88 voxels along each axis that four levels lose: 132 &times; 132 &times; 116 voxels give 44
 * &times; 44 &times; 28. Each size must leave whole voxels at every pooling. 19,069,955 parameters
 * with 3 inputs and 3 classes.
 *
 * <p>Source: &Ccedil;i&ccedil;ek et al., "3D U-Net: Learning Dense Volumetric Segmentation from
 * Sparse Annotation", MICCAI 2016.
 */
public final class UNet3d {
  private static final long[] KERNEL = {3, 3, 3};
  private static final double EPSILON = 1e-5;

  private UNet3d() {}

  public static Builder builder() {
    return new Builder();
  }

  /** Options: those of the paper. */
  public static final class Builder {
    private long inputs = 3;
    private long classes = 3;
    private int levels = 4;
    private long features = 32;

    private Builder() {}

    /** Channels of the image. */
    public Builder inputs(long channels) {
      inputs = channels;
      return this;
    }

    public Builder classes(long count) {
      classes = count;
      return this;
    }

    /** Resolutions. */
    public Builder levels(int count) {
      levels = count;
      return this;
    }

    /** Of the first convolution. */
    public Builder features(long count) {
      features = count;
      return this;
    }

    /**
     * @throws IllegalArgumentException if a number is not positive
     */
    public Graph build() {
      Checks.positive("3D U-Net", "inputs", inputs);
      Checks.positive("3D U-Net", "classes", classes);
      Checks.positive("3D U-Net", "levels", levels);
      Checks.positive("3D U-Net", "features", features);
      Graph.Builder graph = Graph.builder();
      Value x = graph.input("image", "N", inputs, "D", "H", "W");
      List<Value> skips = new ArrayList<>();
      for (int level = 0; level < levels; level++) {
        x = level == 0 ? x : x.maxPool(2);
        x = block(graph, "analysis" + level, x, features << level, 2 * features << level);
        skips.add(x);
      }
      for (int level = levels - 2; level >= 0; level--) {
        Value up = up(x, "up" + level);
        Value joined = skips.get(level).centerCrop(up).concat(1, up);
        long wide = 2 * features << level;
        x = block(graph, "synthesis" + level, joined, wide, wide);
      }
      return graph.output("logits", x.as("head").conv3d(classes, 1)).build();
    }

    private static Value up(Value x, String name) {
      Conv3dTransposed twice = Conv3dTransposed.builder().stride(2, 2, 2).build();
      return x.as(name).conv3dTransposed(x.shape().known(1), new long[] {2, 2, 2}, twice, false);
    }

    private static Value block(
        Graph.Builder graph, String name, Value input, long first, long second) {
      try (var scope = graph.scope(name)) {
        Value x = input.as("conv0").conv3d(first, KERNEL, Conv3d.builder().build(), true);
        x = x.as("norm0").batchNorm(EPSILON, false).relu();
        x = x.as("conv1").conv3d(second, KERNEL, Conv3d.builder().build(), true);
        return x.as("norm1").batchNorm(EPSILON, false).relu();
      }
    }
  }
}
