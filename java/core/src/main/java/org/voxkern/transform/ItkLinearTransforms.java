package org.voxkern.transform;

import java.util.Arrays;
import org.voxkern.AffineMap;

/** Builds linear transforms from ITK's type name, parameters and fixed parameters. */
final class ItkLinearTransforms {
  private ItkLinearTransforms() {}

  static LinearTransform create(String itkType, double[] parameters, double[] fixedParameters) {
    int underscore = itkType.indexOf('_');
    String name = underscore < 0 ? itkType : itkType.substring(0, underscore);
    if (underscore >= 0 && !itkType.endsWith("_3_3")) {
      throw new IllegalArgumentException(
          "transform type " + itkType + ": expected one of three dimensions, ending in _3_3");
    }
    // Older files leave out the centre of a transform about the origin.
    double[] center =
        fixedParameters.length == 0 ? new double[3] : Arrays.copyOf(fixedParameters, 3);
    double[] p = parameters;
    switch (name) {
      case "IdentityTransform":
        return TranslationTransform.identity();
      case "TranslationTransform":
        return TranslationTransform.of(p);
      case "Euler3DTransform":
        if (fixedParameters.length > 3 && fixedParameters[3] != 0) {
          return fromZyx(p, center);
        }
        return Euler3DTransform.fromParameters(p, center);
      case "VersorTransform":
        LinearTransform.requireLength("VersorTransform parameters", p, 3);
        return VersorRigid3DTransform.fromParameters(Arrays.copyOf(p, 6), center);
      case "VersorRigid3DTransform":
        return VersorRigid3DTransform.fromParameters(p, center);
      case "Similarity3DTransform":
        return Similarity3DTransform.fromParameters(p, center);
      case "ScaleTransform":
        LinearTransform.requireLength("ScaleTransform parameters", p, 3);
        return AffineTransform.fromParameters(
            new double[] {p[0], 0, 0, 0, p[1], 0, 0, 0, p[2], 0, 0, 0}, center);
      case "AffineTransform":
      case "MatrixOffsetTransformBase":
        return AffineTransform.fromParameters(p, center);
      default:
        throw new IllegalArgumentException(
            "transform type "
                + itkType
                + ": expected a linear one (TranslationTransform, Euler3DTransform,"
                + " VersorTransform, VersorRigid3DTransform, Similarity3DTransform,"
                + " ScaleTransform or AffineTransform)");
    }
  }

  /** Euler angles with ComputeZYX on: the matrix is Rz Ry Rx. */
  private static LinearTransform fromZyx(double[] parameters, double[] center) {
    double[] p = LinearTransform.requireLength("Euler3DTransform parameters", parameters, 6);
    double[] matrix =
        Rotations.multiply(
            Rotations.aboutAxis(2, p[2]),
            Rotations.multiply(Rotations.aboutAxis(1, p[1]), Rotations.aboutAxis(0, p[0])));
    AffineMap rotation = AffineMap.of(matrix, new double[3]);
    double[] turned = rotation.apply(center);
    double[] offset = new double[3];
    for (int i = 0; i < 3; i++) {
      offset[i] = p[3 + i] + center[i] - turned[i];
    }
    return Euler3DTransform.of(AffineMap.of(matrix, offset), center);
  }
}
