package org.voxkern.registration;

import java.util.Optional;
import org.voxkern.Geometry;
import org.voxkern.Tensor;

/** A dense displacement field as a differentiable function of B-spline coefficients in mm. */
interface FieldModel {
  /** Writes the displacement (3, D, H, W) in mm on a level's grid. */
  void evaluate(Tensor coefficients, Geometry level, Tensor displacement);

  /**
   * The adjoint: from dL/d displacement, as last evaluated, to dL/d coefficients. May overwrite its
   * input.
   */
  void gradient(Tensor byDisplacement, Geometry level, Tensor byCoefficients);

  /** Weight of the penalty on small Jacobian determinants; 0 where the model cannot fold. */
  double foldingWeight();

  /**
   * The stationary velocity (3, D, H, W) in mm, which belongs to the scope that is open; empty
   * where the model has none.
   */
  Optional<Tensor> velocity(Tensor coefficients, Geometry level);
}
