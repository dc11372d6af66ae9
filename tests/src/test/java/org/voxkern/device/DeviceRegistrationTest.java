package org.voxkern.device;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.voxkern.AffineMap;
import org.voxkern.Context;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.registration.DeformationModel;
import org.voxkern.registration.Phantom;
import org.voxkern.registration.Registration;
import org.voxkern.registration.RegistrationResult;
import org.voxkern.registration.SimilarityMeasure;
import org.voxkern.registration.TransformKind;
import org.voxkern.transform.Euler3DTransform;

/** Registrations of 32 x 32 x 32 voxels whose images go up once and whose results come down. */
class DeviceRegistrationTest {
  private static final AffineMap TRUTH =
      Euler3DTransform.fromParameters(new double[] {0.05, -0.04, 0.06, 2, -1.5, 2}, new double[3])
          .toAffineMap();

  private static Geometry grid() {
    double spacing = 3.6;
    double origin = -spacing * 15.5;
    return Geometry.of(
        new int[] {32, 32, 32},
        new double[] {spacing, spacing, spacing},
        new double[] {origin, origin, origin},
        new double[] {1, 0, 0, 0, 1, 0, 0, 0, 1});
  }

  private static RegistrationResult run(Context context, Registration registration) {
    AffineMap inverse = TRUTH.inverse();
    Image fixed = Phantom.image(context, grid(), p -> p, false);
    Image moving = Phantom.image(context, grid(), inverse::apply, false);
    return registration.run(fixed, moving);
  }

  /** Where the corners of a box in the scene go, mm. */
  private static float[] points(RegistrationResult result) {
    float[] points = new float[24];
    for (int corner = 0; corner < 8; corner++) {
      double[] at =
          result
              .transform()
              .apply(
                  (corner & 1) * 40 - 20, (corner >> 1 & 1) * 40 - 20, (corner >> 2 & 1) * 40 - 20);
      for (int axis = 0; axis < 3; axis++) {
        points[3 * corner + axis] = (float) at[axis];
      }
    }
    return points;
  }

  private static void compare(double ofLargest, Registration registration) {
    OnBoth.compare(
        ofLargest,
        context -> {
          RegistrationResult result = run(context, registration);
          Map<String, float[]> found = new LinkedHashMap<>();
          found.put("points", points(result));
          found.put("measure", new float[] {(float) result.metricAfter()});
          result
              .deformation()
              .ifPresent(field -> found.put("field", field.displacementMm().toFloatArray()));
          return found;
        });
  }

  @Test
  void aRigidOne() {
    compare(
        1e-4,
        Registration.builder()
            .transform(TransformKind.RIGID)
            .measure(SimilarityMeasure.MATTES_MI)
            .biasFieldDegree(0)
            .linearIterations(10)
            .build());
  }

  @Test
  void aDeformableOne() {
    compare(
        1e-4,
        Registration.builder()
            .transform(TransformKind.DEFORMABLE)
            .measure(SimilarityMeasure.SSD)
            .deformableMeasure(SimilarityMeasure.SSD)
            .deformationModel(DeformationModel.B_SPLINE)
            .controlSpacingMm(20)
            .linearIterations(8)
            .deformableIterations(6)
            .build());
  }
}
