package org.voxkern.network;

import java.util.ArrayList;
import java.util.List;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Value;
import org.voxkern.op.Conv3d;
import org.voxkern.op.Resize;
import org.voxkern.op.Warp3d;

/**
 * VoxelMorph: a network that registers two images in one run.
 *
 * <p>Both images are the channels of a U-Net of 3&sup3; convolutions with bias and leaky ReLU of
 * slope 0.2. The encoder halves the resolution at each of its convolutions, by max pooling after
 * the convolution or by its stride; the decoder convolves, enlarges by 2 (nearest) and joins the
 * encoder's features of that resolution behind, the images themselves where strides halve. Further
 * convolutions follow at full resolution, then one without activation to the three channels of the
 * flow. With integration steps the flow is a stationary velocity, integrated by scaling and
 * squaring, at a coarser resolution where asked for; without it is the displacement.
 *
 * <p>Inputs {@code moving} and {@code fixed}, (N, 1, D, H, W) with sizes that are multiples of 2 to
 * the number of the encoder's convolutions. Outputs {@code displacement} (N, 3, D, H, W) in voxels,
 * components x, y, z, and {@code warped}, the moving image at each voxel plus its displacement.
 * Three layouts were published and differ in their parameters: {@link #pooled}, {@link #strided}
 * and {@link #cvpr2018}, the latter two in Keras, whose strided convolutions are padded at the end
 * alone. Parameters are named as the PyTorch code names them. Between its steps the integration
 * continues the field beyond the border, where the PyTorch code has zeros.
 *
 * <p>Source: Balakrishnan et al., "An Unsupervised Learning Model for Deformable Medical Image
 * Registration", CVPR 2018; "VoxelMorph: A Learning Framework for Deformable Medical Image
 * Registration", IEEE TMI 2019; Dalca et al., "Unsupervised Learning for Fast Probabilistic
 * Diffeomorphic Registration", MICCAI 2018.
 */
public final class VoxelMorph {
  private static final String NAME = "VoxelMorph";
  private static final double SLOPE = 0.2;

  private VoxelMorph() {}

  /**
   * The default of the PyTorch code: max pooling; encoder 16, 32, 32, 32, decoder 32, 32, 32, 32,
   * then 32, 16, 16 at full resolution; the velocity is integrated in 7 steps at half resolution.
   * 327,331 parameters.
   */
  public static Builder pooled() {
    return new Builder(true);
  }

  /**
   * The strided network of 2018: strides of 2; encoder 16, 32, 32, 32, decoder 32, 32, 32, 32, then
   * 32, 16, 16 at full resolution; 7 steps. 301,411 parameters.
   */
  public static Builder strided() {
    return new Builder(false).integrationDownsize(1);
  }

  /**
   * VoxelMorph-1 as its weights of CVPR 2018 have it: strides of 2; encoder 16, 32, 32, 32, decoder
   * 32, 32, 32, 32, then 8 at half and 8 at full resolution; the flow is the displacement. 259,675
   * parameters.
   */
  public static Builder cvpr2018() {
    return new Builder(false)
        .halfResolution(8)
        .fullResolution(8)
        .integrationSteps(0)
        .border(Warp3d.Border.CLAMP);
  }

  /** Options, first those of the layout. */
  public static final class Builder {
    private final boolean pooled;
    private long[] encoder = {16, 32, 32, 32};
    private long[] decoder = {32, 32, 32, 32};
    private long[] halfResolution = {};
    private long[] fullResolution = {32, 16, 16};
    private int steps = 7;
    private long downsize = 2;
    private Warp3d.Border border = Warp3d.Border.CONSTANT;

    private Builder(boolean pooled) {
      this.pooled = pooled;
    }

    /** Features of the convolutions that the resolution is halved at. */
    public Builder encoder(long... features) {
      encoder = features.clone();
      return this;
    }

    /** Features of the convolutions that the resolution is doubled after: as many. */
    public Builder decoder(long... features) {
      decoder = features.clone();
      return this;
    }

    /** Features of further convolutions at half resolution, none unless given. */
    public Builder halfResolution(long... features) {
      halfResolution = features.clone();
      return this;
    }

    /** Features of the convolutions between the decoder and the flow. */
    public Builder fullResolution(long... features) {
      fullResolution = features.clone();
      return this;
    }

    /** Squarings; 0 where the flow is the displacement. */
    public Builder integrationSteps(int count) {
      steps = count;
      return this;
    }

    /** By which the resolution is smaller while the velocity is integrated: a power of 2. */
    public Builder integrationDownsize(long factor) {
      downsize = factor;
      return this;
    }

    /** Of the moving image. */
    public Builder border(Warp3d.Border value) {
      border = value;
      return this;
    }

    /**
     * @throws IllegalArgumentException if numbers are out of range or do not fit each other
     */
    public Graph build() {
      check();
      Graph.Builder graph = Graph.builder();
      Value moving = graph.input("moving", "N", 1, "D", "H", "W");
      Value fixed = graph.input("fixed", "N", 1, "D", "H", "W");
      // By resolution, full, half, ...: what the decoder joins, and what the encoder goes on with.
      List<Value> skips = new ArrayList<>();
      List<Value> resolutions = new ArrayList<>();
      Value x = moving.as("images").concat(1, fixed);
      for (int level = 0; level < encoder.length; level++) {
        resolutions.add(x);
        Value before = x;
        String name = "unet_model.encoder." + level + ".0";
        x = pooled ? convolution(x, name, encoder[level]) : halving(x, name, encoder[level]);
        skips.add(pooled ? x : before);
        x = pooled ? x.maxPool(2) : x;
      }
      resolutions.add(x);
      for (int at = 0; at < decoder.length; at++) {
        int level = decoder.length - 1 - at;
        x = convolution(x, "unet_model.decoder." + at + ".0", decoder[at]);
        for (int i = 0; level == 0 && i < halfResolution.length; i++) {
          x = convolution(x, "unet_model.half." + i, halfResolution[i]);
        }
        x = x.enlarge(Resize.Mode.NEAREST, 2).concat(1, skips.get(level));
      }
      for (int i = 0; i < fullResolution.length; i++) {
        x = convolution(x, "unet_model.remaining." + i, fullResolution[i]);
      }
      Value flow = x.as("flow").conv3d(3, 3);
      // There the channels of the flow are in the order of the axes, z, y, x.
      Value xyz = flow.slice(1, 2, 3).concat(1, flow.slice(1, 1, 2), flow.slice(1, 0, 1));
      Value displacement = integrated(xyz, resolutions);
      return graph
          .output("displacement", displacement)
          .output("warped", moving.as("transformer").warp(displacement, border))
          .build();
    }

    private void check() {
      Checks.positive(NAME, "features of the encoder", encoder);
      Checks.positive(NAME, "features of the decoder", decoder);
      Checks.positive(NAME, "features at full resolution", fullResolution);
      if (halfResolution.length > 0) {
        Checks.positive(NAME, "features at half resolution", halfResolution);
      }
      Checks.that(
          encoder.length == decoder.length,
          NAME,
          "an encoder of " + encoder.length + " and a decoder of " + decoder.length + " levels");
      Checks.that(steps >= 0 && steps <= 20, NAME, steps + " integration steps, expected 0 to 20");
      Checks.that(
          Long.bitCount(downsize) == 1 && downsize > 0 && downsize <= 1L << encoder.length,
          NAME,
          "integration downsized by "
              + downsize
              + ", expected a power of 2 up to "
              + (1L << encoder.length));
    }

    private static Value convolution(Value x, String name, long features) {
      return x.as(name + ".main").conv3d(features, 3).leakyRelu(SLOPE);
    }

    /** Keras pads at the end alone where a kernel of 3 with a stride of 2 meets an even size. */
    private static Value halving(Value x, String name, long features) {
      Conv3d convolution = Conv3d.builder().stride(2, 2, 2).paddingEnd(1, 1, 1).build();
      return x.as(name + ".main")
          .conv3d(features, new long[] {3, 3, 3}, convolution, true)
          .leakyRelu(SLOPE);
    }

    private Value integrated(Value flow, List<Value> resolutions) {
      if (steps == 0) {
        return flow;
      }
      if (downsize == 1) {
        return flow.as("integrate").scalingAndSquaring(steps);
      }
      Resize corners =
          Resize.builder(Resize.Mode.LINEAR).coordinates(Resize.Coordinates.ALIGN_CORNERS).build();
      Value coarse = resolutions.get(Long.numberOfTrailingZeros(downsize));
      return flow.as("resize")
          .resizeLike(corners, coarse)
          .times(1.0 / downsize)
          .as("integrate")
          .scalingAndSquaring(steps)
          .times(downsize)
          .as("fullsize")
          .resizeLike(corners, flow);
    }
  }
}
