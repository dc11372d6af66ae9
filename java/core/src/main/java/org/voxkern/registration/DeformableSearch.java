package org.voxkern.registration;

import java.util.Optional;
import org.voxkern.DisplacementField;
import org.voxkern.Image;

/** A deformation that is searched for from the coarsest level to the finest. */
interface DeformableSearch {
  /** Told after every step that was kept, with the measure in its own sign. */
  @FunctionalInterface
  interface Listener {
    void onIteration(int iteration, double measure);
  }

  /**
   * Improves the deformation on a level; levels come from coarse to fine.
   *
   * @return why it ended
   */
  String run(int level, Listener listener);

  /**
   * The displacement as it is, on the level's grid; the tensor belongs to the scope that is open.
   */
  DisplacementField displacement(int level);

  /** What was found, on the fixed grid; the tensors belong to the scope that is open. */
  Deformation result();

  /**
   * @param velocity (3, D, H, W), mm in unit time, whose flow the displacement is; empty where the
   *     model has none
   */
  record Deformation(DisplacementField displacement, Optional<Image> velocity) {}
}
