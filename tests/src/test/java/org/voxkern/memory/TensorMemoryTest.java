package org.voxkern.memory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;

class TensorMemoryTest {
  @Test
  void aViewIsAPartOfItsTensor() {
    try (Context context = Context.create()) {
      Tensor whole = Tensor.of(context, new float[] {1, 2, 3, 4, 5, 6}, 6);
      Tensor part = whole.view(ElementType.F32, Shape.of(2, 2), 4);
      assertArrayEquals(new float[] {2, 3, 4, 5}, part.toFloatArray());
      assertEquals(whole.address() + 4, part.address());
      part.fillZero();
      assertArrayEquals(new float[] {1, 0, 0, 0, 0, 6}, whole.toFloatArray());
      Tensor last =
          whole.view(ElementType.F32, Shape.of(4), 8).view(ElementType.F32, Shape.of(2), 8);
      assertArrayEquals(new float[] {0, 6}, last.toFloatArray());
    }
  }

  @Test
  void theBudgetCountsBlocks() {
    try (Context context = Context.create()) {
      for (long bytes : new long[] {1, 4096, 4097, 2_097_151, 2_097_152, 20_000_001, 36_000_000}) {
        long before = context.memory().inUse();
        try (Tensor tensor = Tensor.uninitialized(context, ElementType.U8, Shape.of(bytes))) {
          assertEquals(Context.blockBytes(bytes), context.memory().inUse() - before, bytes + "");
        }
      }
    }
  }

  @Test
  void aViewLivesAsLongAsItsTensor() {
    try (Context context = Context.create()) {
      Tensor whole = Tensor.of(context, new int[] {1, 2, 3}, 3);
      long inUse = context.memory().inUse();
      Tensor part = whole.view(ElementType.I32, Shape.of(1), 8);
      try (Scope scope = Scope.open(context)) {
        assertThrows(IllegalStateException.class, () -> part.moveTo(scope));
      }
      part.close();
      assertThrows(IllegalStateException.class, part::toIntArray);
      assertEquals(inUse, context.memory().inUse());
      Tensor other = whole.view(ElementType.I32, Shape.of(3), 0);
      whole.close();
      assertTrue(other.isClosed());
      assertThrows(IllegalStateException.class, other::address);
      assertThrows(IllegalStateException.class, () -> whole.view(ElementType.I32, Shape.of(1), 0));
    }
  }

  @Test
  void refusesWhatReachesOutside() {
    try (Context context = Context.create()) {
      Tensor whole = Tensor.of(context, new float[3], 3);
      assertThrows(
          IndexOutOfBoundsException.class, () -> whole.view(ElementType.F32, Shape.of(3), 4));
      assertThrows(
          IndexOutOfBoundsException.class, () -> whole.view(ElementType.F32, Shape.of(1), -4));
      assertThrows(
          IllegalArgumentException.class, () -> whole.view(ElementType.F32, Shape.of(1), 2));
    }
  }
}
