package org.voxkern.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.voxkern.Backend;
import org.voxkern.Context;
import org.voxkern.Device;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.OutOfMemoryException;
import org.voxkern.Recording;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Binary;
import org.voxkern.op.Ssd;
import org.voxkern.testing.Requirement;

/**
 * Tensors whose memory lies on a device: the emulated one, whose copies are done when waited for.
 */
class DeviceTensorTest {
  private static Context device;
  private static Context host;

  @BeforeAll
  static void open() {
    device = Context.builder().device(Requirement.cudaEmulated()).threads(1).build();
    host = Context.create();
  }

  @AfterAll
  static void close() {
    if (device != null) {
      device.close();
      host.close();
    }
  }

  private static float[] numbers(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = i * 0.25f - 7;
    }
    return values;
  }

  @Test
  void theContextIsTheDevices() {
    assertEquals(Backend.CUDA_EMULATED, device.backend());
    assertFalse(device.device().isHost());
    assertEquals("cuda-emulated:0", device.device().toString());
    Device.Properties properties = device.device().properties();
    assertTrue(properties.memory() >= properties.free() && properties.free() > 0);
    assertTrue(properties.multiprocessors() > 0);
    assertTrue(device.host().device().isHost());
    assertEquals(host, host.host());
    assertThrows(UnsupportedOperationException.class, () -> Device.cpu().properties());
  }

  @Test
  void arraysOfEveryTypeGoUpAndComeDown() {
    try (Scope scope = Scope.open(device)) {
      assertArrayEquals(numbers(3), Tensor.of(device, numbers(3), 3).toFloatArray());
      assertArrayEquals(
          new double[] {1, -2}, Tensor.of(device, new double[] {1, -2}, 2).toDoubleArray());
      assertArrayEquals(new byte[] {1, -2}, Tensor.of(device, new byte[] {1, -2}, 2).toByteArray());
      assertArrayEquals(
          new short[] {1, -2}, Tensor.of(device, new short[] {1, -2}, 2).toShortArray());
      assertArrayEquals(new int[] {1, -2}, Tensor.of(device, new int[] {1, -2}, 2).toIntArray());
      assertArrayEquals(new long[] {1, -2}, Tensor.of(device, new long[] {1, -2}, 2).toLongArray());
      assertArrayEquals(new float[0], Tensor.of(device, new float[0], 0).toFloatArray());
    }
  }

  /** Several times what is pinned. */
  @Test
  void largeTensorsGoInParts() {
    float[] values = numbers((20 << 20) / Float.BYTES + 13);
    try (Scope scope = Scope.open(device)) {
      Tensor up = Tensor.of(device, values, values.length);
      values[0] = 5;
      float[] down = up.toFloatArray();
      assertEquals(-7, down[0]);
      down[0] = 5;
      assertArrayEquals(values, down);
    }
  }

  /** Many small uploads share the pinned memory: none may be written over before it is up. */
  @Test
  void smallTensorsGoUpWithoutWaiting() {
    try (Scope scope = Scope.open(device)) {
      Tensor[] all = new Tensor[300];
      for (int i = 0; i < all.length; i++) {
        float[] values = new float[20_000];
        values[19_999] = i;
        all[i] = Tensor.of(device, values, values.length);
      }
      for (int i = 0; i < all.length; i++) {
        assertEquals(i, all[i].toFloatArray()[19_999]);
      }
    }
  }

  @Test
  void buffersAreForTheHostAlone() {
    try (Scope scope = Scope.open(device)) {
      Tensor tensor = Tensor.of(device, numbers(4), 2, 2);
      UnsupportedOperationException refusal =
          assertThrows(UnsupportedOperationException.class, tensor::buffer);
      assertTrue(refusal.getMessage().contains("cuda-emulated:0"), refusal.getMessage());
      assertEquals(-6.75f, tensor.contents().getFloat(4));
      assertEquals(-6.5f, tensor.contents(8, 8).getFloat(0));
      ByteBuffer two = ByteBuffer.allocate(8).order(ByteOrder.nativeOrder());
      two.putFloat(3).putFloat(4).flip();
      tensor.write(4, two);
      assertFalse(two.hasRemaining());
      tensor.fill(12, 4, bytes -> bytes.putFloat(9));
      assertArrayEquals(new float[] {-7, 3, 4, 9}, tensor.toFloatArray());
      ByteBuffer read = ByteBuffer.allocate(4).order(ByteOrder.nativeOrder());
      tensor.read(8, read);
      assertEquals(4, read.flip().getFloat());
      assertThrows(IndexOutOfBoundsException.class, () -> tensor.write(12, two.clear()));
    }
  }

  /** The same methods where Java reads the memory itself. */
  @Test
  void contentsAreTheMemoryOfAHostTensor() {
    try (Scope scope = Scope.open(host)) {
      Tensor tensor = Tensor.of(host, numbers(4), 4);
      ByteBuffer own = tensor.contents();
      tensor.fill(4, 4, bytes -> bytes.putFloat(3));
      assertEquals(3, own.getFloat(4));
      ByteBuffer two = ByteBuffer.allocate(8).order(ByteOrder.nativeOrder());
      two.putFloat(1).putFloat(2).flip();
      tensor.write(8, two);
      assertArrayEquals(new float[] {-7, 3, 1, 2}, tensor.toFloatArray());
    }
  }

  @Test
  void viewsCopiesAndZeros() {
    try (Scope scope = Scope.open(device)) {
      Tensor whole = Tensor.of(device, numbers(6), 6);
      Tensor part = whole.view(ElementType.F32, Shape.of(2), 8);
      Tensor copy = part.copy();
      part.fillZero();
      assertArrayEquals(new float[] {-6.5f, -6.25f}, copy.toFloatArray());
      assertArrayEquals(new float[] {-7, -6.75f, 0, 0, -6, -5.75f}, whole.toFloatArray());
      part.set(whole.view(ElementType.F32, Shape.of(2), 0));
      assertArrayEquals(new float[] {-7, -6.75f}, part.toFloatArray());
      assertArrayEquals(
          new float[3], Tensor.zeros(device, ElementType.F32, Shape.of(3)).toFloatArray());
    }
  }

  @Test
  void copiesGoBetweenContexts() {
    try (Context other = Context.builder().device(device.device()).threads(1).build();
        Scope a = Scope.open(device);
        Scope b = Scope.open(host);
        Scope c = Scope.open(other)) {
      Tensor tensor = Tensor.of(host, numbers(8), 2, 2, 2);
      Tensor there = tensor.copyTo(device);
      Tensor beside = there.copyTo(other);
      Tensor back = beside.copyTo(host);
      assertEquals(other, beside.context());
      assertArrayEquals(tensor.toFloatArray(), back.toFloatArray());
      back.fillZero();
      there.set(back);
      assertArrayEquals(new float[8], there.toFloatArray());
      Image image = new Image(tensor, Geometry.of(new int[] {2, 2, 2}, new double[] {1, 1, 1}));
      assertEquals(image.geometry(), image.copyTo(device).geometry());
      assertThrows(IllegalArgumentException.class, () -> Ssd.value(there, beside, null));
    }
  }

  @Test
  void operationsAgreeWithTheHosts() {
    try (Scope scope = Scope.open(device);
        Scope on = Scope.open(host)) {
      Tensor fixed = Tensor.of(host, numbers(60), 3, 4, 5);
      Tensor warped = Tensor.of(host, new float[60], 3, 4, 5);
      double expected = Ssd.value(fixed, warped, null);
      double value = Ssd.value(fixed.copyTo(device), warped.copyTo(device), null);
      assertEquals(expected, value, 4e-6 * expected);
    }
  }

  @Test
  void memoryIsCountedAndLimited() {
    try (Context small =
        Context.builder().device(device.device()).threads(1).memoryLimit(1 << 20).build()) {
      assertEquals(1 << 20, small.memory().budget());
      try (Scope scope = Scope.open(small)) {
        Tensor.uninitialized(small, ElementType.U8, Shape.of(600_000));
        assertEquals(600_000, small.memory().inUse());
        assertThrows(
            OutOfMemoryException.class,
            () -> Tensor.uninitialized(small, ElementType.U8, Shape.of(600_000)));
        assertArrayEquals(numbers(5), Tensor.of(small, numbers(5), 5).toFloatArray());
      }
      assertEquals(0, small.memory().inUse());
      assertEquals(600_020, small.memory().highWater());
      small.trim();
    }
  }

  @Test
  void whatIsRecordedIsDoneAtEachReplay() {
    try (Scope scope = Scope.open(device)) {
      Tensor sum = Tensor.of(device, new float[] {1, 2, 3}, 3);
      Tensor step = Tensor.of(device, new float[] {1, 10, 100}, 3);
      Runnable work =
          () -> {
            try (Tensor next = sum.copy()) {
              Binary.apply(Binary.Function.ADD, sum, step, next);
              sum.set(next);
            }
          };
      try (Recording recording = device.record(work)) {
        assertArrayEquals(new float[] {1, 2, 3}, sum.toFloatArray());
        recording.replay();
        recording.replay();
        assertArrayEquals(new float[] {3, 22, 203}, sum.toFloatArray());
        step.fillZero();
        recording.replay();
        assertArrayEquals(new float[] {3, 22, 203}, sum.toFloatArray());
        assertEquals(36, device.memory().inUse(), "the tensor within stays with the recording");
        recording.close();
        assertThrows(IllegalStateException.class, recording::replay);
        assertEquals(24, device.memory().inUse());
      }
    }
  }

  @Test
  void whatWaitsIsNotRecorded() {
    try (Scope scope = Scope.open(device)) {
      Tensor tensor = Tensor.of(device, numbers(3), 3);
      for (Runnable work :
          new Runnable[] {
            tensor::toFloatArray,
            () -> Tensor.of(device, numbers(3), 3),
            device::synchronize,
            () ->
                Ssd.value(
                    tensor.view(ElementType.F32, Shape.of(1, 1, 3), 0),
                    tensor.view(ElementType.F32, Shape.of(1, 1, 3), 0),
                    null),
          }) {
        assertThrows(UnsupportedOperationException.class, () -> device.record(work));
      }
      assertArrayEquals(numbers(3), tensor.toFloatArray());
    }
    assertEquals(0, device.memory().inUse());
  }

  @Test
  void onTheHostARecordingIsTheWorkItself() {
    int[] runs = new int[1];
    try (Recording recording = host.record(() -> runs[0]++)) {
      recording.replay();
    }
    assertEquals(2, runs[0]);
  }
}
