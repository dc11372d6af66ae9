package org.voxkern.study.report;

import java.util.ArrayList;
import java.util.List;
import org.voxkern.DisplacementField;
import org.voxkern.Geometry;
import org.voxkern.Image;

/**
 * The pictures and numbers of one registration, for {@link HtmlReport} and {@link PngReport}.
 *
 * <p>Reads the images' memory only while it is made.
 */
public final class Report {
  /** Pixels of the longest side of a picture. */
  private static final int LONGEST_SIDE = 300;

  /** About so many grid lines along the longest side. */
  private static final int GRID_LINES = 26;

  private static final double[] GRID_SPACINGS_MM = {1, 2, 2.5, 5, 10, 20, 25, 50, 100};

  private final List<SlicePictures> slices;
  private final double gridSpacingMm;
  private final boolean deformable;

  private Report(List<SlicePictures> slices, double gridSpacingMm, boolean deformable) {
    this.slices = slices;
    this.gridSpacingMm = gridSpacingMm;
    this.deformable = deformable;
  }

  /**
   * Draws the pictures.
   *
   * @param moving the moving image on its own grid
   * @param warped the moving image on the fixed grid, through the transform found
   * @param displacement what the grid picture shows: the deformation, or the whole linear mapping
   * @param jacobian determinant on the fixed grid, or null when it is the same everywhere
   */
  public static Report draw(
      Image fixed, Image moving, Image warped, DisplacementField displacement, Image jacobian) {
    Volume fixedVolume = new Volume(fixed);
    Volume movingVolume = new Volume(moving);
    Volume warpedVolume = new Volume(warped);
    Volume[] field = new Volume[3];
    for (int component = 0; component < 3; component++) {
      field[component] = new Volume(displacement.toImage(), component);
    }
    Volume determinant = jacobian == null ? null : new Volume(jacobian);
    Window fixedWindow = Window.of(fixedVolume);
    Window movingWindow = Window.of(movingVolume);
    double spacing = gridSpacing(fixed.geometry());
    List<SlicePlane> planes =
        SlicePlane.through(fixed.geometry(), middle(fixedVolume, fixedWindow), LONGEST_SIDE);
    int field0 = SlicePictures.fieldPixels(LONGEST_SIDE);
    List<SlicePictures> slices =
        planes.parallelStream()
            .map(
                plane -> {
                  float[] ground = fixedWindow.apply(plane.sample(fixedVolume));
                  return SlicePictures.draw(
                      plane,
                      ground,
                      movingWindow.apply(plane.sample(movingVolume)),
                      movingWindow.apply(plane.sample(warpedVolume)),
                      DeformedGrid.draw(plane, ground, field, determinant, spacing),
                      field0);
                })
            .toList();
    return new Report(new ArrayList<>(slices), spacing, jacobian != null);
  }

  List<SlicePictures> slices() {
    return slices;
  }

  double gridSpacingMm() {
    return gridSpacingMm;
  }

  boolean deformable() {
    return deformable;
  }

  private static double gridSpacing(Geometry geometry) {
    double longest = 0;
    for (int axis = 0; axis < 3; axis++) {
      longest = Math.max(longest, geometry.size(axis) * geometry.spacing(axis));
    }
    for (double spacing : GRID_SPACINGS_MM) {
      if (longest / spacing <= GRID_LINES + 4) {
        return spacing;
      }
    }
    return longest / GRID_LINES;
  }

  /** Centre of mass of what is brighter than a fifth of the window: the middle of the anatomy. */
  private static double[] middle(Volume volume, Window window) {
    Geometry geometry = volume.geometry();
    float threshold = window.low() + 0.2f * (window.high() - window.low());
    int[] step = new int[3];
    for (int axis = 0; axis < 3; axis++) {
      step[axis] = Math.max(1, geometry.size(axis) / 48);
    }
    double[] sum = new double[3];
    long count = 0;
    for (int z = 0; z < geometry.size(2); z += step[2]) {
      for (int y = 0; y < geometry.size(1); y += step[1]) {
        for (int x = 0; x < geometry.size(0); x += step[0]) {
          if (volume.at(x, y, z) > threshold) {
            sum[0] += x;
            sum[1] += y;
            sum[2] += z;
            count++;
          }
        }
      }
    }
    double[] middle = new double[3];
    for (int axis = 0; axis < 3; axis++) {
      middle[axis] = count == 0 ? (geometry.size(axis) - 1) / 2.0 : Math.rint(sum[axis] / count);
    }
    return middle;
  }
}
