package org.voxkern.op;

import org.voxkern.Shape;
import org.voxkern.internal.vk_pool_window;
import org.voxkern.nativecall.NativeCall;

/**
 * Where the windows of {@link MaxPool}, {@link AveragePool} and {@link LpPool} lie. An output at o
 * sees the voxels o stride + k dilation - padding, k from 0 to kernel - 1, that lie inside the
 * input. Axes are always in the order z, y, x; a 2D case has depth 1 and a kernel of 1 along z.
 * Instances are immutable and may be shared by threads.
 */
public final class PoolWindow {
  private final long[] kernel;
  private final long[] stride;
  private final long[] dilation;
  private final long[] paddingBegin;
  private final long[] paddingEnd;
  private final boolean ceilMode;

  private PoolWindow(Builder builder) {
    kernel = builder.kernel;
    stride = builder.stride == null ? builder.kernel : builder.stride;
    dilation = builder.dilation;
    paddingBegin = builder.paddingBegin;
    paddingEnd = builder.paddingEnd;
    ceilMode = builder.ceilMode;
  }

  /** Windows of a size, one beside the other unless the builder is told otherwise. */
  public static Builder kernel(long z, long y, long x) {
    return new Builder(z, y, x);
  }

  /** Along z, y, x. */
  public long[] kernel() {
    return kernel.clone();
  }

  /** Along z, y, x. */
  public long[] stride() {
    return stride.clone();
  }

  /** Along z, y, x. */
  public long[] dilation() {
    return dilation.clone();
  }

  /** Along z, y, x. */
  public long[] paddingBegin() {
    return paddingBegin.clone();
  }

  /** Along z, y, x. */
  public long[] paddingEnd() {
    return paddingEnd.clone();
  }

  public boolean ceilMode() {
    return ceilMode;
  }

  /**
   * Shape of the output, (N, C, D', H', W') with D' = floor((D + padding - (kz - 1) dilation - 1) /
   * stride) + 1 or, in ceil mode, the same rounded up, but no window begins behind the input. An
   * axis of size 0 stays 0.
   *
   * @throws IllegalArgumentException if a window does not fit into the padded input, naming both
   */
  public Shape outputShape(Shape input) {
    if (input.rank() != 5) {
      throw new IllegalArgumentException("pool: input " + input + ", expected (N, C, D, H, W)");
    }
    long[] sizes = input.toArray();
    for (int axis = 0; axis < 3; axis++) {
      sizes[axis + 2] = windows(input, axis);
    }
    return Shape.of(sizes);
  }

  private long windows(Shape input, int axis) {
    long size = input.size(axis + 2);
    if (size == 0) {
      return 0;
    }
    long padded = size + paddingBegin[axis] + paddingEnd[axis];
    long extent = (kernel[axis] - 1) * dilation[axis] + 1;
    long room = padded - extent + (ceilMode ? stride[axis] - 1 : 0);
    if (room < 0) {
      throw new IllegalArgumentException(
          "pool: along "
              + "zyx".charAt(axis)
              + " the window reaches over "
              + extent
              + " voxels, but input "
              + input
              + " has "
              + padded
              + " with its padding");
    }
    long windows = room / stride[axis] + 1;
    boolean beginsOutside = (windows - 1) * stride[axis] >= size + paddingBegin[axis];
    return ceilMode && beginsOutside ? windows - 1 : windows;
  }

  vk_pool_window params(NativeCall call) {
    vk_pool_window params = call.own(new vk_pool_window());
    params.struct_size(params.sizeof()).ceil_mode(ceilMode ? 1 : 0);
    for (int axis = 0; axis < 3; axis++) {
      params
          .kernel(axis, kernel[axis])
          .stride(axis, stride[axis])
          .dilation(axis, dilation[axis])
          .padding_begin(axis, paddingBegin[axis])
          .padding_end(axis, paddingEnd[axis]);
    }
    return params;
  }

  /** Options: strides as long as the kernel, dilation 1, no padding, rounded down. */
  public static final class Builder {
    private final long[] kernel;
    private long[] stride;
    private long[] dilation = {1, 1, 1};
    private long[] paddingBegin = {0, 0, 0};
    private long[] paddingEnd = {0, 0, 0};
    private boolean ceilMode;

    private Builder(long z, long y, long x) {
      kernel = new long[] {z, y, x};
    }

    public Builder stride(long z, long y, long x) {
      stride = new long[] {z, y, x};
      return this;
    }

    public Builder dilation(long z, long y, long x) {
      dilation = new long[] {z, y, x};
      return this;
    }

    /** Voxels before the first and after the last, the same number at both ends. */
    public Builder padding(long z, long y, long x) {
      return paddingBegin(z, y, x).paddingEnd(z, y, x);
    }

    public Builder paddingBegin(long z, long y, long x) {
      paddingBegin = new long[] {z, y, x};
      return this;
    }

    public Builder paddingEnd(long z, long y, long x) {
      paddingEnd = new long[] {z, y, x};
      return this;
    }

    /** Whether a last window may reach beyond the padding. */
    public Builder ceilMode(boolean value) {
      ceilMode = value;
      return this;
    }

    /**
     * @throws IllegalArgumentException if a kernel, stride or dilation is below 1, or a padding
     *     negative or so wide that a window would not reach the input
     */
    public PoolWindow build() {
      PoolWindow window = new PoolWindow(this);
      for (int axis = 0; axis < 3; axis++) {
        require("kernel", kernel[axis], 1, Long.MAX_VALUE);
        require("stride", window.stride[axis], 1, Long.MAX_VALUE);
        require("dilation", dilation[axis], 1, Long.MAX_VALUE);
        long most = (kernel[axis] - 1) * dilation[axis];
        require("padding", paddingBegin[axis], 0, most);
        require("padding", paddingEnd[axis], 0, most);
      }
      return window;
    }

    private static void require(String name, long value, long least, long most) {
      if (value < least || value > most) {
        throw new IllegalArgumentException(
            "pool: " + name + " is " + value + ", expected " + least + " to " + most);
      }
    }
  }
}
