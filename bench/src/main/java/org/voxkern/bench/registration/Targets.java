package org.voxkern.bench.registration;

import java.util.Map;

/**
 * What Voxkern's registration aims at on a kind of pair.
 *
 * @param errorMm greatest error to the known truth
 * @param inMemorySeconds longest registration with images in memory
 * @param speed least ratio of a peer's time to ours, by the peer's name
 */
record Targets(double errorMm, double inMemorySeconds, Map<String, Double> speed) {

  static Targets of(PairKind kind) {
    return switch (kind) {
      case RIGID -> new Targets(0.03, 0.6, Map.of("elastix", 5.0, "plastimatch", 1.7));
      case AFFINE -> new Targets(0.02, 0.8, Map.of("elastix", 7.0, "plastimatch", 2.0));
      case DEFORMABLE -> new Targets(0.25, Double.NaN, Map.of("elastix", 6.0));
    };
  }
}
