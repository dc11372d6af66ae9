package org.voxkern.graph;

import java.util.List;
import org.voxkern.Tensor;

/** The gradient's rule of a convolution, transposed or not, behind its activation. */
final class ConvolutionGradient {
  private ConvolutionGradient() {}

  /** Of the input, from the upstream gradient and the weights. */
  @FunctionalInterface
  interface OfInput {
    void write(Tensor upstream, Tensor weights, Tensor gradient);
  }

  /** Of weights and bias, which may be null, from the upstream gradient and the input. */
  @FunctionalInterface
  interface OfWeights {
    void write(Tensor upstream, Tensor input, Tensor gradient, Tensor gradientBias);
  }

  /**
   * @param upstream the gradient of the sum, before the activation
   */
  static List<Value> of(
      String type,
      boolean bias,
      boolean residual,
      Value upstream,
      Backward backward,
      OfInput ofInput,
      OfWeights ofWeights) {
    Value[] gradients = backward.none();
    if (backward.wanted(0)) {
      gradients[0] =
          backward.apply(
              GradientOperation.of(
                      type + "_gradient_input",
                      (in, out) -> ofInput.write(in.get(0), in.get(1), out.get(0)),
                      2)
                  .shapeOnly(2),
              upstream,
              backward.input(1),
              backward.input(0));
    }
    if (bias && (backward.wanted(1) || backward.wanted(2))) {
      gradients[1] =
          backward.apply(
              GradientOperation.of(
                      type + "_gradient_weights",
                      (in, out) -> ofWeights.write(in.get(0), in.get(1), out.get(0), out.get(1)),
                      2,
                      3)
                  .shapeOnly(2, 3),
              upstream,
              backward.input(0),
              backward.input(1),
              backward.input(2));
      gradients[2] = backward.wanted(2) ? gradients[1].further(1) : null;
    } else if (backward.wanted(1)) {
      gradients[1] =
          backward.apply(
              GradientOperation.of(
                      type + "_gradient_weights",
                      (in, out) -> ofWeights.write(in.get(0), in.get(1), out.get(0), null),
                      2)
                  .shapeOnly(2),
              upstream,
              backward.input(0),
              backward.input(1));
    }
    if (residual) {
      gradients[gradients.length - 1] = upstream;
    }
    return Backward.all(gradients);
  }
}
