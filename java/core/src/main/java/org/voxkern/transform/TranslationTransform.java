package org.voxkern.transform;

/** x &rarr; x + t. Parameters: t in mm. The centre is the origin and plays no part. */
public final class TranslationTransform extends LinearTransform {
  private TranslationTransform(double[] translation) {
    super(new double[3], translation, new double[] {1, 0, 0, 0, 1, 0, 0, 0, 1}, translation);
  }

  public static TranslationTransform identity() {
    return of(0, 0, 0);
  }

  /**
   * @param parameters t in mm
   */
  public static TranslationTransform of(double... parameters) {
    return new TranslationTransform(requireLength("translation parameters", parameters, 3));
  }

  @Override
  public TranslationTransform withParameters(double... values) {
    return of(values);
  }

  /** This transform: it has no use for a centre. */
  @Override
  public TranslationTransform withCenter(double... newCenter) {
    requireLength("a centre", newCenter, 3);
    return this;
  }

  @Override
  public TranslationTransform inverse() {
    double[] t = parameters();
    return of(-t[0], -t[1], -t[2]);
  }

  @Override
  public String itkName() {
    return "TranslationTransform";
  }

  @Override
  public double[] itkFixedParameters() {
    return new double[0];
  }

  @Override
  int translationIndex() {
    return 0;
  }

  @Override
  double[] matrixDerivative(int parameter) {
    throw new AssertionError(parameter);
  }

  @Override
  int generality() {
    return 0;
  }
}
