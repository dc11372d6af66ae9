package org.voxkern.registration;

import java.util.List;
import java.util.Optional;
import org.voxkern.Context;
import org.voxkern.DisplacementField;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Tensor;
import org.voxkern.op.Convert;
import org.voxkern.op.Exponential;
import org.voxkern.op.Invert;
import org.voxkern.transform.LinearTransform;
import org.voxkern.transform.Transform;

/**
 * What a registration found.
 *
 * <p>All transforms map fixed-space points to moving-space points, mm LPS. The fields belong to the
 * scope that was open when {@link Registration#run} was called.
 *
 * @param linear the linear part, T(x) = linear(x + u(x))
 * @param deformation u on the fixed grid, before the linear part; empty for linear registrations
 * @param velocity the stationary velocity v on the fixed grid, (3, D, H, W), mm in unit time, with
 *     u = exp(v) - id; empty unless the model {@linkplain DeformationModel#hasVelocity has one}
 * @param metricBefore the measure under the starting transform, full resolution, in its own sign;
 *     of a linear registration of 2 million voxels or more over every second one along each axis
 * @param metricAfter the measure under the transform found
 * @param levels every level of every stage, in order
 * @param secondsLinear wall time of initialisation, pyramid and linear stages
 * @param secondsDeformable wall time of the deformable stage
 */
public record RegistrationResult(
    LinearTransform linear,
    Optional<DisplacementField> deformation,
    Optional<Image> velocity,
    double metricBefore,
    double metricAfter,
    List<LevelReport> levels,
    double secondsLinear,
    double secondsDeformable) {
  private static final int INVERSE_ITERATIONS = 100;
  private static final double INVERSE_TOLERANCE_MM = 1e-3;

  /** The whole mapping of points. */
  public Transform transform() {
    return deformation
        .<Transform>map(field -> RegistrationTransforms.compose(linear, field))
        .orElse(linear);
  }

  /** The same with its fields in the memory of another context, in its innermost scope. */
  public RegistrationResult copyTo(Context target) {
    return new RegistrationResult(
        linear,
        deformation.map(field -> field.copyTo(target)),
        velocity.map(image -> image.copyTo(target)),
        metricBefore,
        metricAfter,
        levels,
        secondsLinear,
        secondsDeformable);
  }

  /**
   * The displacement w of the deformation's inverse on the fixed grid, in the innermost scope: T's
   * own inverse is y &rarr; z + w(z) with z = linear&#8315;&sup1;(y). It is exp(-v) - id where
   * there is a velocity, otherwise found by fixed-point iteration to 0.001 mm, which needs slopes
   * of u below 1; empty for linear registrations.
   */
  public Optional<DisplacementField> inverseDeformation() {
    return deformation.map(
        u -> velocity.map(RegistrationResult::backwards).orElseGet(() -> inverted(u)));
  }

  private static DisplacementField backwards(Image velocity) {
    Geometry geometry = velocity.geometry();
    Tensor inverse =
        Tensor.uninitialized(velocity.data().context(), ElementType.F32, velocity.data().shape());
    try (Tensor reversed = Convert.to(velocity.data(), ElementType.F32, -1, 0)) {
      Exponential.apply(
          reversed, geometry.physicalToIndex().matrix(), Exponential.AUTOMATIC, inverse);
    }
    return new DisplacementField(inverse, geometry);
  }

  private static DisplacementField inverted(DisplacementField field) {
    return Invert.of(field, field.geometry(), INVERSE_ITERATIONS, INVERSE_TOLERANCE_MM).inverse();
  }
}
