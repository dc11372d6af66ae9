package org.voxkern.study;

import java.util.Optional;
import org.voxkern.AffineMap;
import org.voxkern.DisplacementField;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Tensor;
import org.voxkern.metrics.TargetRegistrationError;
import org.voxkern.op.Jacobian;
import org.voxkern.registration.RegistrationResult;
import org.voxkern.transform.TranslationTransform;

/**
 * What a found transform does to the images, and how good it is.
 *
 * @param warped the moving image on the fixed grid, f32
 * @param whole the whole mapping as displacements; empty for a linear one unless it is written
 * @param determinants Jacobian of the whole mapping on the fixed grid; empty for a linear one
 */
record Evaluation(
    Image warped,
    Optional<DisplacementField> whole,
    Optional<Image> determinants,
    Outcome.Jacobian jacobian,
    Optional<Outcome.Change<Outcome.PointErrors>> pointErrors,
    Optional<Outcome.Change<Outcome.Overlap>> overlap) {

  static Evaluation of(Inputs inputs, RegistrationResult result, RegistrationRequest request) {
    Geometry grid = inputs.fixed().geometry();
    AffineMap linear = result.linear().toAffineMap();
    boolean deformed = result.deformation().isPresent();
    Optional<DisplacementField> whole =
        deformed || request.writeDisplacement() || request.writeReport()
            ? Optional.of(
                WholeMapping.of(inputs.fixed().context(), grid, linear, result.deformation()))
            : Optional.empty();
    Image warped =
        deformed
            ? Warping.dense(inputs.moving(), whole.orElseThrow(), request.interpolation())
            : Warping.linear(inputs.moving(), linear, grid, request.interpolation());
    Outcome.Jacobian jacobian = constant(linear);
    Optional<Image> determinants = Optional.empty();
    if (deformed) {
      Tensor map = Tensor.uninitialized(warped.context(), ElementType.F32, grid.shape());
      determinants = Optional.of(new Image(map, grid));
      jacobian = jacobian(whole.orElseThrow(), inputs.fixedMask(), map);
    }
    return new Evaluation(
        warped,
        whole,
        determinants,
        jacobian,
        pointErrors(inputs, result),
        overlap(inputs, linear, deformed ? whole : Optional.empty()));
  }

  private static Outcome.Jacobian constant(AffineMap map) {
    double determinant = map.determinant();
    return new Outcome.Jacobian(determinant > 0 ? 0 : 1, 0, determinant, determinant);
  }

  private static Outcome.Jacobian jacobian(
      DisplacementField field, Optional<Image> mask, Tensor determinants) {
    Jacobian.Statistics statistics =
        Jacobian.determinantAndStatistics(
            field.displacementMm(),
            Jacobian.gradientMap(field.geometry()),
            mask.map(Image::data).orElse(null),
            determinants);
    return new Outcome.Jacobian(
        (double) statistics.nonpositive() / statistics.count(),
        statistics.sdLog(),
        statistics.min(),
        statistics.max());
  }

  private static Optional<Outcome.Change<Outcome.PointErrors>> pointErrors(
      Inputs inputs, RegistrationResult result) {
    if (inputs.fixedPoints().isEmpty()) {
      return Optional.empty();
    }
    var fixed = inputs.fixedPoints().get();
    var moving = inputs.movingPoints().orElseThrow();
    return Optional.of(
        new Outcome.Change<>(
            errors(TargetRegistrationError.of(TranslationTransform.identity(), fixed, moving)),
            errors(TargetRegistrationError.of(result.transform(), fixed, moving))));
  }

  private static Outcome.PointErrors errors(TargetRegistrationError error) {
    return new Outcome.PointErrors(error.mean(), error.median(), error.p95(), error.count());
  }

  private static Optional<Outcome.Change<Outcome.Overlap>> overlap(
      Inputs inputs, AffineMap linear, Optional<DisplacementField> whole) {
    return inputs
        .labels()
        .map(
            labels ->
                new Outcome.Change<>(
                    labels.overlap(AffineMap.identity(), Optional.empty()),
                    labels.overlap(linear, whole)));
  }
}
