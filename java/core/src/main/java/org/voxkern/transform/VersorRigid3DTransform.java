package org.voxkern.transform;

import java.util.Arrays;
import org.voxkern.AffineMap;

/**
 * A rotation about a centre and a translation. Parameters, as in ITK's VersorRigid3DTransform: the
 * vector part of the unit quaternion (axis times the sine of half the angle), then the translation
 * in mm.
 *
 * <p>The quaternion's scalar part is taken as non-negative. A vector part of length 1 or more is
 * scaled back to just below it, as ITK does. Derivatives grow without bound towards a half turn.
 */
public final class VersorRigid3DTransform extends LinearTransform {
  private VersorRigid3DTransform(double[] parameters, double[] center) {
    super(center, parameters, Rotations.ofVersor(parameters), Arrays.copyOfRange(parameters, 3, 6));
  }

  public static VersorRigid3DTransform identity(double... center) {
    return fromParameters(new double[6], center);
  }

  public static VersorRigid3DTransform fromParameters(double[] parameters, double[] center) {
    double[] checked = requireLength("versor parameters", parameters, 6);
    Rotations.shortenVersor(checked);
    return new VersorRigid3DTransform(checked, requireLength("a centre", center, 3));
  }

  /**
   * The given map of physical points as a turn about a centre.
   *
   * @throws IllegalArgumentException if the map's matrix is no rotation
   */
  public static VersorRigid3DTransform of(AffineMap map, double... center) {
    double[] r = Rotations.requireRotation(map.matrix());
    double[] parameters = Arrays.copyOf(Rotations.toVersor(r), 6);
    System.arraycopy(translationAbout(center, map), 0, parameters, 3, 3);
    return fromParameters(parameters, center);
  }

  @Override
  public VersorRigid3DTransform withParameters(double... values) {
    return fromParameters(values, center());
  }

  @Override
  public VersorRigid3DTransform withCenter(double... newCenter) {
    double[] parameters = parameters();
    System.arraycopy(translationAbout(newCenter, toAffineMap()), 0, parameters, 3, 3);
    return fromParameters(parameters, newCenter);
  }

  @Override
  public VersorRigid3DTransform inverse() {
    double[] p = parameters();
    double[] t = translationAbout(center(), Rotations.inverseOfRigid(toAffineMap()));
    return fromParameters(new double[] {-p[0], -p[1], -p[2], t[0], t[1], t[2]}, center());
  }

  @Override
  public String itkName() {
    return "VersorRigid3DTransform";
  }

  @Override
  int translationIndex() {
    return 3;
  }

  @Override
  double[] matrixDerivative(int parameter) {
    return Rotations.versorDerivative(parameters(), parameter);
  }

  @Override
  int generality() {
    return 1;
  }
}
