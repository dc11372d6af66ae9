package org.voxkern.segmentation;

import java.util.List;
import org.voxkern.AffineMap;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Scope;
import org.voxkern.Tensor;
import org.voxkern.op.Warp3d;

/**
 * A chain of steps from a scan to what a network takes, and the way back for its labels. Immutable.
 *
 * <pre>{@code
 * Preprocessing steps =
 *     Preprocessing.of(new Reorient("RAS"), ResampleToSpacing.of(1, 1, 1), MinMax.ofRange());
 * Image input = steps.apply(scan);
 * Image labels = Preprocessing.restore(network.apply(input), scan.geometry());
 * }</pre>
 */
public final class Preprocessing {
  /**
   * Far less than any voxel, far more than rounding errors: a point half-way between two voxels
   * takes the later one wherever it lies.
   */
  private static final double TIE = 1e-6;

  private final List<PreprocessingStep> steps;

  private Preprocessing(List<PreprocessingStep> steps) {
    this.steps = steps;
  }

  public static Preprocessing of(PreprocessingStep... steps) {
    return new Preprocessing(List.of(steps));
  }

  public List<PreprocessingStep> steps() {
    return steps;
  }

  /**
   * The image after all steps, in the innermost scope; the image itself where no step changed it.
   *
   * @throws IllegalArgumentException if the image is not what a step works on, saying why
   */
  public Image apply(Image image) {
    try (Scope scope = Scope.open(image.context())) {
      Image now = image;
      for (PreprocessingStep step : steps) {
        Image next = step.apply(now);
        if (next.data() != now.data() && now.data() != image.data()) {
          now.data().close();
        }
        now = next;
      }
      if (now.data() != image.data()) {
        now.data().moveTo(scope.parent());
      }
      return now;
    }
  }

  /**
   * Labels brought onto a grid, as that of the scan before its steps: every voxel takes the label
   * that lies nearest to it in the patient, 0 where there is none. What steps only permuted,
   * flipped or cut off comes back exactly.
   *
   * @param labels of any element type but f16 and bf16, which they keep
   */
  public static Image restore(Image labels, Geometry grid) {
    AffineMap toLabels =
        AffineMap.translation(TIE, TIE, TIE)
            .after(labels.geometry().physicalToIndex())
            .after(grid.indexToPhysical());
    Tensor restored =
        Tensor.uninitialized(labels.context(), labels.type(), GridResampling.shape(labels, grid));
    Warp3d.builder()
        .interpolation(Warp3d.Interpolation.NEAREST)
        .indexMap(toLabels)
        .build()
        .apply(labels.data(), null, null, null, restored, null);
    return new Image(restored, grid);
  }
}
