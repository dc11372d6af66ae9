package org.voxkern.itk;

import java.nio.file.NoSuchFileException;
import java.util.Objects;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.Pointer;
import org.voxkern.AffineMap;
import org.voxkern.DisplacementField;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Tensor;
import org.voxkern.itk.internal.VoxkernItk;
import org.voxkern.itk.internal.vki_image_info;

/**
 * ITK's own resampling, named as in SimpleITK: an oracle and a baseline beside Voxkern's warp.
 *
 * <p>A point x of the reference grid takes the value of the image at T(x + u(x)), with T the linear
 * transform and u the displacement field, each the identity unless set. Works in F32. Immutable.
 */
public final class ResampleImageFilter {
  /** How values between voxel centres come about, numbered as in the native bridge. */
  public enum Interpolator {
    NEAREST_NEIGHBOR,
    LINEAR,
    /** Cubic B-spline through the voxels. */
    B_SPLINE
  }

  private final Geometry reference;
  private final Interpolator interpolator;
  private final double defaultPixelValue;
  private final AffineMap transform;
  private final DisplacementField displacement;

  private ResampleImageFilter(
      Geometry reference,
      Interpolator interpolator,
      double defaultPixelValue,
      AffineMap transform,
      DisplacementField displacement) {
    this.reference = reference;
    this.interpolator = interpolator;
    this.defaultPixelValue = defaultPixelValue;
    this.transform = transform;
    this.displacement = displacement;
  }

  /** Onto this grid, linear, 0 outside, by the identity. */
  public static ResampleImageFilter onto(Geometry reference) {
    Objects.requireNonNull(reference, "reference");
    return new ResampleImageFilter(reference, Interpolator.LINEAR, 0, AffineMap.identity(), null);
  }

  public ResampleImageFilter interpolator(Interpolator value) {
    return new ResampleImageFilter(reference, value, defaultPixelValue, transform, displacement);
  }

  /** What a point outside the image takes. */
  public ResampleImageFilter defaultPixelValue(double value) {
    return new ResampleImageFilter(reference, interpolator, value, transform, displacement);
  }

  /** From points of the reference's space to points of the image's, mm LPS. */
  public ResampleImageFilter transform(AffineMap value) {
    return new ResampleImageFilter(reference, interpolator, defaultPixelValue, value, displacement);
  }

  /** Added before the linear transform acts; null for none. */
  public ResampleImageFilter displacement(DisplacementField value) {
    return new ResampleImageFilter(reference, interpolator, defaultPixelValue, transform, value);
  }

  /**
   * @param image F32, one component, one time point
   * @throws IllegalArgumentException if the image is of another kind
   */
  public Image execute(Image image) {
    if (image.type() != ElementType.F32 || image.data().shape().rank() != 3) {
      throw new IllegalArgumentException(
          image + ": ITK resamples F32 images of one component and one time point here");
    }
    ItkLibrary.require();
    Tensor result = Tensor.uninitialized(image.context(), ElementType.F32, reference.shape());
    try (vki_image_info from = ImageIo.describe(image);
        vki_image_info onto = ImageIo.describe(new Image(result, reference));
        vki_image_info field =
            displacement == null ? null : ImageIo.describe(displacement.toImage());
        DoublePointer map = new DoublePointer(transform.toArray())) {
      Pointer offsets =
          displacement == null ? null : ItkLibrary.Address.of(displacement.displacementMm());
      int status =
          VoxkernItk.vki_resample(
              from,
              ItkLibrary.Address.of(image.data()),
              onto,
              map,
              field,
              offsets,
              interpolator.ordinal(),
              defaultPixelValue,
              image.context().threads(),
              ItkLibrary.Address.of(result));
      ItkLibrary.check(status, null);
      return new Image(result, reference);
    } catch (NoSuchFileException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
