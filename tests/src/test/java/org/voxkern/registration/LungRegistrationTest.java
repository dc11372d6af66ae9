package org.voxkern.registration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Image;
import org.voxkern.Images;
import org.voxkern.itk.ImageIo;
import org.voxkern.metrics.PointSet;
import org.voxkern.metrics.TargetRegistrationError;
import org.voxkern.op.Jacobian;
import org.voxkern.testing.Requirement;

/** A real pair of thorax CTs, by its landmarks. */
class LungRegistrationTest {
  @Test
  void alignsTheLandmarksOfTwoBreathingStates() throws IOException {
    Path data = Requirement.dataSet("lung-ct");
    try (Context context = Context.create()) {
      Image fixed = read(context, data.resolve("3DCT_lung_baseline.mha"));
      Image moving = read(context, data.resolve("3DCT_lung_followup.mha"));
      Image fixedMask = mask(context, data.resolve("3DCT_lung_baseline_mask.mha"));
      Image movingMask = mask(context, data.resolve("3DCT_lung_followup_mask.mha"));
      RegistrationResult result =
          Registration.builder()
              .transform(TransformKind.DEFORMABLE)
              .fixedMask(fixedMask)
              .movingMask(movingMask)
              .build()
              .run(fixed, moving);
      TargetRegistrationError error =
          TargetRegistrationError.of(
              result.transform(),
              PointSet.readCsv(data.resolve("fixed_landmarks_lps_mm.csv")),
              PointSet.readCsv(data.resolve("moving_landmarks_lps_mm.csv")));
      assertTrue(error.mean() <= 1.18, error.toString());
      assertTrue(error.median() <= 1.0, error.toString());
      Jacobian.Statistics jacobian =
          Jacobian.statistics(
              result.deformation().orElseThrow().displacementMm(),
              Jacobian.gradientMap(fixed.geometry()),
              fixedMask.data());
      assertEquals(0, jacobian.nonpositive());
    }
  }

  /** Voxels outside the scanner's field of view hold -2048. */
  private static Image read(Context context, Path file) throws IOException {
    return Images.clamp(ImageIo.read(context, file, ElementType.F32), -1024, Float.MAX_VALUE);
  }

  private static Image mask(Context context, Path file) throws IOException {
    return Images.mask(ImageIo.read(context, file));
  }
}
