package org.voxkern.op;

/** A check that the operations on deformation fields share. */
final class FieldMaps {
  private FieldMaps() {}

  static void requireDisplacementMap(String operation, double[] displacementMap) {
    if (displacementMap.length != 9) {
      throw new IllegalArgumentException(
          operation
              + ": displacementMap has "
              + displacementMap.length
              + " values, expected 9, row-major");
    }
  }
}
