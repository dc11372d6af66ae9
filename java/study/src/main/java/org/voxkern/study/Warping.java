package org.voxkern.study;

import java.util.Optional;
import org.voxkern.AffineMap;
import org.voxkern.DisplacementField;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.BsplinePrefilter;
import org.voxkern.op.Convert;
import org.voxkern.op.Warp3d;
import org.voxkern.op.Warp3d.Interpolation;

/** Brings images onto other grids through transforms. */
public final class Warping {
  private Warping() {}

  /** Through a linear map of physical points, from the output grid to the image. */
  public static Image linear(
      Image image, AffineMap map, Geometry grid, Interpolation interpolation) {
    return warp(image, map, null, null, grid, interpolation);
  }

  /** Through a displacement field, onto its grid. */
  public static Image dense(Image image, DisplacementField field, Interpolation interpolation) {
    return dense(image, AffineMap.identity(), field, interpolation);
  }

  /** Through x &rarr; map(x) + u(x), onto the grid of u. */
  public static Image dense(
      Image image, AffineMap map, DisplacementField field, Interpolation interpolation) {
    return warp(image, map, field, AffineMap.identity(), field.geometry(), interpolation);
  }

  /** Through x &rarr; linear(x + u(x)), onto the grid of u. */
  public static Image deformed(
      Image image, AffineMap linear, DisplacementField deformation, Interpolation interpolation) {
    return warp(image, linear, deformation, linear, deformation.geometry(), interpolation);
  }

  /** Through x &rarr; map(x) + the linear part of fieldMap(u(x)). */
  private static Image warp(
      Image image,
      AffineMap map,
      DisplacementField field,
      AffineMap fieldMap,
      Geometry grid,
      Interpolation interpolation) {
    AffineMap toIndex = image.geometry().physicalToIndex();
    Warp3d.Builder warp =
        Warp3d.builder()
            .interpolation(interpolation)
            .indexMap(toIndex.after(map).after(grid.indexToPhysical()));
    if (field != null) {
      warp.displacementMap(toIndex.after(fieldMap).matrix());
    }
    Shape shape = image.components() == 1 ? grid.shape() : grid.shape().prepend(image.components());
    Tensor warped = Tensor.uninitialized(image.context(), ElementType.F32, shape);
    Tensor displacement = field == null ? null : field.displacementMm();
    if (interpolation == Interpolation.CUBIC_B_SPLINE) {
      try (Tensor coefficients =
          Tensor.uninitialized(image.context(), ElementType.F32, image.data().shape())) {
        BsplinePrefilter.apply(image.data(), Warp3d.Border.CONSTANT, coefficients);
        warp.build().apply(coefficients, null, displacement, null, warped, null);
      }
    } else {
      warp.build().apply(image.data(), null, displacement, null, warped, null);
    }
    return new Image(warped, grid);
  }

  /**
   * Label values, nearest neighbour, onto a grid.
   *
   * @param deformation before the linear map, on that grid; empty for the linear map alone
   */
  public static Image labels(
      Image labels, AffineMap map, Optional<DisplacementField> deformation, Geometry grid) {
    // Labels are small whole numbers, which f32 holds exactly.
    Image values = as(labels, ElementType.F32);
    Image warped =
        deformation.isPresent()
            ? deformed(values, map, deformation.get(), Interpolation.NEAREST)
            : linear(values, map, grid, Interpolation.NEAREST);
    return as(warped, labels.type());
  }

  /** An image with another element type, rounded and clamped; itself if it has that type. */
  public static Image as(Image image, ElementType type) {
    if (image.type() == type) {
      return image;
    }
    Tensor converted = Tensor.uninitialized(image.context(), type, image.data().shape());
    Convert.apply(image.data(), converted);
    return new Image(converted, image.geometry());
  }

  /** A displacement field brought onto another grid; beyond its own it goes on as at its edge. */
  public static DisplacementField field(DisplacementField field, Geometry grid) {
    Tensor onGrid =
        Tensor.uninitialized(
            field.displacementMm().context(), ElementType.F32, grid.shape().prepend(3));
    Warp3d.builder()
        .indexMap(field.geometry().physicalToIndex().after(grid.indexToPhysical()))
        .border(Warp3d.Border.CLAMP)
        .build()
        .apply(field.displacementMm(), null, null, null, onGrid, null);
    return new DisplacementField(onGrid, grid);
  }
}
