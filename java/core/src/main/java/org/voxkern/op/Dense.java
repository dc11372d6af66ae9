package org.voxkern.op;

import org.voxkern.Shape;
import org.voxkern.Tensor;

/**
 * A fully connected layer: output(n, o) = activation(&Sigma; input(n, i) weights(o, i) + bias(o)).
 *
 * <p>Shapes: input (..., in), weights (out, in) as PyTorch's Linear has them, bias (out) or null,
 * output (..., out). All f32, or f64 on the reference backend. The gradients are of what the
 * activation is applied to. Errors and error bounds are those of {@link Matmul}. Instances are
 * immutable and may be shared by threads.
 */
public final class Dense {
  private final Matmul product;

  private Dense(Matmul product) {
    this.product = product;
  }

  /** Without activation. */
  public static Dense linear() {
    return new Dense(Matmul.builder().transposeB().build());
  }

  public static Dense activated(Conv3d.Activation activation, double negativeSlope) {
    return new Dense(
        Matmul.builder().transposeB().activation(activation).negativeSlope(negativeSlope).build());
  }

  /**
   * @throws IllegalArgumentException if the shapes do not fit each other, naming both
   */
  public Shape outputShape(Shape input, Shape weights) {
    if (weights.rank() != 2) {
      throw new IllegalArgumentException(
          "dense: weights " + weights + " for input " + input + ", expected (out, in)");
    }
    return product.outputShape(input, weights);
  }

  /** Packs weights once for inputs of a shape and others. */
  public Matmul.PackedMatrix pack(Tensor weights, Shape input) {
    outputShape(input, weights.shape());
    return product.pack(weights, input);
  }

  /** Writes {@code output}; bias may be null. */
  public void apply(Tensor input, Tensor weights, Tensor bias, Tensor output) {
    requireBias(bias, outputShape(input.shape(), weights.shape()));
    product.apply(input, weights, bias, output);
  }

  /** The same with weights that are packed before. */
  public void apply(Tensor input, Matmul.PackedMatrix weights, Tensor bias, Tensor output) {
    requireBias(bias, outputShape(input.shape(), weights.shape()));
    product.apply(input, weights, bias, output);
  }

  public void gradientInput(Tensor gradient, Tensor weights, Tensor gradientInput) {
    outputShape(gradientInput.shape(), weights.shape());
    product.gradientA(gradient, weights, gradientInput);
  }

  public void gradientWeights(Tensor input, Tensor gradient, Tensor gradientWeights) {
    outputShape(input.shape(), gradientWeights.shape());
    product.gradientB(input, gradient, gradientWeights);
  }

  /** Sum of the gradient over all but its last axis. */
  public void gradientBias(Tensor gradient, Tensor gradientBias) {
    requireBias(gradientBias, gradient.shape());
    product.gradientC(gradient, gradientBias);
  }

  private static void requireBias(Tensor bias, Shape output) {
    if (bias != null
        && (bias.shape().rank() != 1 || bias.shape().size(0) != output.size(output.rank() - 1))) {
      throw new IllegalArgumentException(
          "dense: bias is " + bias.shape() + " but the output " + output);
    }
  }
}
