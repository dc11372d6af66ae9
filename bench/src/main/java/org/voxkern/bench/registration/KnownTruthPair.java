package org.voxkern.bench.registration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Images;
import org.voxkern.IndexBox;
import org.voxkern.itk.ImageIo;
import org.voxkern.study.BadInputException;
import org.voxkern.study.Demo;
import org.voxkern.study.InputFiles;
import org.voxkern.study.Warping;
import org.voxkern.study.synthetic.Contrast;
import org.voxkern.study.synthetic.KnownTransform;
import org.voxkern.study.synthetic.KnownTransforms;
import org.voxkern.study.synthetic.SyntheticPair;
import org.voxkern.study.synthetic.TruthPoints;
import org.voxkern.transform.TranslationTransform;

/**
 * A real head T1 of 1 mm, and the same head seen through a transform known by its formula on an
 * oblique grid of 1 x 1 x 1.3 mm, inverted, with bias field and noise; both as files.
 *
 * <p>The fixed image is the scan without the neck; the moving one shows what the scan has there, so
 * that the fixed image's edge appears in neither.
 *
 * @param points voxels of the brain, of the fixed space
 */
record KnownTruthPair(
    PairKind kind, Path fixed, Path moving, KnownTransform truth, TruthPoints points) {
  private static final int MOST_POINTS = 40_000;

  /** From the base of the skull to the top of the head, 5.9 million voxels. */
  private static final IndexBox HEAD =
      new IndexBox(new int[] {8, 0, 11}, new int[] {165, 217, 166});

  /**
   * Makes the pair in a folder.
   *
   * @throws BadInputException if the scan is not installed
   */
  static KnownTruthPair make(PairKind kind, Path folder, long seed) throws IOException {
    Path scan = Path.of(Demo.TEMPLATES, "ch2.nii.gz");
    Path brain = Path.of(Demo.TEMPLATES, "ch2bet.nii.gz");
    Files.createDirectories(folder);
    try (Context context = Context.builder().build()) {
      Image whole = InputFiles.attempt(scan, () -> ImageIo.read(context, scan, ElementType.F32));
      Image fixed = Images.crop(whole, HEAD);
      Image mask = Images.crop(InputFiles.mask(context, brain), HEAD);
      KnownTransform truth = kind.truth(fixed.geometry(), seed);
      Geometry grid = KnownTransforms.obliqueGrid(fixed.geometry(), truth);
      Image moving = SyntheticPair.of(whole, truth, grid, Contrast.INVERTED, seed).moving();
      KnownTruthPair pair =
          new KnownTruthPair(
              kind,
              folder.resolve("fixed.nii"),
              folder.resolve("moving.nii"),
              truth,
              TruthPoints.inside(mask, MOST_POINTS, seed));
      ImageIo.write(Warping.as(fixed, ElementType.I16), pair.fixed);
      ImageIo.write(Warping.as(moving, ElementType.I16), pair.moving);
      return pair;
    }
  }

  /** Mean distance in mm when nothing is registered. */
  double errorBeforeMm() {
    return points.meanErrorMm(truth, TranslationTransform.identity());
  }
}
