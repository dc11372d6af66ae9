package org.voxkern;

import java.util.Objects;

/**
 * A 3D image: voxels and where they lie.
 *
 * <p>The tensor is (D, H, W) for one value a voxel, (C, D, H, W) for C components (RGB, vectors),
 * and (T, C, D, H, W) with a time axis. An image does not own its tensor: the tensor's scope does.
 * A 2D image has depth 1.
 */
public final class Image {
  private final Tensor data;
  private final Geometry geometry;

  /**
   * @throws IllegalArgumentException if the tensor's last three sizes are not the geometry's
   */
  public Image(Tensor data, Geometry geometry) {
    this.data = Objects.requireNonNull(data, "data");
    this.geometry = Objects.requireNonNull(geometry, "geometry");
    Shape shape = data.shape();
    int rank = shape.rank();
    boolean fits =
        rank >= 3
            && rank <= 5
            && shape.size(rank - 1) == geometry.size(0)
            && shape.size(rank - 2) == geometry.size(1)
            && shape.size(rank - 3) == geometry.size(2);
    if (!fits) {
      throw new IllegalArgumentException(
          "a tensor of shape " + shape + " does not fit a grid of " + geometry);
    }
  }

  public Tensor data() {
    return data;
  }

  public Geometry geometry() {
    return geometry;
  }

  public ElementType type() {
    return data.type();
  }

  public Context context() {
    return data.context();
  }

  /** A copy in the memory of another context, in its innermost scope. */
  public Image copyTo(Context target) {
    return new Image(data.copyTo(target), geometry);
  }

  /** Values a voxel has: 1 for a plain image, 3 for RGB or a vector image. */
  public int components() {
    int rank = data.shape().rank();
    return rank == 3 ? 1 : (int) data.shape().size(rank - 4);
  }

  /** Time points. */
  public int frames() {
    return data.shape().rank() == 5 ? (int) data.shape().size(0) : 1;
  }

  @Override
  public String toString() {
    return "Image " + data.type() + " x " + components() + ", " + geometry;
  }
}
