package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.testing.SplitMix64;

/** Lattice noise with quintic smoothstep: twice differentiable, and no transcendental function. */
final class SmoothNoise {
  private SmoothNoise() {}

  static void fill(Input input, SplitMix64 random, double cell, double low, double high) {
    if (input.count() == 0) {
      return;
    }
    Shape shape = input.shape();
    int rank = shape.rank();
    int depth = rank > 2 ? (int) shape.size(rank - 3) : 1;
    int height = rank > 1 ? (int) shape.size(rank - 2) : 1;
    int width = (int) shape.size(rank - 1);
    int cellsZ = latticeSize(depth, cell);
    int cellsY = latticeSize(height, cell);
    int cellsX = latticeSize(width, cell);
    int element = 0;
    for (int volume = 0; volume < input.count() / (depth * height * width); volume++) {
      double[] nodes = new double[cellsZ * cellsY * cellsX];
      for (int i = 0; i < nodes.length; i++) {
        nodes[i] = random.uniform(low, high);
      }
      for (int z = 0; z < depth; z++) {
        for (int y = 0; y < height; y++) {
          for (int x = 0; x < width; x++, element++) {
            int at = (below(z, cell) * cellsY + below(y, cell)) * cellsX + below(x, cell);
            int up = at + cellsY * cellsX;
            double tx = weight(x, cell);
            double ty = weight(y, cell);
            double front =
                mix(
                    mix(nodes[at], nodes[at + 1], tx),
                    mix(nodes[at + cellsX], nodes[at + cellsX + 1], tx),
                    ty);
            double back =
                mix(
                    mix(nodes[up], nodes[up + 1], tx),
                    mix(nodes[up + cellsX], nodes[up + cellsX + 1], tx),
                    ty);
            input.set(element, mix(front, back, weight(z, cell)));
          }
        }
      }
    }
  }

  private static int latticeSize(int voxels, double cell) {
    return (int) Math.ceil(voxels / cell) + 2;
  }

  private static int below(int voxel, double cell) {
    return (int) Math.floor(voxel / cell);
  }

  private static double weight(int voxel, double cell) {
    double t = voxel / cell - below(voxel, cell);
    return t * t * t * (t * (t * 6 - 15) + 10);
  }

  private static double mix(double from, double to, double t) {
    return from + (to - from) * t;
  }
}
