package org.voxkern.registration;

import java.util.List;
import java.util.Optional;
import org.voxkern.DisplacementField;
import org.voxkern.transform.LinearTransform;
import org.voxkern.transform.Transform;

/**
 * What a registration found.
 *
 * <p>All transforms map fixed-space points to moving-space points, mm LPS. The field belongs to the
 * scope that was open when {@link Registration#run} was called.
 *
 * @param linear the linear part, T(x) = linear(x + u(x))
 * @param deformation u on the fixed grid, before the linear part; empty for linear registrations
 * @param metricBefore the measure under the starting transform, full resolution, in its own sign
 * @param metricAfter the measure under the transform found
 * @param levels every level of every stage, in order
 * @param secondsLinear wall time of initialisation, pyramid and linear stages
 * @param secondsDeformable wall time of the deformable stage
 */
public record RegistrationResult(
    LinearTransform linear,
    Optional<DisplacementField> deformation,
    double metricBefore,
    double metricAfter,
    List<LevelReport> levels,
    double secondsLinear,
    double secondsDeformable) {

  /** The whole mapping of points. */
  public Transform transform() {
    return deformation
        .<Transform>map(field -> RegistrationTransforms.compose(linear, field))
        .orElse(linear);
  }
}
