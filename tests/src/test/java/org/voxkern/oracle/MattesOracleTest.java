package org.voxkern.oracle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.voxkern.AffineMap;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Image;
import org.voxkern.Tensor;
import org.voxkern.itk.baseline.ItkOracle;
import org.voxkern.op.MutualInformation;
import org.voxkern.op.MutualInformation.Measure;
import org.voxkern.op.MutualInformation.OutsideRange;
import org.voxkern.op.MutualInformation.Parameters;
import org.voxkern.op.Statistics;
import org.voxkern.op.Warp3d;
import org.voxkern.testing.Requirement;

/** Mutual information is ITK's, on the same samples and bins. */
class MattesOracleTest {
  @BeforeAll
  static void itk() {
    Requirement.itkBaseline();
  }

  static Stream<Arguments> cases() {
    Stream.Builder<Arguments> cases = Stream.builder();
    for (String transform : new String[] {"identity", "affine", "far"}) {
      for (int bins : new int[] {8, 32, 50, 128}) {
        cases.add(Arguments.of(transform, bins, false, false));
      }
      cases.add(Arguments.of(transform, 32, true, false));
      cases.add(Arguments.of(transform, 32, false, true));
      cases.add(Arguments.of(transform, 50, true, true));
    }
    return cases.build();
  }

  private static AffineMap map(String name) {
    return switch (name) {
      case "identity" -> AffineMap.identity();
      case "affine" -> Scene.AFFINE;
      // About half of the fixed image stays within the moving one.
      case "far" -> AffineMap.translation(17.3, -11.9, 8.7).after(Scene.AFFINE);
      default -> throw new AssertionError(name);
    };
  }

  @ParameterizedTest(name = "{0}, {1} bins, fixed mask {2}, moving mask {3}")
  @MethodSource("cases")
  void valueIsThatOfItk(String transform, int bins, boolean fixedMasked, boolean movingMasked) {
    try (Context context = Context.create()) {
      Image fixed = Scene.image(context, Scene.FIXED, v -> v, 1);
      Image moving = Scene.image(context, Scene.MOVING, v -> 0.01 * v * v - v, 2);
      Image fixedMask = fixedMasked ? Scene.mask(context, Scene.FIXED, 24) : null;
      Image movingMask = movingMasked ? Scene.mask(context, Scene.MOVING, 21) : null;
      AffineMap map = map(transform);
      Tensor warped = Tensor.uninitialized(context, ElementType.F32, Scene.FIXED.shape());
      Tensor inside = Tensor.uninitialized(context, ElementType.U8, Scene.FIXED.shape());
      Warp3d.builder()
          .indexMap(Scene.MOVING.physicalToIndex().after(map).after(Scene.FIXED.indexToPhysical()))
          .domainMask(data(fixedMask))
          .build()
          .apply(moving.data(), data(movingMask), null, null, warped, inside);
      // ITK takes the ranges within the masks, and passes over what is outside the moving one.
      Statistics.Result f = Statistics.of(fixed.data(), data(fixedMask));
      Statistics.Result m = Statistics.of(moving.data(), data(movingMask));
      double value =
          MutualInformation.value(
              fixed.data(),
              warped,
              inside,
              new Parameters(
                  Measure.MATTES, bins, f.min(), f.max(), m.min(), m.max(), OutsideRange.IGNORED));
      ItkOracle.Mattes itk = ItkOracle.mattes(fixed, moving, map, bins, fixedMask, movingMask);
      assertTrue(itk.points() > 2000, itk.points() + " samples are too few for a fair comparison");
      assertEquals(itk.points(), counted(warped, inside, m), "samples");
      assertEquals(-itk.value(), value, 1e-4 * Math.abs(value));
    }
  }

  private static long counted(Tensor warped, Tensor inside, Statistics.Result range) {
    float[] values = warped.toFloatArray();
    byte[] counts = inside.toByteArray();
    long count = 0;
    for (int i = 0; i < values.length; i++) {
      if (counts[i] != 0 && values[i] >= range.min() && values[i] <= range.max()) {
        count++;
      }
    }
    return count;
  }

  private static Tensor data(Image mask) {
    return mask == null ? null : mask.data();
  }
}
