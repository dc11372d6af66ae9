package org.voxkern.device;

import org.voxkern.Context;
import org.voxkern.Device;
import org.voxkern.DeviceException;
import org.voxkern.ElementType;
import org.voxkern.OutOfMemoryException;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Binary;

/** Parts of {@link DeviceTest} that need a process of their own. */
final class DeviceProgram {
  private DeviceProgram() {}

  public static void main(String[] arguments) {
    switch (arguments[0]) {
      case "list" -> list();
      case "full" -> full();
      case "fault" -> fault();
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
}
