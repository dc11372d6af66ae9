package org.voxkern.network;

import org.voxkern.graph.Graph;
import org.voxkern.graph.Value;
import org.voxkern.op.Activation;
import org.voxkern.op.Conv3d;

/**
 * MeshNet: whole-brain segmentation at full resolution by dilated convolutions.
 *
 * <p>A chain of 3&sup3; convolutions, padded by their dilation so that every layer has the size of
 * the image, each followed by a norm where one is asked for, an activation and a dropout of whole
 * channels; a 1&sup3; convolution with bias makes the classes.
 *
 * <p>Input {@code image} (N, inputs, D, H, W), output {@code logits} (N, classes, D, H, W). The
 * networks of brainchop are of this kind, with batch norms folded into the convolutions: 5 channels
 * and 3 classes have 5,598 parameters (the default), {@link #mindGrab} has 146,237.
 *
 * <p>Source: Fedorov et al., "End-to-end learning of brain tissue segmentation from imperfect
 * labeling", IJCNN 2017; Masoud et al., "Brainchop", Journal of Open Source Software 2023.
 */
public final class MeshNet {
  private static final String NAME = "MeshNet";
  private static final double EPSILON = 1e-5;

  private MeshNet() {}

  /** What follows a convolution. */
  public enum Norm {
    NONE,
    /** With scale and shift. */
    BATCH,
    /** Without scale and shift; the convolutions have no bias then. */
    INSTANCE
  }

  public static Builder builder() {
    return new Builder();
  }

  /**
   * MindGrab, which tells the brain from the rest: five times the dilations 16, 8, 4, 2, 1 with 15
   * channels, instance norm and GELU, two classes.
   *
   * <p>Source: "MindGrab for BrainChop: Fast and Accurate Skull Stripping for Command Line and
   * Browser", 2025.
   */
  public static Builder mindGrab() {
    long[] once = {16, 8, 4, 2, 1};
    long[] dilations = new long[25];
    for (int layer = 0; layer < dilations.length; layer++) {
      dilations[layer] = once[layer % once.length];
    }
    return builder()
        .features(15)
        .classes(2)
        .dilations(dilations)
        .norm(Norm.INSTANCE)
        .activation(Activation.gelu());
  }

  /** Options: one image channel, 5 features, 3 classes, ReLU, no norm, no dropout. */
  public static final class Builder {
    private long inputs = 1;
    private long features = 5;
    private long classes = 3;
    private long[] dilations = {1, 2, 4, 8, 16, 8, 4, 2, 1};
    private Norm norm = Norm.NONE;
    private Activation activation = Activation.relu();
    private double dropout;

    private Builder() {}

    /** Channels of the image. */
    public Builder inputs(long channels) {
      inputs = channels;
      return this;
    }

    /** Of every layer. */
    public Builder features(long count) {
      features = count;
      return this;
    }

    public Builder classes(long count) {
      classes = count;
      return this;
    }

    /** One for each layer, the same along all axes. */
    public Builder dilations(long... perLayer) {
      dilations = perLayer.clone();
      return this;
    }

    public Builder norm(Norm value) {
      norm = value;
      return this;
    }

    public Builder activation(Activation value) {
      activation = value;
      return this;
    }

    /** Probability of a channel in training, 0 to below 1. */
    public Builder dropout(double probability) {
      dropout = probability;
      return this;
    }

    /**
     * @throws IllegalArgumentException if a number is out of range
     */
    public Graph build() {
      Checks.positive(NAME, "inputs", inputs);
      Checks.positive(NAME, "features", features);
      Checks.positive(NAME, "classes", classes);
      Checks.positive(NAME, "dilations", dilations);
      Checks.that(
          dropout >= 0 && dropout < 1, NAME, "a dropout of " + dropout + ", expected 0 to below 1");
      Graph.Builder graph = Graph.builder();
      Value x = graph.input("image", "N", inputs, "D", "H", "W");
      for (int layer = 0; layer < dilations.length; layer++) {
        x = layer(x, layer);
      }
      return graph.output("logits", x.as("head").conv3d(classes, 1)).build();
    }

    private Value layer(Value input, int layer) {
      long dilation = dilations[layer];
      Conv3d convolution =
          Conv3d.builder()
              .dilation(dilation, dilation, dilation)
              .padding(dilation, dilation, dilation)
              .build();
      Value x =
          input
              .as("conv" + layer)
              .conv3d(features, new long[] {3, 3, 3}, convolution, norm != Norm.INSTANCE);
      Value next = x.as("norm" + layer);
      x =
          switch (norm) {
            case NONE -> x;
            case BATCH -> next.batchNorm(EPSILON, true);
            case INSTANCE -> next.instanceNorm(false);
          };
      x = x.activation(activation);
      return dropout > 0 ? x.as("dropout" + layer).dropout(dropout, true) : x;
    }
  }
}
