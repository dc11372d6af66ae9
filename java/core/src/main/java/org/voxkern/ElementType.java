package org.voxkern;

/** Element types of a {@link Tensor}, numbered as in the native library. */
public enum ElementType {
  BOOL(1),
  I8(1),
  U8(1),
  I16(2),
  U16(2),
  I32(4),
  U32(4),
  I64(8),
  U64(8),
  BF16(2),
  F16(2),
  F32(4),
  F64(8);

  private final int bytes;

  ElementType(int bytes) {
    this.bytes = bytes;
  }

  /** Size of one element in bytes. */
  public int bytes() {
    return bytes;
  }
}
