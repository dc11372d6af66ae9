package org.voxkern.bench.training;

import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Image;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.bench.registration.LabelPainter;
import org.voxkern.op.Convert;
import org.voxkern.op.Resize;
import org.voxkern.op.Warp3d;
import org.voxkern.train.BatchSource;

/**
 * Batches of one pair of scans, {@code moving} and {@code fixed}, (1, 1, D, H, W): a pair drawn at
 * random, both label maps deformed smoothly at random, and painted.
 */
final class PaintedPairs implements BatchSource {
  private static final double[] VOXELS = {1, 0, 0, 0, 1, 0, 0, 0, 1};

  /** Brings painted values to about 0 to 1. */
  private static final double BRIGHTNESS = 1.0 / 110;

  /** Nodes of the random deformation along each axis, and its deviation there, in voxels. */
  private static final int NODES = 6;

  private static final double DEVIATION = 1.5;

  private final List<BrainPair> pairs;
  private final long seed;

  PaintedPairs(List<BrainPair> pairs, long seed) {
    this.pairs = pairs;
    this.seed = seed;
  }

  @Override
  public Map<String, Tensor> batch(Context context, long index) {
    SplittableRandom random =
        new SplittableRandom(new SplittableRandom(seed).nextLong() + 0x9e3779b97f4a7c15L * index);
    BrainPair pair = pairs.get(random.nextInt(pairs.size()));
    return Map.of(
        "moving", scan(deformed(pair.moving(), random), random.nextLong()),
        "fixed", scan(deformed(pair.fixed(), random), random.nextLong()));
  }

  /** A painted scan as the network takes it, in the innermost scope. */
  static Tensor scan(Image labels, long seed) {
    try (Scope scope = Scope.open(labels.context())) {
      Image painted = LabelPainter.T1.paint(labels, seed);
      Tensor scaled = Convert.to(painted.data(), ElementType.F32, BRIGHTNESS, 0);
      Tensor batch =
          Tensor.uninitialized(
              labels.context(), ElementType.F32, scaled.shape().prepend(1).prepend(1));
      batch.set(scaled);
      return batch.moveTo(scope.parent());
    }
  }

  private static Image deformed(Image labels, SplittableRandom random) {
    float[] nodes = new float[3 * NODES * NODES * NODES];
    for (int i = 0; i < nodes.length; i++) {
      nodes[i] = (float) (DEVIATION * random.nextGaussian());
    }
    Shape space = labels.data().shape();
    Tensor coarse = Tensor.of(labels.context(), nodes, 1, 3, NODES, NODES, NODES);
    Tensor field =
        Tensor.uninitialized(labels.context(), ElementType.F32, space.prepend(3).prepend(1));
    Resize.builder(Resize.Mode.LINEAR)
        .coordinates(Resize.Coordinates.ALIGN_CORNERS)
        .build()
        .apply(coarse, field);
    return warped(labels, field.view(ElementType.F32, space.prepend(3), 0));
  }

  /**
   * Labels at each voxel plus its displacement, in the innermost scope.
   *
   * @param displacement (3, D, H, W) in voxels
   */
  static Image warped(Image labels, Tensor displacement) {
    Tensor result = Tensor.uninitialized(labels.context(), labels.type(), labels.data().shape());
    Warp3d.builder()
        .interpolation(Warp3d.Interpolation.NEAREST)
        .displacementMap(VOXELS)
        .build()
        .apply(labels.data(), null, displacement, null, result, null);
    return new Image(result, labels.geometry());
  }
}
