package org.voxkern.oracle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.voxkern.AffineMap;
import org.voxkern.Context;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.itk.baseline.ImageRegistrationMethod;
import org.voxkern.itk.baseline.ImageRegistrationMethod.Method;
import org.voxkern.registration.Phantom;
import org.voxkern.testing.Requirement;
import org.voxkern.transform.AffineTransform;
import org.voxkern.transform.Euler3DTransform;
import org.voxkern.transform.Transform;

/** ITK's own registration runs from Java and finds what it should. */
class ItkRegistrationTest {
  private static final AffineMap RIGID =
      Euler3DTransform.fromParameters(new double[] {0.06, -0.05, 0.08, 3, -2, 2.5}, new double[3])
          .toAffineMap();

  /** Mean distance, mm, between a transform and the truth over points of the scene. */
  private static double error(Transform found, AffineMap truth) {
    double sum = 0;
    int count = 0;
    for (double x = -20; x <= 20; x += 10) {
      for (double y = -20; y <= 20; y += 10) {
        for (double z = -20; z <= 20; z += 10) {
          double[] a = found.apply(x, y, z);
          double[] b = truth.apply(x, y, z);
          sum += Math.hypot(Math.hypot(a[0] - b[0], a[1] - b[1]), a[2] - b[2]);
          count++;
        }
      }
    }
    return sum / count;
  }

  @ParameterizedTest
  @EnumSource(Method.class)
  void bringsTheImagesTogether(Method method) {
    Requirement.itkBaseline();
    boolean linear = method == Method.RIGID || method == Method.AFFINE;
    try (Context context = Context.create()) {
      Geometry grid = Phantom.fixedGrid();
      Image fixed = Phantom.image(context, grid, p -> p, false);
      // Demons need one contrast; mutual information does not.
      Image moving =
          Phantom.image(
              context, Phantom.movingGrid(), RIGID.inverse()::apply, method != Method.DEMONS);
      ImageRegistrationMethod registration = ImageRegistrationMethod.of(method);
      if (method == Method.B_SPLINE) {
        registration = coarse(registration);
      }
      if (method == Method.AFFINE) {
        // The finest level would take 8 s.
        registration = registration.levels(new double[] {4, 2}, new double[] {2, 1});
      }
      ImageRegistrationMethod.Result result = registration.execute(fixed, moving);
      double before = error(AffineTransform.of(AffineMap.identity(), 0, 0, 0), RIGID);
      double after = error(result.transform(), RIGID);
      assertTrue(after < (linear ? 0.05 : 0.5) * before, before + " mm became " + after);
      assertEquals(method == Method.DEMONS, result.metricValue().isEmpty());
      assertTrue(result.secondsRegistration() > 0, result.toString());
    }
  }

  /** ITK's B-spline takes 10 s and more with every level and a finer grid. */
  private static ImageRegistrationMethod coarse(ImageRegistrationMethod registration) {
    return registration
        .levels(new double[] {2}, new double[] {2})
        .gridSpacingMm(45)
        .metricSamplingPercentage(0.3, 5)
        .iterations(15);
  }

  /** Demons and the B-spline go on from a linear transform. */
  @ParameterizedTest
  @EnumSource(names = {"B_SPLINE", "DEMONS"})
  void startsFromAnInitialTransform(Method method) {
    Requirement.itkBaseline();
    AffineMap far = AffineMap.translation(60, -45, 30);
    AffineMap truth = far.after(RIGID);
    try (Context context = Context.create()) {
      Image fixed = Phantom.image(context, Phantom.fixedGrid(), p -> p, false);
      Geometry near = Phantom.movingGrid();
      Geometry grid =
          Geometry.of(near.size(), near.spacing(), far.apply(near.origin()), near.direction());
      Image moving = Phantom.image(context, grid, truth.inverse()::apply, false);
      ImageRegistrationMethod registration =
          ImageRegistrationMethod.of(method)
              .movingInitialTransform(AffineTransform.of(far, 0, 0, 0));
      Transform found =
          (method == Method.B_SPLINE ? coarse(registration) : registration)
              .execute(fixed, moving)
              .transform();
      double before = error(AffineTransform.of(far, 0, 0, 0), truth);
      double after = error(found, truth);
      assertTrue(after < 0.5 * before, before + " mm became " + after);
    }
  }

  @Test
  void refusesWhatItkDoesNotTake() {
    assertThrows(
        IllegalArgumentException.class,
        () ->
            ImageRegistrationMethod.of(Method.RIGID)
                .movingInitialTransform(AffineTransform.identity(0, 0, 0)));
    assertThrows(
        IllegalArgumentException.class,
        () -> ImageRegistrationMethod.of(Method.B_SPLINE).levels(new double[] {2}, new double[0]));
  }

  @Test
  void saysHowToBuildAMissingProgram() {
    String before = System.setProperty("voxkern.itk.baseline", "/nowhere/voxkern_itk_baseline");
    try (Context context = Context.create()) {
      Image image = Phantom.image(context, Phantom.fixedGrid(), p -> p, false);
      UnsupportedOperationException refusal =
          assertThrows(
              UnsupportedOperationException.class,
              () -> ImageRegistrationMethod.of(Method.RIGID).execute(image, image));
      assertTrue(refusal.getMessage().contains("ninja"), refusal.getMessage());
    } finally {
      if (before == null) {
        System.clearProperty("voxkern.itk.baseline");
      } else {
        System.setProperty("voxkern.itk.baseline", before);
      }
    }
  }
}
