package org.voxkern.transform;

import java.util.Arrays;
import org.voxkern.AffineMap;

/**
 * A general linear map. Parameters, as in ITK's AffineTransform: the matrix row by row (9), then
 * the translation in mm.
 */
public final class AffineTransform extends LinearTransform {
  private AffineTransform(double[] parameters, double[] center) {
    super(center, parameters, Arrays.copyOf(parameters, 9), Arrays.copyOfRange(parameters, 9, 12));
  }

  public static AffineTransform identity(double... center) {
    return fromParameters(new double[] {1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0}, center);
  }

  public static AffineTransform fromParameters(double[] parameters, double[] center) {
    return new AffineTransform(
        requireLength("affine parameters", parameters, 12), requireLength("a centre", center, 3));
  }

  /** The given map of physical points, its matrix acting about a centre. */
  public static AffineTransform of(AffineMap map, double... center) {
    double[] parameters = Arrays.copyOf(map.matrix(), 12);
    System.arraycopy(translationAbout(center, map), 0, parameters, 9, 3);
    return fromParameters(parameters, center);
  }

  @Override
  public AffineTransform withParameters(double... values) {
    return fromParameters(values, center());
  }

  @Override
  public AffineTransform withCenter(double... newCenter) {
    return of(toAffineMap(), newCenter);
  }

  @Override
  public AffineTransform inverse() {
    return of(toAffineMap().inverse(), center());
  }

  @Override
  public String itkName() {
    return "AffineTransform";
  }

  @Override
  int translationIndex() {
    return 9;
  }

  @Override
  double[] matrixDerivative(int parameter) {
    double[] derivative = new double[9];
    derivative[parameter] = 1;
    return derivative;
  }

  @Override
  int generality() {
    return 3;
  }
}
