package org.voxkern.train;

/** Checks of numbers that builders are given. */
final class Settings {
  private Settings() {}

  /** At least {@code low}. */
  static double atLeast(String what, double value, double low) {
    if (!(value >= low && value <= Float.MAX_VALUE)) {
      throw new IllegalArgumentException(what + " of " + value + ", expected " + low + " or more");
    }
    return value;
  }

  static double positive(String what, double value) {
    if (!(value > 0 && value <= Float.MAX_VALUE)) {
      throw new IllegalArgumentException(what + " of " + value + ", expected more than 0");
    }
    return value;
  }

  /** In [0, 1). */
  static double belowOne(String what, double value) {
    if (!(value >= 0 && value < 1)) {
      throw new IllegalArgumentException(what + " of " + value + ", expected 0 to below 1");
    }
    return value;
  }

  static long positive(String what, long value) {
    if (value < 1) {
      throw new IllegalArgumentException(what + " of " + value + ", expected 1 or more");
    }
    return value;
  }
}
