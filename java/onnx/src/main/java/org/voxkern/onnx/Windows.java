package org.voxkern.onnx;

import java.util.Arrays;
import org.voxkern.graph.Size;
import org.voxkern.op.PoolWindow;

/**
 * How a window moves over space, along z, y, x, as ONNX's attributes say it: space of one or two
 * axes is flat in front.
 */
record Windows(long[] kernel, long[] stride, long[] dilation, long[] begin, long[] end) {
  /**
   * Of the first input of a node.
   *
   * @param kernelSizes along the axes of space
   */
  static Windows of(NodeImport node, long[] kernelSizes) {
    int axes = node.spaceAxes(0);
    Attributes attributes = node.attributes();
    long[] kernel = inVolume(kernelSizes, axes, 1);
    long[] stride = inVolume(attributes.integers("strides"), axes, 1);
    long[] dilation = inVolume(attributes.integers("dilations"), axes, 1);
    long[] begin = new long[3];
    long[] end = new long[3];
    String automatic =
        attributes.word("auto_pad", "NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID");
    long[] pads = attributes.integers("pads");
    if (automatic.startsWith("SAME")) {
      for (int axis = 3 - axes; axis < 3; axis++) {
        long total =
            paddingThatKeeps(
                node.shape(0).size(axis - 3),
                stride[axis],
                (kernel[axis] - 1) * dilation[axis] + 1);
        long less = total / 2;
        begin[axis] = automatic.equals("SAME_UPPER") ? less : total - less;
        end[axis] = total - begin[axis];
      }
    } else if (pads != null && automatic.equals("NOTSET")) {
      if (pads.length != 2 * axes) {
        throw new IllegalArgumentException(
            "pads are " + Arrays.toString(pads) + ", expected two for each axis of space");
      }
      begin = inVolume(Arrays.copyOf(pads, axes), axes, 0);
      end = inVolume(Arrays.copyOfRange(pads, axes, 2 * axes), axes, 0);
    }
    return new Windows(kernel, stride, dilation, begin, end);
  }

  /** So much that there are ceil(size / stride) windows. */
  private static long paddingThatKeeps(Size size, long stride, long extent) {
    if (stride == 1) {
      return extent - 1;
    }
    if (!size.isKnown()) {
      throw new IllegalArgumentException(
          "automatic padding with a stride of "
              + stride
              + " needs the size "
              + size
              + " as a number: give the shapes of the model's inputs");
    }
    long windows = (size.value() + stride - 1) / stride;
    return Math.max(0, (windows - 1) * stride + extent - size.value());
  }

  /** Numbers along the axes of space as those along z, y, x. */
  static long[] inVolume(long[] values, int axes, long missing) {
    long[] all = {missing, missing, missing};
    if (values == null) {
      return all;
    }
    if (values.length != axes) {
      throw new IllegalArgumentException(
          Arrays.toString(values) + ", expected one for each of " + axes + " axes of space");
    }
    System.arraycopy(values, 0, all, 3 - axes, axes);
    return all;
  }

  PoolWindow pool(boolean ceilMode) {
    PoolWindow.Builder builder =
        PoolWindow.kernel(kernel[0], kernel[1], kernel[2])
            .stride(stride[0], stride[1], stride[2])
            .dilation(dilation[0], dilation[1], dilation[2])
            .paddingBegin(begin[0], begin[1], begin[2])
            .paddingEnd(end[0], end[1], end[2]);
    return ceilMode ? builder.ceilMode(true).build() : builder.build();
  }
}
