package org.voxkern.op;

import org.voxkern.ElementType;

/** A number as the bits of an element, in the low bytes. */
final class ElementBits {
  private ElementBits() {}

  /**
   * @throws UnsupportedOperationException of a number other than 0 in 16-bit floating point
   */
  static long of(String operation, ElementType type, double value) {
    switch (type) {
      case F32:
        return Float.floatToRawIntBits((float) value) & 0xFFFFFFFFL;
      case F64:
        return Double.doubleToRawLongBits(value);
      case F16:
      case BF16:
        if (value != 0) {
          throw new UnsupportedOperationException(
              operation + ": " + type + " is filled with 0 only, not with " + value);
        }
        return 0;
      default:
        return (long) value;
    }
  }
}
