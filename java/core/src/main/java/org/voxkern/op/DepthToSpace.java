package org.voxkern.op;

import org.voxkern.Shape;
import org.voxkern.Tensor;

/**
 * Channels into blocks of voxels, (N, C b&sup3;, D, H, W) to (N, C, D b, H b, W b), and the
 * inverse, which is the gradient. With a flat block, {@code (1, b, b)}, it is ONNX's DepthToSpace
 * and SpaceToDepth, and PyTorch's pixel shuffle.
 *
 * <p>Every element type. Instances are immutable and may be shared by threads.
 */
public final class DepthToSpace {
  private static final int[] AXES = {2, 3, 4};

  private final long[] block;
  private final boolean channelsFirst;

  private DepthToSpace(long[] block, boolean channelsFirst) {
    for (long size : block) {
      if (size < 1) {
        throw new IllegalArgumentException("depth_to_space: a block of " + size + " voxels");
      }
    }
    this.block = block;
    this.channelsFirst = channelsFirst;
  }

  /** The input's channel is (c, bz, by, bx), c slowest: ONNX's CRD, and PyTorch's pixel shuffle. */
  public static DepthToSpace channelsFirst(long bz, long by, long bx) {
    return new DepthToSpace(new long[] {bz, by, bx}, true);
  }

  /** The input's channel is (bz, by, bx, c): ONNX's DCR, and the inverse of its SpaceToDepth. */
  public static DepthToSpace blocksFirst(long bz, long by, long bx) {
    return new DepthToSpace(new long[] {bz, by, bx}, false);
  }

  private long blockSize() {
    return block[0] * block[1] * block[2];
  }

  /**
   * @throws IllegalArgumentException if the rank is not 5 or the channels are no multiple of a
   *     block
   */
  public Shape outputShape(Shape input) {
    if (input.rank() != 5 || input.size(1) % blockSize() != 0) {
      throw new IllegalArgumentException(
          "depth_to_space: input "
              + input
              + ", expected (N, C, D, H, W), C a multiple of "
              + blockSize());
    }
    return Shape.of(
        input.size(0),
        input.size(1) / blockSize(),
        input.size(2) * block[0],
        input.size(3) * block[1],
        input.size(4) * block[2]);
  }

  /**
   * Writes {@code output}.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void apply(Tensor input, Tensor output) {
    requireShape(outputShape(input.shape()), output.shape());
    CopyStrided.apply(deep(input, output.shape()), wide(output, input.shape()));
  }

  /** Space to depth: writes to {@code input} what {@link #apply} would make {@code output} of. */
  public void inverse(Tensor output, Tensor input) {
    requireShape(outputShape(input.shape()), output.shape());
    CopyStrided.apply(wide(output, input.shape()), deep(input, output.shape()));
  }

  /** Writes dvalue/dinput, given dvalue/doutput. */
  public void gradient(Tensor outputGradient, Tensor inputGradient) {
    inverse(outputGradient, inputGradient);
  }

  private static void requireShape(Shape expected, Shape output) {
    if (!expected.equals(output)) {
      throw new IllegalArgumentException(
          "depth_to_space: output " + output + ", expected " + expected);
    }
  }

  /** (N, C, D, bz, H, by, W, bx) of the tensor with many channels. */
  private TensorView deep(Tensor input, Shape output) {
    long channels = output.size(1);
    TensorView view = TensorView.of(input);
    return channelsFirst
        ? view.split(1, channels, block[0], block[1], block[2]).permute(0, 1, 5, 2, 6, 3, 7, 4)
        : view.split(1, block[0], block[1], block[2], channels).permute(0, 4, 5, 1, 6, 2, 7, 3);
  }

  /** The same of the tensor with many voxels. */
  private TensorView wide(Tensor output, Shape input) {
    TensorView view = TensorView.of(output);
    for (int i = AXES.length - 1; i >= 0; i--) {
      view = view.split(AXES[i], input.size(AXES[i]), block[i]);
    }
    return view;
  }
}
