package org.voxkern.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;

/** The error that a caller accepts chooses the implementation, and stays with the options. */
class Conv3dAccuracyTest {
  private static final Shape INPUT = Shape.of(1, 32, 32, 32, 32);
  private static final Shape WEIGHTS = Shape.of(32, 32, 3, 3, 3);
  private static Context context;

  @BeforeAll
  static void open() {
    context = Context.create();
  }

  @AfterAll
  static void close() {
    context.close();
  }

  private static Conv3d.Builder same() {
    return Conv3d.builder().padding(1, 1, 1);
  }

  private static String chosen(Conv3d convolution) {
    return convolution.implementation(context, ElementType.F32, INPUT, WEIGHTS);
  }

  /** Whether values are rounded to bfloat16, and what is left of them is not multiplied. */
  private static boolean rounds(String implementation) {
    return implementation.equals("cpu-amx-bf16") || implementation.startsWith("cpu-bf16-");
  }

  @Test
  void theUsualErrorAllowsTilesOfFourOrTwoPartsOfBfloat16() {
    String name = chosen(same().build());
    assertTrue(name.startsWith("cpu-winograd-4x4x4") || name.equals("cpu-amx-bf16x3"), name);
  }

  @Test
  void theMostAccurateIsDirect() {
    String name = chosen(same().accuracy(Conv3d.MOST_ACCURATE).build());
    assertFalse(name.contains("winograd") || name.contains("bf16"), name);
  }

  /** With a stride, which Winograd does not take. */
  @Test
  void aLargeErrorAllowsBfloat16WhereTheProcessorHasIt() {
    Conv3d.Builder strided = same().stride(2, 2, 2);
    String usual = chosen(strided.build());
    String name = chosen(strided.accuracy(Conv3d.BFLOAT16_ACCURACY).build());
    assertFalse(rounds(usual), usual);
    assertTrue(rounds(name) || name.equals(usual), name);
  }

  @Test
  void itStaysWithTheOptions() {
    Conv3d exact = same().accuracy(Conv3d.MOST_ACCURATE).build();
    assertEquals(Conv3d.MOST_ACCURATE, exact.toBuilder().build().accuracy());
    Conv3dTransposed transposed = Conv3dTransposed.builder().accuracy(Conv3d.MOST_ACCURATE).build();
    assertEquals(Conv3d.MOST_ACCURATE, transposed.toBuilder().build().accuracy());
  }

  @Test
  void nonsenseIsRefused() {
    for (double value : new double[] {0, -1, Double.NaN}) {
      assertThrows(IllegalArgumentException.class, () -> same().accuracy(value).build());
    }
  }
}
