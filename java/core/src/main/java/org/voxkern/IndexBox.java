package org.voxkern;

import java.util.Arrays;

/**
 * A box of voxels of a grid.
 *
 * @param first index x, y, z of its first voxel
 * @param size voxels along x, y, z, at least 1
 */
public record IndexBox(int[] first, int[] size) {
  public IndexBox {
    if (first.length != 3 || size.length != 3) {
      throw new IllegalArgumentException("a box has three first indices and three sizes");
    }
    first = first.clone();
    size = size.clone();
    for (int extent : size) {
      if (extent < 1) {
        throw new IllegalArgumentException(
            "a box of " + Arrays.toString(size) + " voxels: expected at least 1 along each axis");
      }
    }
  }

  @Override
  public int[] first() {
    return first.clone();
  }

  @Override
  public int[] size() {
    return size.clone();
  }

  /** Grown by this many voxels on every side, as far as the grid reaches. */
  public IndexBox grow(int voxels, Geometry grid) {
    int[] begin = new int[3];
    int[] extent = new int[3];
    for (int axis = 0; axis < 3; axis++) {
      begin[axis] = Math.max(0, first[axis] - voxels);
      extent[axis] = Math.min(grid.size(axis), first[axis] + size[axis] + voxels) - begin[axis];
    }
    return new IndexBox(begin, extent);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof IndexBox box
        && Arrays.equals(first, box.first)
        && Arrays.equals(size, box.size);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(first) + Arrays.hashCode(size);
  }

  @Override
  public String toString() {
    return Arrays.toString(size) + " voxels from " + Arrays.toString(first);
  }
}
