package org.voxkern.segmentation;

import java.util.Arrays;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Images;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.BsplinePrefilter;
import org.voxkern.op.Warp3d;

/** Brings images onto other grids in the same physical space. */
final class GridResampling {
  private GridResampling() {}

  static Shape shape(Image image, Geometry grid) {
    long[] sizes = image.data().shape().toArray();
    if (sizes.length > 4) {
      throw new IllegalArgumentException(
          image.frames() + " time points: expected an image without a time axis");
    }
    for (int axis = 0; axis < 3; axis++) {
      sizes[sizes.length - 1 - axis] = grid.size(axis);
    }
    return Shape.of(sizes);
  }

  /**
   * The f32 image on a grid, in the innermost scope.
   *
   * @param order of the spline: 0 nearest, 1 linear, 3 cubic
   */
  static Image onto(Image image, Geometry grid, int order, Warp3d.Border border) {
    Shape shape = shape(image, grid);
    Image values = Images.toFloat(image);
    Tensor samples = values.data();
    if (order == 3) {
      samples = Tensor.uninitialized(image.context(), values.type(), values.data().shape());
      BsplinePrefilter.apply(values.data(), border, samples);
    }
    Tensor resampled = Tensor.uninitialized(image.context(), values.type(), shape);
    Warp3d.builder()
        .interpolation(interpolation(order))
        .border(border)
        .indexMap(image.geometry().physicalToIndex().after(grid.indexToPhysical()))
        .build()
        .apply(samples, null, null, null, resampled, null);
    if (samples != values.data()) {
      samples.close();
    }
    if (values.data() != image.data()) {
      values.data().close();
    }
    return new Image(resampled, grid);
  }

  static Warp3d.Interpolation interpolation(int order) {
    return switch (order) {
      case 0 -> Warp3d.Interpolation.NEAREST;
      case 1 -> Warp3d.Interpolation.LINEAR;
      case 3 -> Warp3d.Interpolation.CUBIC_B_SPLINE;
      default ->
          throw new IllegalArgumentException(
              "interpolation of order " + order + ": expected 0, 1, 3");
    };
  }

  /** A grid with the same axes and middle, of this size and spacing. */
  static Geometry about(Geometry grid, int[] size, double[] spacing) {
    Geometry atOrigin = Geometry.of(size, spacing, new double[3], grid.direction());
    double[] origin = grid.center();
    double[] offset = atOrigin.center();
    Arrays.setAll(origin, axis -> origin[axis] - offset[axis]);
    return Geometry.of(size, spacing, origin, grid.direction());
  }
}
