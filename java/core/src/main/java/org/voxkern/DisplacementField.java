package org.voxkern;

/**
 * A dense deformation of physical space: a point x of the grid maps to x + u(x).
 *
 * <p>The tensor is f32 (3, D, H, W): the offsets along physical x, y and z in mm, LPS, from fixed
 * space to moving space. Offsets, never absolute positions.
 */
public final class DisplacementField {
  private final Tensor displacementMm;
  private final Geometry geometry;

  /**
   * @throws IllegalArgumentException if the tensor is not f32 of shape (3, D, H, W) on the grid
   */
  public DisplacementField(Tensor displacementMm, Geometry geometry) {
    if (displacementMm.type() != ElementType.F32
        || !displacementMm.shape().equals(geometry.shape().prepend(3))) {
      throw new IllegalArgumentException(
          displacementMm
              + " is no displacement field on this grid: expected F32 "
              + geometry.shape().prepend(3));
    }
    this.displacementMm = displacementMm;
    this.geometry = geometry;
  }

  /** Offsets in mm, LPS, components x, y, z. */
  public Tensor displacementMm() {
    return displacementMm;
  }

  public Geometry geometry() {
    return geometry;
  }

  /** A copy in the memory of another context, in its innermost scope. */
  public DisplacementField copyTo(Context target) {
    return new DisplacementField(displacementMm.copyTo(target), geometry);
  }

  public Image toImage() {
    return new Image(displacementMm, geometry);
  }
}
