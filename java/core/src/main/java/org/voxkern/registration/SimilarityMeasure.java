package org.voxkern.registration;

/** How alike fixed and warped image are; the sign says how it is reported. */
public enum SimilarityMeasure {
  /** Mattes mutual information in nats; larger is better. */
  MATTES_MI,
  /** Normalised mutual information (Studholme), 1 to 2; larger is better. */
  NMI,
  /** Global correlation, -1 to 1; larger is better. */
  NCC,
  /** Mean squared local correlation, 0 to 1; larger is better. */
  LNCC,
  /** Mean squared difference; smaller is better. */
  SSD;

  /**
   * Whether it takes one relation of intensities for the whole image, whatever its form. Local
   * correlations hardly notice a bias field; squared differences ask for equal intensities, which
   * no correction may touch.
   */
  boolean assumesOneRelation() {
    return this == MATTES_MI || this == NMI || this == NCC;
  }

  /** Whether larger values mean more alike. */
  public boolean largerIsBetter() {
    return this != SSD;
  }
}
