package org.voxkern.oracle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.voxkern.AffineMap;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.itk.ImageIo;
import org.voxkern.op.Warp3d.Interpolation;
import org.voxkern.testing.Requirement;

/**
 * What SPM12's trilinear interpolation made of a big-endian anatomical scan whose affine had been
 * pre-multiplied by rotations of 0.1, 0.2 and 0.3 rad about z, y and x, and a translation of (3, 4,
 * 5) mm: nibabel's conformance files.
 */
class SpmResamplingTest {
  /**
   * SPM carries on up to 0.05 voxels beyond the outermost voxel centres and gives 0 or NaN further
   * out; ITK's rule, which is ours, reaches half a voxel. Compared is what lies between the
   * centres.
   */
  private static final double MARGIN = 1e-4;

  /** x' = Rx Ry Rz x + t of nibabel's euler2mat(0.1, 0.2, 0.3), in RAS, turned into LPS. */
  private static AffineMap motion() {
    double[] z = {Math.cos(0.1), -Math.sin(0.1), 0, Math.sin(0.1), Math.cos(0.1), 0, 0, 0, 1};
    double[] y = {Math.cos(0.2), 0, Math.sin(0.2), 0, 1, 0, -Math.sin(0.2), 0, Math.cos(0.2)};
    double[] x = {1, 0, 0, 0, Math.cos(0.3), -Math.sin(0.3), 0, Math.sin(0.3), Math.cos(0.3)};
    double[] none = new double[3];
    AffineMap turn =
        AffineMap.of(x, none).after(AffineMap.of(y, none)).after(AffineMap.of(z, none));
    AffineMap flip = AffineMap.scale(-1, -1, 1);
    return flip.after(AffineMap.of(turn.matrix(), new double[] {3, 4, 5})).after(flip);
  }

  /**
   * The first file lies on the grid of the little-endian functional scan, the second on one that
   * bounds the moved scan, as SPM chose it.
   */
  @ParameterizedTest
  @CsvSource({"resampled_anat_moved.nii, functional.nii", "reoriented_anat_moved.nii, "})
  void trilinearResamplingIsThatOfSpm(String expected, String grid) throws IOException {
    Path folder = Requirement.dataSet("reg-anat-moved-nibabel");
    try (Context context = Context.create()) {
      Image anatomical = ImageIo.read(context, folder.resolve("anatomical.nii"), ElementType.F32);
      Image spm = ImageIo.read(context, folder.resolve(expected), ElementType.F32);
      Geometry onto = grid == null ? spm.geometry() : ImageIo.info(folder.resolve(grid)).geometry();
      assertTrue(onto.matches(spm.geometry(), 1e-4), onto + " and " + spm.geometry());
      // The scan moved, so a point of the grid is looked up where it was before.
      AffineMap back = motion().inverse();
      Image ours = Scene.warp(anatomical, back, null, onto, Interpolation.LINEAR, Double.NaN);
      check(ours, spm, anatomical.geometry().physicalToIndex().after(back), anatomical);
    }
  }

  private static void check(Image ours, Image spm, AffineMap toIndex, Image anatomical) {
    float[] a = ours.data().toFloatArray();
    float[] b = spm.data().toFloatArray();
    float brightest = 0;
    for (float value : anatomical.data().toFloatArray()) {
      brightest = Math.max(brightest, value);
    }
    int compared = 0;
    double largest = 0;
    for (int i = 0; i < a.length; i++) {
      double[] index = toIndex.apply(Scene.point(ours.geometry(), i));
      boolean between = true;
      for (int axis = 0; axis < 3; axis++) {
        double last = anatomical.geometry().size(axis) - 1;
        between &= index[axis] >= MARGIN && index[axis] <= last - MARGIN;
      }
      if (between) {
        compared++;
        largest = Math.max(largest, Math.abs(a[i] - b[i]));
      }
    }
    assertTrue(compared > a.length / 4, compared + " of " + a.length + " voxels compared");
    // Both are f32 of values up to 30393; the second file's own grid is rounded to f32, too.
    assertEquals(0, largest / brightest, 2e-6, "largest difference " + largest);
  }
}
