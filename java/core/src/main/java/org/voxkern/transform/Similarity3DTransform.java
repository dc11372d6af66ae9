package org.voxkern.transform;

import org.voxkern.AffineMap;

/**
 * A rotation and an isotropic scaling about a centre, and a translation. Parameters, as in ITK's
 * Similarity3DTransform: the vector part of the unit quaternion, the translation in mm, the scale.
 *
 * <p>The quaternion is treated as in {@link VersorRigid3DTransform}. The scale is positive.
 */
public final class Similarity3DTransform extends LinearTransform {
  private Similarity3DTransform(double[] parameters, double[] center) {
    super(
        center,
        parameters,
        Rotations.scaled(Rotations.ofVersor(parameters), parameters[6]),
        new double[] {parameters[3], parameters[4], parameters[5]});
  }

  public static Similarity3DTransform identity(double... center) {
    return fromParameters(new double[] {0, 0, 0, 0, 0, 0, 1}, center);
  }

  /**
   * @throws IllegalArgumentException if the scale is not positive
   */
  public static Similarity3DTransform fromParameters(double[] parameters, double[] center) {
    double[] checked = requireLength("similarity parameters", parameters, 7);
    if (!(checked[6] > 0)) {
      throw new IllegalArgumentException(
          "similarity parameters: expected a positive scale, not " + checked[6]);
    }
    Rotations.shortenVersor(checked);
    return new Similarity3DTransform(checked, requireLength("a centre", center, 3));
  }

  /**
   * The given map of physical points as a turn and a scaling about a centre.
   *
   * @throws IllegalArgumentException if the map's matrix is no rotation times a positive number
   */
  public static Similarity3DTransform of(AffineMap map, double... center) {
    double scale = Math.cbrt(map.determinant());
    if (!(scale > 0)) {
      throw new IllegalArgumentException(
          "not a similarity: expected a positive determinant, not " + map.determinant());
    }
    double[] v =
        Rotations.toVersor(Rotations.requireRotation(Rotations.scaled(map.matrix(), 1 / scale)));
    double[] t = translationAbout(center, map);
    return fromParameters(new double[] {v[0], v[1], v[2], t[0], t[1], t[2], scale}, center);
  }

  public double scale() {
    return parameters()[6];
  }

  @Override
  public Similarity3DTransform withParameters(double... values) {
    return fromParameters(values, center());
  }

  @Override
  public Similarity3DTransform withCenter(double... newCenter) {
    double[] parameters = parameters();
    System.arraycopy(translationAbout(newCenter, toAffineMap()), 0, parameters, 3, 3);
    return fromParameters(parameters, newCenter);
  }

  @Override
  public Similarity3DTransform inverse() {
    double[] p = parameters();
    double[] t = translationAbout(center(), toAffineMap().inverse());
    return fromParameters(new double[] {-p[0], -p[1], -p[2], t[0], t[1], t[2], 1 / p[6]}, center());
  }

  @Override
  public String itkName() {
    return "Similarity3DTransform";
  }

  @Override
  int translationIndex() {
    return 3;
  }

  @Override
  double[] matrixDerivative(int parameter) {
    double[] p = parameters();
    return parameter == 6
        ? Rotations.ofVersor(p)
        : Rotations.scaled(Rotations.versorDerivative(p, parameter), p[6]);
  }

  @Override
  int generality() {
    return 2;
  }
}
