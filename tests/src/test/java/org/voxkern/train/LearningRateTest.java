package org.voxkern.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class LearningRateTest {
  private static void assertRates(LearningRate rate, double... expected) {
    for (int step = 0; step < expected.length; step++) {
      assertEquals(expected[step], rate.at(step), 1e-12, "step " + step);
    }
  }

  @Test
  void schedulesFollowTheirFormulas() {
    assertRates(LearningRate.constant(0.3), 0.3, 0.3, 0.3);
    assertRates(LearningRate.poly(0.8, 4, 2), 0.8, 0.45, 0.2, 0.05, 0, 0);
    assertRates(LearningRate.poly(1, 2, 0.9), 1, Math.pow(0.5, 0.9), 0);
    double high = 0.1 + 0.9 * (1 + Math.sqrt(0.5)) / 2;
    double low = 0.1 + 0.9 * (1 - Math.sqrt(0.5)) / 2;
    assertRates(LearningRate.cosine(1, 0.1, 4), 1, high, 0.55, low, 0.1, 0.1);
    assertRates(LearningRate.step(2, 2, 0.1), 2, 2, 0.2, 0.2, 0.02, 0.02);
  }

  @Test
  void schedulesCanBeJoined() {
    LearningRate warm = LearningRate.poly(0.8, 4, 2).afterWarmUp(4);
    assertRates(warm, 0.2, 0.4, 0.6, 0.8, 0.8, 0.45, 0.2, 0.05, 0, 0);
    assertRates(LearningRate.constant(1).afterWarmUp(0), 1, 1);
    LearningRate two = LearningRate.constant(1).then(2, LearningRate.step(0.5, 1, 0.5));
    assertRates(two, 1, 1, 0.5, 0.25, 0.125);
  }

  @Test
  void refusesNumbersOutOfRange() {
    for (Runnable wrong :
        List.<Runnable>of(
            () -> LearningRate.constant(0),
            () -> LearningRate.constant(Double.NaN),
            () -> LearningRate.poly(1, 0, 0.9),
            () -> LearningRate.poly(1, 10, -1),
            () -> LearningRate.cosine(1, 2, 10),
            () -> LearningRate.step(1, 10, 1.5),
            () -> LearningRate.constant(1).afterWarmUp(-1),
            () -> LearningRate.constant(1).then(-1, LearningRate.constant(1)))) {
      String message = assertThrows(IllegalArgumentException.class, wrong::run).getMessage();
      assertTrue(message.contains("expected"), message);
    }
  }
}
