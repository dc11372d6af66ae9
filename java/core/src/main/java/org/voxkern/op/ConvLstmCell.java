package org.voxkern.op;

import java.util.Objects;
import org.voxkern.Shape;
import org.voxkern.Tensor;

/**
 * A step of a convolutional LSTM (Shi et al. 2015) in 2D or 3D: the sums of the gates are
 * convolutions of the input and of the hidden values, then come the gates of {@link ConvLstm}.
 *
 * <p>Shapes: input (N, I, D, H, W); hidden and cell (N, C, D, H, W); input weights (4 C, I, kz, ky,
 * kx) and hidden weights (4 C, C, kz, ky, kx) of odd kernels, their gates in the order input,
 * forget, cell, output; bias (4 C) or null. Borders are padded with zeros, so that the grid stays.
 * Instances are immutable and may be shared by threads.
 */
public final class ConvLstmCell {
  private final Conv3d convolution;
  private final long[] kernel;

  private ConvLstmCell(long z, long y, long x) {
    kernel = new long[] {z, y, x};
    convolution = Conv3d.builder().padding(z / 2, y / 2, x / 2).build();
  }

  /**
   * @throws IllegalArgumentException unless the kernel is odd along every axis
   */
  public static ConvLstmCell ofKernel(long z, long y, long x) {
    for (long size : new long[] {z, y, x}) {
      if (size < 1 || size % 2 == 0) {
        throw new IllegalArgumentException(
            "conv_lstm: a kernel of " + z + " x " + y + " x " + x + ", expected odd sizes");
      }
    }
    return new ConvLstmCell(z, y, x);
  }

  /** Shape of the gates' sums. */
  public Shape gatesShape(Shape input, Shape inputWeights) {
    requireKernel(inputWeights);
    return convolution.outputShape(input, inputWeights);
  }

  /** Packs either weights, for an input or hidden values of a shape. */
  public Conv3d.PackedWeights pack(Tensor weights, Shape input) {
    requireKernel(weights.shape());
    return convolution.pack(weights, input);
  }

  /**
   * One step: writes {@code gates} (what {@link ConvLstm#gradient} needs), {@code newCell}, which
   * may be the cell itself, and {@code newHidden}, which may be the hidden values themselves.
   *
   * @param peepholes or null
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void apply(
      Tensor input,
      Tensor hidden,
      Tensor cell,
      Conv3d.PackedWeights inputWeights,
      Conv3d.PackedWeights hiddenWeights,
      Tensor bias,
      Tensor peepholes,
      Tensor gates,
      Tensor newCell,
      Tensor newHidden) {
    convolution.apply(input, inputWeights, bias, null, gates);
    convolution.apply(hidden, hiddenWeights, null, gates, gates);
    ConvLstm.apply(gates, cell, peepholes, newCell, newHidden);
  }

  /**
   * Where {@link #gradient} writes. Gates and cell are always written, peepholes where the layer
   * has them; of the others null is not computed, and bias takes the weights of the input too.
   */
  public record Gradients(
      Tensor gates,
      Tensor input,
      Tensor hidden,
      Tensor cell,
      Tensor inputWeights,
      Tensor hiddenWeights,
      Tensor bias,
      Tensor peepholes) {
    public Gradients {
      Objects.requireNonNull(gates, "gates");
      Objects.requireNonNull(cell, "cell");
      if (bias != null && inputWeights == null) {
        throw new IllegalArgumentException(
            "conv_lstm: the gradient of the bias without that of the input's weights");
      }
    }
  }

  /**
   * The gradients of one step from its arguments, from the {@code gates} that {@link #apply} wrote,
   * and from the gradients of the new cell (null counts as zeros) and of the new hidden values.
   * Through time, those are the {@code cell} and {@code hidden} of the step after, the latter plus
   * what the loss takes from this step; weights, bias and peepholes get one step's share, which the
   * caller adds up.
   *
   * @param cell before the step
   * @param peepholes or null
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void gradient(
      Tensor input,
      Tensor hidden,
      Tensor cell,
      Tensor inputWeights,
      Tensor hiddenWeights,
      Tensor peepholes,
      Tensor gates,
      Tensor gradientNewCell,
      Tensor gradientNewHidden,
      Gradients to) {
    requireKernel(inputWeights.shape());
    requireKernel(hiddenWeights.shape());
    ConvLstm.gradient(
        gates,
        cell,
        peepholes,
        gradientNewCell,
        gradientNewHidden,
        to.gates(),
        to.cell(),
        to.peepholes());
    if (to.input() != null) {
      convolution.gradientInput(to.gates(), inputWeights, to.input());
    }
    if (to.hidden() != null) {
      convolution.gradientInput(to.gates(), hiddenWeights, to.hidden());
    }
    if (to.inputWeights() != null) {
      convolution.gradientWeights(to.gates(), input, to.inputWeights(), to.bias());
    }
    if (to.hiddenWeights() != null) {
      convolution.gradientWeights(to.gates(), hidden, to.hiddenWeights(), null);
    }
  }

  private void requireKernel(Shape weights) {
    boolean fits = weights.rank() == 5;
    for (int axis = 0; axis < 3 && fits; axis++) {
      fits = weights.size(axis + 2) == kernel[axis];
    }
    if (!fits) {
      throw new IllegalArgumentException(
          "conv_lstm: weights "
              + weights
              + ", expected a kernel of "
              + kernel[0]
              + " x "
              + kernel[1]
              + " x "
              + kernel[2]);
    }
  }
}
