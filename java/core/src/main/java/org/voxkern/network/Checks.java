package org.voxkern.network;

import java.util.Arrays;

/** Checks of a network's numbers. */
final class Checks {
  private Checks() {}

  static void positive(String network, String what, long... numbers) {
    if (numbers.length == 0 || Arrays.stream(numbers).anyMatch(number -> number < 1)) {
      throw new IllegalArgumentException(
          network + ": " + what + " " + Arrays.toString(numbers) + ", expected positive numbers");
    }
  }

  static void that(boolean condition, String network, String message) {
    if (!condition) {
      throw new IllegalArgumentException(network + ": " + message);
    }
  }
}
