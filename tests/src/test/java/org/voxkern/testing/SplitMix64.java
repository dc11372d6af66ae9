package org.voxkern.testing;

import java.nio.charset.StandardCharsets;

/** Seeded numbers, the same as those of {@code native/cases/random.h}. */
public final class SplitMix64 {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private long state;

  /** One stream for each name, so that adding an input to a case leaves the others as they were. */
  public SplitMix64(long seed, String name) {
    state = seed * GOLDEN ^ hashOf(name);
  }

  public long next() {
    state += GOLDEN;
    long z = state;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /** In [0, 1), 53 bits. */
  public double uniform() {
    return (next() >>> 11) * 0x1.0p-53;
  }

  public double uniform(double low, double high) {
    return low + (high - low) * uniform();
  }

  /** In [0, bound). */
  public long below(long bound) {
    return (long) (uniform() * bound);
  }

  /** FNV-1a over the bytes of the name. */
  private static long hashOf(String name) {
    long hash = 0xCBF29CE484222325L;
    for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xFF)) * 0x100000001B3L;
    }
    return hash;
  }
}
