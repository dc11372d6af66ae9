package org.voxkern.bench.operation;

import org.voxkern.Shape;

/**
 * The size of a job, named after where it comes from, such as {@code brain:160x192x224}.
 *
 * @param size x, y, z
 */
public record Workload(int[] size) {

  /**
   * @throws IllegalArgumentException unless the text ends with three sizes
   */
  public static Workload of(String text) {
    String[] words = text.substring(text.indexOf(':') + 1).split("x");
    if (words.length != 3) {
      throw new IllegalArgumentException(text + ": expected NAME:WIDTHxHEIGHTxDEPTH");
    }
    return new Workload(
        new int[] {
          Integer.parseInt(words[0]), Integer.parseInt(words[1]), Integer.parseInt(words[2])
        });
  }

  /** (D, H, W). */
  public Shape shape() {
    return Shape.of(size[2], size[1], size[0]);
  }

  public long voxels() {
    return (long) size[0] * size[1] * size[2];
  }
}
