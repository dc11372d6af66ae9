package org.voxkern.transform;

import java.util.Arrays;
import org.voxkern.AffineMap;

/**
 * A rotation about a centre and a translation. Parameters, as in ITK's Euler3DTransform: the angles
 * about x, y and z in radians, then the translation in mm.
 *
 * <p>The matrix is Rz Rx Ry: the point turns about y first, then x, then z, which is what ITK does
 * with ComputeZYX off. The angle about x is within &plusmn;&pi;/2 when taken from a matrix.
 */
public final class Euler3DTransform extends LinearTransform {
  private Euler3DTransform(double[] parameters, double[] center) {
    super(center, parameters, matrix(parameters), Arrays.copyOfRange(parameters, 3, 6));
  }

  public static Euler3DTransform identity(double... center) {
    return fromParameters(new double[6], center);
  }

  public static Euler3DTransform fromParameters(double[] parameters, double[] center) {
    return new Euler3DTransform(
        requireLength("Euler parameters", parameters, 6), requireLength("a centre", center, 3));
  }

  /**
   * The given map of physical points as a turn about a centre.
   *
   * @throws IllegalArgumentException if the map's matrix is no rotation
   */
  public static Euler3DTransform of(AffineMap map, double... center) {
    double[] r = Rotations.requireRotation(map.matrix());
    double[] parameters = Arrays.copyOf(angles(r), 6);
    System.arraycopy(translationAbout(center, map), 0, parameters, 3, 3);
    return fromParameters(parameters, center);
  }

  @Override
  public Euler3DTransform withParameters(double... values) {
    return fromParameters(values, center());
  }

  @Override
  public Euler3DTransform withCenter(double... newCenter) {
    double[] parameters = parameters();
    System.arraycopy(translationAbout(newCenter, toAffineMap()), 0, parameters, 3, 3);
    return fromParameters(parameters, newCenter);
  }

  @Override
  public Euler3DTransform inverse() {
    return of(Rotations.inverseOfRigid(toAffineMap()), center());
  }

  @Override
  public String itkName() {
    return "Euler3DTransform";
  }

  /** The centre, and 0 for ComputeZYX. */
  @Override
  public double[] itkFixedParameters() {
    return Arrays.copyOf(center(), 4);
  }

  @Override
  int translationIndex() {
    return 3;
  }

  @Override
  double[] matrixDerivative(int parameter) {
    double[] angles = parameters();
    double[][] factors = new double[3][];
    for (int axis = 0; axis < 3; axis++) {
      factors[axis] =
          axis == parameter
              ? Rotations.aboutAxisDerivative(axis, angles[axis])
              : Rotations.aboutAxis(axis, angles[axis]);
    }
    return Rotations.multiply(factors[2], Rotations.multiply(factors[0], factors[1]));
  }

  @Override
  int generality() {
    return 1;
  }

  private static double[] matrix(double[] parameters) {
    return Rotations.multiply(
        Rotations.aboutAxis(2, parameters[2]),
        Rotations.multiply(
            Rotations.aboutAxis(0, parameters[0]), Rotations.aboutAxis(1, parameters[1])));
  }

  private static double[] angles(double[] r) {
    double cosine = Math.hypot(r[6], r[8]);
    double x = Math.atan2(r[7], cosine);
    if (cosine > 5e-5) {
      return new double[] {x, Math.atan2(-r[6], r[8]), Math.atan2(-r[1], r[4])};
    }
    // With x at a right angle only a sum of the other two is determined; it is given to y.
    return new double[] {x, Math.atan2(r[2], r[0]), 0};
  }
}
