package org.voxkern.device;

import java.util.Arrays;
import org.voxkern.Context;
import org.voxkern.Device;
import org.voxkern.DeviceException;
import org.voxkern.ElementType;
import org.voxkern.OutOfMemoryException;
import org.voxkern.Recording;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Binary;
import org.voxkern.op.Conv3d;

/** Parts of {@link DeviceTest} that need a process of their own. */
final class DeviceProgram {
  private DeviceProgram() {}

  public static void main(String[] arguments) {
    switch (arguments[0]) {
      case "list" -> list();
      case "full" -> full();
      case "fault" -> fault();
      case "cudnn" -> cudnn();
      default -> throw new IllegalArgumentException(arguments[0]);
    }
  }

  /** 1 + 2, by a kernel. */
  private static Tensor three(Context context) {
    Tensor one = Tensor.of(context, new float[] {1}, 1);
    Tensor two = Tensor.of(context, new float[] {2}, 1);
    Tensor sum = Tensor.uninitialized(context, ElementType.F32, Shape.of(1));
    Binary.apply(Binary.Function.ADD, one, two, sum);
    return sum;
  }

  private static void list() {
    System.out.println(Device.list());
    if (Device.whyNoCuda().isPresent()) {
      System.out.println(Device.whyNoCuda().get());
      return;
    }
    try (Context first = Context.builder().device(Device.cuda(0)).build();
        Context second = Context.builder().device(Device.named("cuda:1")).build();
        Scope scope = Scope.open(first);
        Scope other = Scope.open(second)) {
      System.out.println(three(first).copyTo(second).toFloatArray()[0]);
    }
    try {
      Device.cuda(2);
    } catch (IllegalArgumentException none) {
      System.out.println(none.getMessage());
    }
  }

  /** The budget is larger than what the device has. */
  private static void full() {
    try (Context context = Context.builder().device(Device.cuda(0)).memoryLimit(1 << 24).build();
        Scope scope = Scope.open(context)) {
      Tensor.uninitialized(context, ElementType.U8, Shape.of(900_000)).close();
      // What was freed comes back.
      Tensor.uninitialized(context, ElementType.U8, Shape.of(900_000));
      try {
        Tensor.uninitialized(context, ElementType.U8, Shape.of(900_000));
      } catch (OutOfMemoryException expected) {
        System.out.println("OutOfMemoryException");
      }
      System.out.println(three(context).toFloatArray()[0]);
    }
  }

  private static void fault() {
    try (Context context = Context.builder().device(Device.cuda(0)).build();
        Scope scope = Scope.open(context)) {
      System.out.println(three(context).toFloatArray()[0]);
      Tensor lost = three(context);
      try {
        lost.toFloatArray();
      } catch (DeviceException fault) {
        System.out.println("DeviceException at reading");
      }
      try {
        three(context);
      } catch (DeviceException fault) {
        System.out.println("DeviceException later");
      }
    } catch (DeviceException fault) {
      System.out.println("DeviceException at closing");
    }
  }

  /** What became of cuDNN, and a convolution that it may take, beside the processor's. */
  private static void cudnn() {
    System.out.println(Device.cuda(0).cudnn());
    float[] expected = convolved(Device.cpu());
    float[] got = convolved(Device.cuda(0));
    float largest = 0;
    float difference = 0;
    for (int i = 0; i < got.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      difference = Math.max(difference, Math.abs(got[i] - expected[i]));
    }
    System.out.println(
        got.length + " numbers, " + (difference <= 2e-5 * largest ? "as" : "not as") + " on cpu");
  }

  private static float[] convolved(Device device) {
    java.util.Random random = new java.util.Random(7);
    try (Context context = Context.builder().device(device).build();
        Scope scope = Scope.open(context)) {
      Conv3d convolution = Conv3d.builder().padding(1, 1, 1).build();
      Tensor input = noise(random, context, 1, 16, 6, 7, 8);
      Tensor weights = noise(random, context, 12, 16, 3, 3, 3);
      Tensor bias = noise(random, context, 12);
      Tensor output = Tensor.uninitialized(context, ElementType.F32, Shape.of(1, 12, 6, 7, 8));
      Conv3d.PackedWeights packed = convolution.pack(weights, input.shape());
      convolution.apply(input, packed, bias, null, output);
      float[] result = output.toFloatArray();
      try (Recording recording =
          context.record(() -> convolution.apply(input, packed, bias, null, output))) {
        for (int again = 0; again < 2; again++) {
          output.fillZero();
          recording.replay();
          if (!Arrays.equals(result, output.toFloatArray())) {
            System.out.println("a replay gives other bits");
          }
        }
      }
      return result;
    }
  }

  private static Tensor noise(java.util.Random random, Context context, long... sizes) {
    float[] values = new float[Math.toIntExact(Shape.of(sizes).elementCount())];
    for (int i = 0; i < values.length; i++) {
      values[i] = 2 * random.nextFloat() - 1;
    }
    return Tensor.of(context, values, sizes);
  }
}
