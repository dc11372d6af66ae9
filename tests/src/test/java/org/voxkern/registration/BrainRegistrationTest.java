package org.voxkern.registration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.voxkern.Context;
import org.voxkern.DisplacementField;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Tensor;
import org.voxkern.itk.ImageIo;
import org.voxkern.metrics.JacobianStatistics;
import org.voxkern.op.Statistics;
import org.voxkern.testing.Npz;
import org.voxkern.testing.Requirement;

/** Two people's T1 scans at full size: no truth is known, so what is asked for is plausibility. */
class BrainRegistrationTest {
  @Test
  void deformsOnePersonsBrainToAnothers() throws IOException {
    Path data = Requirement.dataSet("brain-t1");
    try (Context context = Context.create()) {
      Image fixed = scan(context, data.resolve("test_scan.npz"));
      Image moving = ImageIo.read(context, data.resolve("norm.mgz"), ElementType.F32);
      RegistrationResult affine =
          Registration.builder().transform(TransformKind.AFFINE).build().run(fixed, moving);
      RegistrationResult result =
          Registration.builder()
              .transform(TransformKind.DEFORMABLE)
              .initialTransform(affine.linear())
              .build()
              .run(fixed, moving);
      assertTrue(affine.metricAfter() > affine.metricBefore(), affine.toString());
      assertTrue(result.metricAfter() > affine.metricAfter(), result.toString());
      // People's heads differ in size by less than a third along each axis.
      double volume = affine.linear().toAffineMap().determinant();
      assertTrue(volume > 0.5 && volume < 2, "volumes change by " + volume);
      double[] center = result.transform().apply(middle(fixed));
      double[] expected = middle(moving);
      assertArrayEquals(expected, center, 10, "the brains' centres of mass, mm");
      DisplacementField field = result.deformation().orElseThrow();
      JacobianStatistics jacobian = JacobianStatistics.of(field, null);
      assertTrue(jacobian.nonpositiveFraction() < 0.001, jacobian.toString());
      assertTrue(jacobian.sdLog() < 0.5, jacobian.toString());
    }
  }

  /** The array's axes run to Left, Inferior and Anterior; 1 mm. */
  private static Image scan(Context context, Path file) throws IOException {
    Npz.Array array = Npz.read(file, "vol");
    float[] values = new float[array.values().length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) array.values()[i];
    }
    int[] shape = array.shape();
    // Columns are where x, y and z run, in LPS; the last axis of the array is x.
    double[] direction = {0, 0, 1, -1, 0, 0, 0, -1, 0};
    Geometry grid =
        Geometry.of(
            new int[] {shape[2], shape[1], shape[0]},
            new double[] {1, 1, 1},
            new double[3],
            direction);
    return new Image(Tensor.of(context, values, grid.shape().toArray()), grid);
  }

  private static double[] middle(Image image) {
    return image
        .geometry()
        .indexToPhysical()
        .apply(Statistics.of(image.data(), null, 0).centerOfMass());
  }
}
