package org.voxkern.train;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Tensor;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Weights;
import org.voxkern.metrics.LabelOverlap;
import org.voxkern.op.Convert;
import org.voxkern.segmentation.SlidingWindow;

/**
 * 1 less the mean Dice of what a network says of whole volumes, window by window: over the classes
 * but the background, 0, that a volume has or is said to have, then over the volumes. Voxels whose
 * class is negative do not count.
 */
public final class SegmentationScore implements Validation {
  private final Graph network;
  private final SlidingWindow windows;
  private final List<LabelledVolume> volumes;

  private SegmentationScore(Graph network, SlidingWindow windows, List<LabelledVolume> volumes) {
    this.network = network;
    this.windows = windows;
    this.volumes = List.copyOf(volumes);
  }

  /**
   * @param network as it was built, not in training, of one input
   * @param output the logits' name
   * @param volumes must live as long as this is used
   * @throws IllegalArgumentException if there is no such output, or no volume
   */
  public static SegmentationScore of(
      Graph network, String output, SlidingWindow windows, List<LabelledVolume> volumes) {
    if (volumes.isEmpty()) {
      throw new IllegalArgumentException("there is no volume to score a network by");
    }
    return new SegmentationScore(Trainer.only(network, output), windows, volumes);
  }

  @Override
  public double measure(Weights weights) {
    double sum = 0;
    for (LabelledVolume volume : volumes) {
      sum += dice(weights, volume).values().stream().mapToDouble(d -> d).average().orElse(1);
    }
    return 1 - sum / volumes.size();
  }

  /** Dice of each class but the background that a volume has or is said to have. */
  public SortedMap<Integer, Double> dice(Weights weights, LabelledVolume volume) {
    try (Scope scope = Scope.open(volume.image().context())) {
      return dice(labels(weights, volume.image()), volume.classes());
    }
  }

  /**
   * What the network says of an image (C, D, H, W): (D, H, W), in the innermost scope of the
   * image's context. Where the weights are of another, the network runs there.
   */
  public Tensor labels(Weights weights, Tensor image) {
    Context on = weights.context().orElse(image.context());
    if (on == image.context()) {
      return windows.labels(network, weights, image);
    }
    try (Scope there = Scope.open(on)) {
      return windows
          .labels(network, weights, image.copyTo(there.context()))
          .copyTo(image.context());
    }
  }

  /**
   * Dice of each class but the background that is there or said to be there.
   *
   * @param labels of any integer type
   * @param classes alike in shape, i32
   */
  public static SortedMap<Integer, Double> dice(Tensor labels, Tensor classes) {
    try (Scope scope = Scope.open(classes.context())) {
      int[] said = Convert.to(labels, ElementType.I32).toIntArray();
      int[] truth = classes.toIntArray();
      for (int voxel = 0; voxel < said.length; voxel++) {
        // Together outside of every class.
        said[voxel] = truth[voxel] < 0 ? 0 : said[voxel];
        truth[voxel] = Math.max(0, truth[voxel]);
      }
      long[] sizes = classes.shape().toArray();
      return new TreeMap<>(
          LabelOverlap.of(
                  Tensor.of(scope.context(), truth, sizes), Tensor.of(scope.context(), said, sizes))
              .diceByLabel());
    }
  }
}
