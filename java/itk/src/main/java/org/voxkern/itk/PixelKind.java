package org.voxkern.itk;

/** What the components of a voxel mean, numbered as in the native bridge. */
public enum PixelKind {
  SCALAR,
  VECTOR,
  RGB,
  RGBA,
  /** Two components: real, imaginary. */
  COMPLEX,
  /** Upper triangle of a symmetric matrix, row by row. */
  SYMMETRIC_TENSOR
}
