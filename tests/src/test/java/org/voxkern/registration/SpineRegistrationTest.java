package org.voxkern.registration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.voxkern.AffineMap;
import org.voxkern.Context;
import org.voxkern.DisplacementField;
import org.voxkern.ElementType;
import org.voxkern.Image;
import org.voxkern.Images;
import org.voxkern.Tensor;
import org.voxkern.itk.ImageIo;
import org.voxkern.metrics.LabelOverlap;
import org.voxkern.op.Warp3d;
import org.voxkern.testing.Requirement;

/** A T1- and a T2-weighted scan of one spine, by the manual masks of its cord. */
class SpineRegistrationTest {
  @ParameterizedTest
  @CsvSource({"RIGID, 0.88", "DEFORMABLE, 0.85"})
  void alignsTheCordAcrossContrasts(TransformKind kind, double leastDice) throws IOException {
    Path data = Requirement.dataSet("spine-sct");
    try (Context context = Context.create()) {
      Image fixed = ImageIo.read(context, data.resolve("t2/t2.nii.gz"), ElementType.F32);
      Image moving = ImageIo.read(context, data.resolve("t1/t1w.nii.gz"), ElementType.F32);
      Image fixedCord = cord(context, data.resolve("t2/t2_seg-manual.nii.gz"));
      Image movingCord = cord(context, data.resolve("t1/t1w_seg-manual.nii.gz"));
      RegistrationResult result = Registration.builder().transform(kind).build().run(fixed, moving);
      double before = dice(fixedCord, movingCord, AffineMap.identity(), null);
      double after =
          dice(
              fixedCord,
              movingCord,
              result.linear().toAffineMap(),
              result.deformation().orElse(null));
      assertTrue(after >= before, "Dice of the cord: " + before + " became " + after);
      assertTrue(after > leastDice, "Dice of the cord: " + after);
      assertTrue(result.metricAfter() > result.metricBefore(), result.toString());
      // One session, so the scans are right to a few mm as they lie; the cord alone would not tell
      // a slip along it, to the next vertebra.
      double[] center = fixed.geometry().center();
      double[] moved = result.linear().apply(center);
      for (int axis = 0; axis < 3; axis++) {
        assertEquals(center[axis], moved[axis], 5, "mm along axis " + axis);
      }
    }
  }

  private static Image cord(Context context, Path file) throws IOException {
    return Images.mask(ImageIo.read(context, file));
  }

  private static double dice(
      Image fixed, Image moving, AffineMap linear, DisplacementField displacement) {
    Tensor warped = Tensor.uninitialized(fixed.context(), ElementType.U8, fixed.geometry().shape());
    AffineMap toIndex = moving.geometry().physicalToIndex().after(linear);
    Warp3d.builder()
        .interpolation(Warp3d.Interpolation.NEAREST)
        .indexMap(toIndex.after(fixed.geometry().indexToPhysical()))
        .displacementMap(toIndex.matrix())
        .build()
        .apply(
            moving.data(),
            null,
            displacement == null ? null : displacement.displacementMm(),
            null,
            warped,
            null);
    return LabelOverlap.of(fixed.data(), warped).dice(1);
  }
}
