package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.op.GridSample;

/** What the operations take, from one case line; the same as in {@code grid_sample_case.cpp}. */
final class GridSampleSetup {
  final GridSample operation;
  final Shape image;
  final Shape gridShape;
  final Shape sampled;
  private final Case test;
  private final boolean alignCorners;
  private final boolean nearest;
  private final double reach;

  GridSampleSetup(Case test) {
    this.test = test;
    CaseLine line = test.line();
    long n = line.integer("n", 1);
    long channels = line.integer("channels", 1);
    boolean flat = line.flag("flat", false);
    long[] shape = sizes(line.shape("shape"), flat);
    long[] out = sizes(line.has("out") ? line.shape("out") : line.shape("shape"), flat);
    image = Shape.of(shape).prepend(channels).prepend(n);
    sampled = Shape.of(out).prepend(channels).prepend(n);
    long[] grid = new long[out.length + 2];
    grid[0] = n;
    System.arraycopy(out, 0, grid, 1, out.length);
    grid[grid.length - 1] = out.length;
    gridShape = Shape.of(grid);
    alignCorners = line.flag("align", false);
    reach = line.number("reach", 1.3);
    GridSample.Mode mode =
        switch (line.word("mode", "linear")) {
          case "nearest" -> GridSample.Mode.NEAREST;
          case "linear" -> GridSample.Mode.LINEAR;
          case "cubic" -> GridSample.Mode.CUBIC;
          default -> throw new IllegalArgumentException("unknown mode");
        };
    nearest = mode == GridSample.Mode.NEAREST;
    GridSample.Padding padding =
        switch (line.word("padding", "zeros")) {
          case "zeros" -> GridSample.Padding.ZEROS;
          case "border" -> GridSample.Padding.BORDER;
          default -> GridSample.Padding.REFLECTION;
        };
    operation = GridSample.of(mode, padding, alignCorners);
  }

  private static long[] sizes(Shape shape, boolean flat) {
    long[] all = shape.toArray();
    return flat ? new long[] {all[1], all[2]} : all;
  }

  Input grid() {
    Input input = test.uniform("grid", gridShape, -reach, reach);
    String word = test.line().word("grid", "random");
    int axes = (int) gridShape.size(gridShape.rank() - 1);
    for (int i = 0; i < input.count(); i++) {
      switch (word) {
        case "nan" -> {
          if (i % 7 == 0) {
            input.set(i, Double.NaN);
          }
        }
        case "inf" -> {
          if (i % 7 == 0) {
            input.set(i, i % 2 == 0 ? Double.POSITIVE_INFINITY : Double.NEGATIVE_INFINITY);
          }
        }
        case "voxels" -> input.set(i, voxelCentre(i, axes));
        case "cells" -> input.set(i, awayFromFaces(input.get(i), i % axes));
        case "bent", "torn" -> input.set(i, bent(i, axes));
        default -> {}
      }
    }
    return input;
  }

  private double bent(int i, int axes) {
    long[] at = new long[3];
    long position = i / axes;
    for (int r = 0; r < axes; r++) {
      long count = sampled.size(sampled.rank() - 1 - r);
      at[r] = position % count;
      position /= count;
    }
    int r = i % axes;
    boolean middle =
        at[0] == sampled.size(sampled.rank() - 1) / 2 && at[1] == 4 && at[2] == sampled.size(2) / 2;
    if (middle && test.line().word("grid", "").equals("torn")) {
      return 0.97 - 0.5 * r;
    }
    double count = sampled.size(sampled.rank() - 1 - r);
    double wave = Math.sin(0.2 * at[(r + 1) % axes] + 0.1 * at[(r + 2) % axes]);
    return reach * (2 * (at[r] + 0.5) / count - 1)
        + 2 * test.line().number("bend", 2) / size(r) * wave;
  }

  private long size(int axis) {
    return image.size(image.rank() - 1 - axis);
  }

  private double voxelCentre(int i, int axes) {
    long position = i / axes;
    for (int r = 0; r < i % axes; r++) {
      position /= sampled.size(sampled.rank() - 1 - r);
    }
    long count = sampled.size(sampled.rank() - 1 - i % axes);
    return 2 * (double) (position % count) / (double) (size(i % axes) - 1) - 1;
  }

  private double awayFromFaces(double coordinate, int axis) {
    double half = 0.5;
    double scale = alignCorners ? 0.5 * (double) (size(axis) - 1) : 0.5 * (double) size(axis);
    if (scale == 0) {
      return coordinate;
    }
    double p = coordinate * scale + 0.5 * (double) (size(axis) - 1);
    double cell = Math.floor(p / half);
    double moved = (cell + 0.25 + 0.5 * (p / half - cell)) * half;
    return (moved - 0.5 * (double) (size(axis) - 1)) / scale;
  }

  Bound bound(double steps) {
    double largest = 0;
    for (int r = 0; r < image.rank() - 2; r++) {
      largest = Math.max(largest, size(r));
    }
    return new Bound(
        0, 0, 2e-6 + steps * (Math.abs(reach) + 1) * largest * 6e-8, nearest ? 0.01 : 0);
  }
}
