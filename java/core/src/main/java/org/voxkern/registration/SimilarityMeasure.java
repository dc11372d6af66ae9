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

  /** Whether larger values mean more alike. */
  public boolean largerIsBetter() {
    return this != SSD;
  }
}
