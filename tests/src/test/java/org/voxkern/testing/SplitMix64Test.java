package org.voxkern.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** The numbers are those that {@code native/cases/random.h} gives for the same seed and name. */
class SplitMix64Test {
  @Test
  void givesTheNumbersOfTheNativeRunner() {
    SplitMix64 random = new SplitMix64(7, "fixed");
    assertEquals(0x8fed871264d05011L, random.next());
    assertEquals(0x91e610cf93d0e542L, random.next());
    assertEquals(-23.071744722021805, random.uniform(-100, 100));
    random = new SplitMix64(1, "mask.hostile");
    assertEquals(0xfaf0a84790bd70c6L, random.next());
    assertEquals(196, random.below(255));
  }
}
