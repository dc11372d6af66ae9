package org.voxkern.onnx;

import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;
import org.voxkern.graph.Convolution;
import org.voxkern.graph.Operation;
import org.voxkern.graph.Size;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.TransposedConvolution;
import org.voxkern.graph.Value;
import org.voxkern.onnx.Operators.Mapper;
import org.voxkern.op.Conv3d;
import org.voxkern.op.Conv3dTransposed;

/** Conv and ConvTranspose. */
final class ConvolutionOperators {
  private ConvolutionOperators() {}

  static void addTo(Map<String, Mapper> operators) {
    operators.put("Conv", ConvolutionOperators::convolution);
    operators.put("ConvTranspose", ConvolutionOperators::transposed);
  }

  /** Sizes of the kernel, which the weights have and an attribute may repeat. */
  private static long[] kernel(NodeImport node) {
    SymbolicShape weights = node.shape(1);
    if (weights.rank() != node.rank(0)) {
      throw new IllegalArgumentException(
          "the input is " + node.shape(0) + " and the weights " + weights);
    }
    long[] sizes = IntStream.range(2, weights.rank()).mapToLong(weights::known).toArray();
    long[] said = node.attributes().integers("kernel_shape");
    if (said != null && !Arrays.equals(said, sizes)) {
      throw new IllegalArgumentException(
          "kernel_shape is " + Arrays.toString(said) + ", but the weights are " + weights);
    }
    return sizes;
  }

  private static void convolution(NodeImport node) {
    Windows windows = Windows.of(node, kernel(node));
    Conv3d convolution =
        Conv3d.builder()
            .groups(node.attributes().integer("group", 1))
            .stride(windows.stride()[0], windows.stride()[1], windows.stride()[2])
            .dilation(windows.dilation()[0], windows.dilation()[1], windows.dilation()[2])
            .paddingBegin(windows.begin()[0], windows.begin()[1], windows.begin()[2])
            .paddingEnd(windows.end()[0], windows.end()[1], windows.end()[2])
            .build();
    set(node, new Convolution(convolution, node.has(2), false));
  }

  private static void set(NodeImport node, Operation operation) {
    Value input = node.volume(0);
    Value weights = node.volume(1);
    Value output =
        node.has(2)
            ? node.apply(operation, input, weights, node.real(2))
            : node.apply(operation, input, weights);
    node.setVolume(0, 0, output);
  }

  private static void transposed(NodeImport node) {
    int axes = node.spaceAxes(0);
    Attributes attributes = node.attributes();
    long[] more = Windows.inVolume(attributes.integers("output_padding"), axes, 0);
    long[] kernelSizes = kernel(node);
    long[] kernel = Windows.inVolume(kernelSizes, axes, 1);
    long[] stride = Windows.inVolume(attributes.integers("strides"), axes, 1);
    long[] dilation = Windows.inVolume(attributes.integers("dilations"), axes, 1);
    String automatic =
        attributes.word("auto_pad", "NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID");
    long[] wanted = attributes.integers("output_shape");
    long[] begin = new long[3];
    long[] end = new long[3];
    if (wanted != null || automatic.startsWith("SAME")) {
      attributes.ignore("pads");
      // Some files have batch and channels in front.
      long[] sizes =
          wanted != null && wanted.length == axes + 2
              ? Arrays.copyOfRange(wanted, 2, axes + 2)
              : wanted;
      for (int axis = 3 - axes; axis < 3; axis++) {
        long extent = (kernel[axis] - 1) * dilation[axis] + 1;
        long total =
            sizes == null
                ? extent - stride[axis] + more[axis]
                : stride[axis] * (known(node, axis) - 1)
                    + more[axis]
                    + extent
                    - sizes[axis - (3 - axes)];
        if (total < 0) {
          more[axis] -= total;
          total = 0;
        }
        begin[axis] = automatic.equals("SAME_UPPER") ? total / 2 : total - total / 2;
        end[axis] = total - begin[axis];
      }
    } else {
      Windows windows = Windows.of(node, kernelSizes);
      begin = windows.begin();
      end = windows.end();
    }
    Conv3dTransposed convolution =
        Conv3dTransposed.builder()
            .groups(attributes.integer("group", 1))
            .stride(stride[0], stride[1], stride[2])
            .dilation(dilation[0], dilation[1], dilation[2])
            .paddingBegin(begin[0], begin[1], begin[2])
            .paddingEnd(end[0], end[1], end[2])
            .outputPadding(more[0], more[1], more[2])
            .build();
    set(node, new TransposedConvolution(convolution, node.has(2), false));
  }

  private static long known(NodeImport node, int axis) {
    Size size = node.shape(0).size(axis - 3);
    if (!size.isKnown()) {
      throw new IllegalArgumentException(
          "output_shape needs the size "
              + size
              + " as a number: give the shapes of the model's inputs");
    }
    return size.value();
  }
}
