package org.voxkern.study.segmentation;

import org.voxkern.segmentation.Conform;
import org.voxkern.segmentation.MinMax;
import org.voxkern.segmentation.Preprocessing;
import org.voxkern.segmentation.Reorient;
import org.voxkern.segmentation.ZScore;

/** What a family of networks takes, and how it is run. */
public enum Preset {
  /**
   * Networks of brainchop: FreeSurfer's grid of 256&sup3; voxels of 1 mm, turned as they were
   * trained, intensities from 0 to 1; the whole volume at once.
   */
  MESHNET(Preprocessing.of(new Conform(), new Reorient("AIL"), MinMax.ofRange())),
  /** The same, with intensities between percentiles 2 and 98. */
  MESHNET_QUANTILE(Preprocessing.of(new Conform(), new Reorient("AIL"), new MinMax(2, 98))),
  /** nnU-Net on scans of one spacing: z-scores, overlapping windows. */
  NNUNET(Preprocessing.of(new ZScore(false)), 128, 128, 128),
  /** The image as it is; the whole volume at once. */
  RAW(Preprocessing.of());

  private final Preprocessing steps;
  private final long[] window;

  Preset(Preprocessing steps, long... window) {
    this.steps = steps;
    this.window = window;
  }

  public Preprocessing steps() {
    return steps;
  }

  /** Whether the network runs in windows unless told otherwise. */
  public boolean windows() {
    return window.length > 0;
  }

  /** Sizes along z, y, x; none where the whole volume runs at once. */
  public long[] window() {
    return window.clone();
  }
}
