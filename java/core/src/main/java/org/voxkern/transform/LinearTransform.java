package org.voxkern.transform;

import java.util.Arrays;
import org.voxkern.AffineMap;

/**
 * A transform x &rarr; M (x - c) + c + t, with a centre c, a matrix M and a translation t.
 *
 * <p>The centre is no parameter; it only says about which point the matrix acts. Subclasses differ
 * in how their parameters give the matrix; parameters and their order are ITK's.
 */
public abstract sealed class LinearTransform implements Transform
    permits TranslationTransform,
        Euler3DTransform,
        VersorRigid3DTransform,
        Similarity3DTransform,
        AffineTransform {
  private final double[] center;
  private final double[] parameters;
  private final AffineMap map;

  LinearTransform(double[] center, double[] parameters, double[] matrix, double[] translation) {
    this.center = center;
    this.parameters = parameters;
    double[] offset = new double[3];
    for (int row = 0; row < 3; row++) {
      offset[row] = translation[row] + center[row];
      for (int column = 0; column < 3; column++) {
        offset[row] -= matrix[3 * row + column] * center[column];
      }
    }
    map = AffineMap.of(matrix, offset);
  }

  /** The point that the matrix leaves in place, mm LPS. */
  public final double[] center() {
    return center.clone();
  }

  /** In ITK's order. */
  public final double[] parameters() {
    return parameters.clone();
  }

  public final int parameterCount() {
    return parameters.length;
  }

  /** The transform as one map of physical points. */
  public final AffineMap toAffineMap() {
    return map;
  }

  @Override
  public final double[] apply(double... point) {
    return map.apply(point);
  }

  /** The same kind and centre with other parameters. */
  public abstract LinearTransform withParameters(double... values);

  /** The same map, its matrix acting about another point. */
  public abstract LinearTransform withCenter(double... newCenter);

  /**
   * The inverse, of the same kind, about the same centre.
   *
   * @throws ArithmeticException if the matrix is singular
   */
  public abstract LinearTransform inverse();

  /** ITK's name of the type without the parameters' precision, e.g. "Euler3DTransform". */
  public abstract String itkName();

  /** What ITK calls fixed parameters: the centre, and what else a type keeps there. */
  public double[] itkFixedParameters() {
    return center();
  }

  /**
   * Derivatives of the twelve numbers of {@link #toAffineMap()} (row by row) with respect to the
   * parameters: {@code [12][parameterCount()]}.
   */
  public final double[][] parameterJacobian() {
    double[][] jacobian = new double[12][parameters.length];
    int translation = translationIndex();
    for (int p = 0; p < parameters.length; p++) {
      if (p >= translation && p < translation + 3) {
        jacobian[4 * (p - translation) + 3][p] = 1;
        continue;
      }
      double[] derivative = matrixDerivative(p);
      for (int row = 0; row < 3; row++) {
        // The offset of the map is t + c - M c, so it moves with the matrix.
        for (int column = 0; column < 3; column++) {
          double d = derivative[3 * row + column];
          jacobian[4 * row + column][p] = d;
          jacobian[4 * row + 3][p] -= d * center[column];
        }
      }
    }
    return jacobian;
  }

  /**
   * The chain rule: from the gradient of a scalar with respect to the twelve numbers of the map to
   * its gradient with respect to the parameters.
   */
  public final double[] parameterGradient(double[] mapGradient) {
    requireLength("the gradient with respect to the map", mapGradient, 12);
    double[][] jacobian = parameterJacobian();
    double[] gradient = new double[parameters.length];
    for (int row = 0; row < 12; row++) {
      for (int p = 0; p < gradient.length; p++) {
        gradient[p] += jacobian[row][p] * mapGradient[row];
      }
    }
    return gradient;
  }

  /**
   * The transform that applies {@code first} and then this one, of the simplest kind that both are:
   * translation, rigid, similarity or affine. It has the centre of {@code first}.
   */
  public final LinearTransform after(LinearTransform first) {
    AffineMap composed = map.after(first.map);
    int kind = Math.max(generality(), first.generality());
    return switch (kind) {
      case 0 -> TranslationTransform.of(composed.translation());
      case 1 -> VersorRigid3DTransform.of(composed, first.center());
      case 2 -> Similarity3DTransform.of(composed, first.center());
      default -> AffineTransform.of(composed, first.center());
    };
  }

  /**
   * A transform from what ITK stores of it.
   *
   * @param itkType ITK's type name, with or without what follows the first underscore, e.g.
   *     "Euler3DTransform_double_3_3"
   * @throws IllegalArgumentException if the type is not a linear 3D one, or numbers are missing
   */
  public static LinearTransform ofItk(
      String itkType, double[] parameters, double[] fixedParameters) {
    return ItkLinearTransforms.create(itkType, parameters, fixedParameters);
  }

  /** Index of the first of the three translation parameters. */
  abstract int translationIndex();

  /** Derivative of the matrix, row by row, with respect to a parameter that is no translation. */
  abstract double[] matrixDerivative(int parameter);

  /** 0 for a translation, 1 for rigid, 2 for a similarity, 3 for affine. */
  abstract int generality();

  static double[] requireLength(String what, double[] values, int length) {
    if (values == null || values.length != length) {
      throw new IllegalArgumentException(
          what
              + ": expected "
              + length
              + " numbers, not "
              + (values == null ? "none" : String.valueOf(values.length)));
    }
    for (double value : values) {
      if (!Double.isFinite(value)) {
        throw new IllegalArgumentException(
            what + ": expected finite numbers, not " + Arrays.toString(values));
      }
    }
    return values.clone();
  }

  /** The translation t that gives a map this offset when its matrix acts about a centre. */
  static double[] translationAbout(double[] center, AffineMap map) {
    double[] moved = map.apply(center);
    return new double[] {moved[0] - center[0], moved[1] - center[1], moved[2] - center[2]};
  }

  @Override
  public final boolean equals(Object other) {
    return other instanceof LinearTransform transform
        && transform.getClass() == getClass()
        && Arrays.equals(parameters, transform.parameters)
        && Arrays.equals(center, transform.center);
  }

  @Override
  public final int hashCode() {
    return 31 * Arrays.hashCode(parameters) + Arrays.hashCode(center);
  }

  @Override
  public final String toString() {
    return itkName() + " " + Arrays.toString(parameters) + " about " + Arrays.toString(center);
  }
}
