package org.voxkern.op;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;

/** A convolution works in bounded memory: the volume is never laid out anew as a matrix. */
class Conv3dMemoryTest {
  private static final long MOST = 64L << 20;

  @ParameterizedTest(name = "{0} to {1} channels of {2}^3, kernel {3}, stride {4}, dilation {5}")
  @CsvSource({
    "32, 32, 128, 3, 1, 1",
    "1, 32, 128, 3, 1, 1",
    "64, 64, 64, 3, 1, 1",
    "320, 320, 8, 3, 1, 1",
    "32, 64, 128, 3, 2, 1",
    "32, 3, 128, 1, 1, 1",
    "21, 21, 96, 3, 1, 4",
    "8, 8, 96, 5, 1, 1",
  })
  void needsNoMoreThanItsTensorsItsPackedWeightsAndABound(
      long in, long out, long size, long kernel, long stride, long dilation) {
    long pad = kernel / 2 * dilation;
    Conv3d conv =
        Conv3d.builder()
            .stride(stride, stride, stride)
            .dilation(dilation, dilation, dilation)
            .padding(pad, pad, pad)
            .build();
    Shape shape = Shape.of(1, in, size, size, size);
    Shape weightsShape = Shape.of(out, in, kernel, kernel, kernel);
    Shape outShape = conv.outputShape(shape, weightsShape);
    // Scratch memory is a thread's, so the bound is one of few threads.
    try (Context context = Context.builder().threads(2).build()) {
      Tensor input = Tensor.zeros(context, ElementType.F32, shape);
      Tensor weights = Tensor.zeros(context, ElementType.F32, weightsShape);
      Tensor output = Tensor.zeros(context, ElementType.F32, outShape);
      Conv3d.PackedWeights packed = conv.pack(weights, shape);
      assertWorksWithin(context, 0, () -> conv.apply(input, packed, null, null, output));
      // The gradient of the input packs as many weights itself.
      long packedBytes = packed.tensor().shape().elementCount() * Float.BYTES;
      assertWorksWithin(context, packedBytes, () -> conv.gradientInput(output, weights, input));
      // That of the weights may sum in Winograd's domain, where there are 216 values for 27.
      long sums = 8 * weightsShape.elementCount() * Float.BYTES;
      assertWorksWithin(context, sums, () -> conv.gradientWeights(output, input, weights, null));
    }
  }

  private static void assertWorksWithin(Context context, long packed, Runnable operation) {
    long before = context.memory().inUse();
    operation.run();
    long more = context.memory().highWater() - before;
    assertTrue(
        more <= MOST + packed,
        () -> "took " + (more >> 20) + " MiB beside its tensors, expected " + (MOST >> 20));
  }
}
