package org.voxkern.oracle;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.voxkern.AffineMap;
import org.voxkern.Context;
import org.voxkern.DisplacementField;
import org.voxkern.Image;
import org.voxkern.itk.ResampleImageFilter;
import org.voxkern.itk.ResampleImageFilter.Interpolator;
import org.voxkern.itk.TransformIo;
import org.voxkern.itk.baseline.ItkOracle;
import org.voxkern.itk.baseline.ItkOracle.Mapping;
import org.voxkern.op.Warp3d.Interpolation;
import org.voxkern.testing.Requirement;
import org.voxkern.transform.AffineTransform;
import org.voxkern.transform.CompositeTransform;
import org.voxkern.transform.DisplacementFieldTransform;

/** Warped and resampled images are ITK's, between oblique anisotropic grids. */
class WarpOracleTest {
  private static final double FILL = -7.5;

  @TempDir Path folder;

  @BeforeAll
  static void itk() {
    Requirement.itkBaseline();
  }

  private static Interpolation ours(Interpolator interpolator) {
    return switch (interpolator) {
      case NEAREST_NEIGHBOR -> Interpolation.NEAREST;
      case LINEAR -> Interpolation.LINEAR;
      case B_SPLINE -> Interpolation.CUBIC_B_SPLINE;
    };
  }

  /** Against {@code WarpImageFilter}. */
  @ParameterizedTest
  @EnumSource(Interpolator.class)
  void denseWarp(Interpolator interpolator) {
    try (Context context = Context.create()) {
      Image moving = Scene.image(context, Scene.MOVING, v -> v, 3);
      DisplacementField field = Scene.field(context, Scene.FIXED, 9);
      Image warped =
          Scene.warp(moving, AffineMap.identity(), field, Scene.FIXED, ours(interpolator), FILL);
      Agreement.check(
          warped,
          ItkOracle.warp(moving, field, interpolator, FILL),
          moving,
          new DisplacementFieldTransform(field),
          interpolator == Interpolator.NEAREST_NEIGHBOR);
    }
  }

  /** Against {@code ResampleImageFilter}, in ITK's process and through the bridge. */
  @ParameterizedTest
  @EnumSource(Interpolator.class)
  void resamplingByALinearTransform(Interpolator interpolator) {
    boolean nearest = interpolator == Interpolator.NEAREST_NEIGHBOR;
    try (Context context = Context.create()) {
      Image moving = Scene.image(context, Scene.MOVING, v -> v, 4);
      AffineTransform affine = AffineTransform.of(Scene.AFFINE, 0, 0, 0);
      Path file = folder.resolve("affine.tfm");
      TransformIo.write(affine, file);
      Image warped = Scene.warp(moving, Scene.AFFINE, null, Scene.FIXED, ours(interpolator), FILL);
      Image itk = ItkOracle.apply(moving, Scene.FIXED, new Mapping(file, null), interpolator, FILL);
      Agreement.check(warped, itk, moving, affine, nearest);
      ResampleImageFilter bridge =
          ResampleImageFilter.onto(Scene.FIXED)
              .interpolator(interpolator)
              .defaultPixelValue(FILL)
              .transform(Scene.AFFINE);
      Agreement.check(warped, bridge.execute(moving), moving, affine, nearest);
    }
  }

  /** A field, then a linear transform, as a deformable registration leaves them. */
  @ParameterizedTest
  @EnumSource(Interpolator.class)
  void resamplingByAFieldAndALinearTransform(Interpolator interpolator) {
    try (Context context = Context.create()) {
      Image moving = Scene.image(context, Scene.MOVING, v -> v, 5);
      DisplacementField field = Scene.field(context, Scene.FIXED, 4);
      Image warped = Scene.warp(moving, Scene.AFFINE, field, Scene.FIXED, ours(interpolator), FILL);
      Image itk =
          ResampleImageFilter.onto(Scene.FIXED)
              .interpolator(interpolator)
              .defaultPixelValue(FILL)
              .transform(Scene.AFFINE)
              .displacement(field)
              .execute(moving);
      Agreement.check(
          warped,
          itk,
          moving,
          CompositeTransform.of(
              AffineTransform.of(Scene.AFFINE, 0, 0, 0), new DisplacementFieldTransform(field)),
          interpolator == Interpolator.NEAREST_NEIGHBOR);
    }
  }

  @Test
  void refusalsAreItksOwnWords() {
    Mapping missing = new Mapping(folder.resolve("missing.tfm"), null);
    assertThrows(
        IllegalArgumentException.class, () -> ItkOracle.points(missing, new double[] {1, 2, 3}));
  }
}
