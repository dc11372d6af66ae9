package org.voxkern.segmentation;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Executable;
import org.voxkern.op.CopyStrided;
import org.voxkern.op.Flip;
import org.voxkern.op.TensorView;

/** Brings windows of a volume through a network, batch by batch, and hands on what it says. */
final class WindowRun {
  private final Executable executable;
  private final Tensor volume;
  private final Shape tiles;
  private final int[] mirror;
  private final WindowScores scores;
  private final ProgressListener listener;

  /**
   * @param volume (C, D, H, W), at least as large as a window
   * @param tiles (batch, C, z, y, x)
   */
  WindowRun(
      Executable executable,
      Tensor volume,
      Shape tiles,
      int[] mirror,
      WindowScores scores,
      ProgressListener listener) {
    this.executable = executable;
    this.volume = volume;
    this.tiles = tiles;
    this.mirror = mirror;
    this.scores = scores;
    this.listener = listener;
  }

  void run(WindowGrid[] grids) {
    List<long[]> windows = new ArrayList<>();
    for (long z : grids[0].starts()) {
      for (long y : grids[1].starts()) {
        for (long x : grids[2].starts()) {
          windows.add(new long[] {z, y, x});
        }
      }
    }
    int batch = (int) tiles.size(0);
    String input = executable.inputNames().iterator().next();
    String outputName = executable.outputNames().iterator().next();
    Shape outputShape = executable.outputShape(outputName);
    boolean mirrors = mirror.length > 0;
    try (Tensor tile = Tensor.zeros(volume.context(), ElementType.F32, tiles);
        Tensor output = Tensor.uninitialized(volume.context(), ElementType.F32, outputShape);
        Tensor flippedTile =
            mirrors ? Tensor.zeros(volume.context(), ElementType.F32, tiles) : null;
        Tensor flippedOutput =
            mirrors ? Tensor.uninitialized(volume.context(), ElementType.F32, outputShape) : null) {
      for (int at = 0; at < windows.size(); at += batch) {
        List<long[]> some = windows.subList(at, Math.min(at + batch, windows.size()));
        for (int i = 0; i < some.size(); i++) {
          read(some.get(i), tile, i);
        }
        for (int flips = 0; flips < 1 << mirror.length; flips++) {
          Tensor result = output;
          if (flips == 0) {
            executable.run(Map.of(input, tile), Map.of(outputName, output));
          } else {
            Flip flip = flip(flips);
            flip.apply(tile, flippedTile);
            executable.run(Map.of(input, flippedTile), Map.of(outputName, output));
            flip.apply(output, flippedOutput);
            result = flippedOutput;
          }
          // With every flip, so that one copy of what the network says is enough.
          for (int i = 0; i < some.size(); i++) {
            scores.add(some.get(i), result, i, 1.0 / (1 << mirror.length));
          }
        }
        listener.onProgress(at + some.size(), windows.size());
      }
      scores.finish();
    }
  }

  private Flip flip(int flips) {
    int[] axes = new int[Integer.bitCount(flips)];
    int count = 0;
    for (int i = 0; i < mirror.length; i++) {
      if ((flips >> i & 1) != 0) {
        axes[count++] = mirror[i] + 2;
      }
    }
    return Flip.of(axes);
  }

  private void read(long[] start, Tensor tile, int index) {
    TensorView from = TensorView.of(volume, volume.shape().prepend(1));
    for (int axis = 0; axis < 3; axis++) {
      from = from.slice(axis + 2, start[axis], tiles.size(axis + 2), 1);
    }
    CopyStrided.apply(from, TensorView.of(tile).slice(0, index, 1, 1));
  }
}
