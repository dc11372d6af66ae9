package org.voxkern.network;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Value;
import org.voxkern.op.Conv3d;
import org.voxkern.op.Conv3dTransposed;

/**
 * nnU-Net's plain convolutional U-Net.
 *
 * <p>Each stage has some convolutions (two) with bias, each followed by instance norm with scale
 * and shift and leaky ReLU of slope 0.01; the first of a stage has its stride. Decoder: transposed
 * convolution, kernel as large as the stride, with bias; the encoder's features after it; as many
 * convolutions. A 1&sup3; convolution makes the classes, with deep supervision one at every
 * resolution but the coarsest.
 *
 * <p>Input {@code image} (N, inputs, D, H, W), sizes that are multiples of all strides together.
 * Outputs {@code logits} (N, classes, D, H, W) and, with deep supervision, {@code logits1}, ... of
 * the coarser resolutions. Parameters are named as nnU-Net's files name them, where each stands
 * under this name and under further ones. 31,195,594 parameters with 1 input, 2 classes, the
 * default six stages and deep supervision.
 *
 * <p>Source: Isensee et al., "nnU-Net: a self-configuring method for deep learning-based biomedical
 * image segmentation", Nature Methods 2021.
 */
public final class NnUNet {
  private static final String NAME = "nnU-Net";
  private static final double SLOPE = 0.01;

  private NnUNet() {}

  public static Builder builder() {
    return new Builder();
  }

  /** Options: one image channel, two classes, cubic kernels and strides, deep supervision. */
  public static final class Builder {
    private long inputs = 1;
    private long classes = 2;
    private long[] features = {32, 64, 128, 256, 320, 320};
    private long[][] kernels;
    private long[][] strides;
    private int convolutions = 2;
    private boolean deepSupervision = true;

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

    /** Of each stage, the finest first. */
    public Builder features(long... perStage) {
      features = perStage.clone();
      return this;
    }

    /** Of each stage, odd, along z, y, x; 3, 3, 3 unless given. */
    public Builder kernels(long[]... perStage) {
      kernels = Arrays.stream(perStage).map(long[]::clone).toArray(long[][]::new);
      return this;
    }

    /** Of each stage, along z, y, x; 1, 1, 1 for the first and 2, 2, 2 for others unless given. */
    public Builder strides(long[]... perStage) {
      strides = Arrays.stream(perStage).map(long[]::clone).toArray(long[][]::new);
      return this;
    }

    /** In each stage of the encoder and the decoder. */
    public Builder convolutionsPerStage(int count) {
      convolutions = count;
      return this;
    }

    /** Whether coarser resolutions have outputs too. */
    public Builder deepSupervision(boolean value) {
      deepSupervision = value;
      return this;
    }

    /**
     * @throws IllegalArgumentException if numbers are out of range or not one for each stage
     */
    public Graph build() {
      check();
      Graph.Builder graph = Graph.builder();
      Value x = graph.input("image", "N", inputs, "D", "H", "W");
      List<Value> skips = new ArrayList<>();
      int stages = features.length;
      for (int stage = 0; stage < stages; stage++) {
        try (var scope = graph.scope("encoder.stages." + stage + ".0")) {
          x = stage(graph, x, stage, stride(stage));
        }
        skips.add(x);
      }
      List<Value> heads = new ArrayList<>();
      for (int stage = stages - 2; stage >= 0; stage--) {
        int at = stages - 2 - stage;
        Value up = up(x.as("decoder.transpconvs." + at), features[stage], stride(stage + 1));
        try (var scope = graph.scope("decoder.stages." + at)) {
          x = stage(graph, up.concat(1, skips.get(stage)), stage, new long[] {1, 1, 1});
        }
        if (deepSupervision || stage == 0) {
          heads.add(0, x.as("decoder.seg_layers." + at).conv3d(classes, 1));
        }
      }
      for (int level = 0; level < heads.size(); level++) {
        graph.output(level == 0 ? "logits" : "logits" + level, heads.get(level));
      }
      return graph.build();
    }

    private void check() {
      Checks.positive(NAME, "inputs", inputs);
      Checks.positive(NAME, "classes", classes);
      Checks.positive(NAME, "features", features);
      Checks.positive(NAME, "convolutions", convolutions);
      Checks.that(features.length > 1, NAME, "one stage, expected two or more");
      for (int stage = 0; stage < features.length; stage++) {
        Checks.positive(NAME, "strides", stride(stage));
        Checks.positive(NAME, "kernels", kernel(stage));
        boolean odd = Arrays.stream(kernel(stage)).allMatch(size -> size % 2 == 1);
        Checks.that(odd, NAME, "kernels must be odd: " + Arrays.toString(kernel(stage)));
      }
      Checks.that(
          Arrays.equals(stride(0), new long[] {1, 1, 1}), NAME, "the first stride must be 1, 1, 1");
    }

    private long[] stride(int stage) {
      long first = stage == 0 ? 1 : 2;
      return ofStage(strides, stage, new long[] {first, first, first}, "strides");
    }

    private long[] kernel(int stage) {
      return ofStage(kernels, stage, new long[] {3, 3, 3}, "kernels");
    }

    private long[] ofStage(long[][] given, int stage, long[] otherwise, String what) {
      if (given == null) {
        return otherwise;
      }
      Checks.that(
          given.length == features.length && given[stage].length == 3,
          NAME,
          what + " must be three numbers for each of the " + features.length + " stages");
      return given[stage];
    }

    private static Value up(Value x, long channels, long[] stride) {
      Conv3dTransposed convolution =
          Conv3dTransposed.builder().stride(stride[0], stride[1], stride[2]).build();
      return x.conv3dTransposed(channels, stride, convolution, true);
    }

    private Value stage(Graph.Builder graph, Value input, int stage, long[] stride) {
      long[] kernel = kernel(stage);
      Value x = input;
      for (int i = 0; i < convolutions; i++) {
        Conv3d.Builder convolution =
            Conv3d.builder().padding(kernel[0] / 2, kernel[1] / 2, kernel[2] / 2);
        if (i == 0) {
          convolution.stride(stride[0], stride[1], stride[2]);
        }
        try (var scope = graph.scope("convs." + i)) {
          x = x.as("conv").conv3d(features[stage], kernel, convolution.build(), true);
          x = x.as("norm").instanceNorm().as("nonlin").leakyRelu(SLOPE);
        }
      }
      return x;
    }
  }
}
