package org.voxkern.itk;

import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Shape;

/**
 * What an image file says of itself, without its voxels.
 *
 * @param format name of the file format, e.g. {@code NIfTI-1}
 * @param dimension axes that the file has: 2, 3, or 4 with time
 * @param type element type after the file's own intensity scaling
 * @param pixelKind what the components mean
 * @param components values a voxel has
 * @param frames time points
 * @param timeStepSeconds time between frames; 0 where the file does not say
 * @param geometry where the voxels lie
 */
public record ImageInfo(
    String format,
    int dimension,
    ElementType type,
    PixelKind pixelKind,
    int components,
    int frames,
    double timeStepSeconds,
    Geometry geometry) {

  /** Shape of the tensor that reading gives: (T, C, D, H, W) without leading axes of size 1. */
  public Shape shape() {
    Shape shape = geometry.shape();
    if (components > 1 || frames > 1) {
      shape = shape.prepend(components);
    }
    return frames > 1 ? shape.prepend(frames) : shape;
  }
}
