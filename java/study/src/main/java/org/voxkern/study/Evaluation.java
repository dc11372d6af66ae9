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
 * @param determinants Jacobian of the deformation on the fixed grid, for the report; empty without
 */
record Evaluation(
    Image warped,
    Optional<Image> determinants,
    Outcome.Jacobian jacobian,
    Optional<Outcome.Change<Outcome.PointErrors>> pointErrors,
    Optional<Outcome.Change<Outcome.Overlap>> overlap) {

  static Evaluation of(Inputs inputs, RegistrationResult result, RegistrationRequest request) {
    Geometry grid = inputs.fixed().geometry();
    AffineMap linear = result.linear().toAffineMap();
    Optional<DisplacementField> deformation = result.deformation();
    Image warped =
        deformation.isPresent()
            ? Warping.deformed(inputs.moving(), linear, deformation.get(), request.interpolation())
            : Warping.linear(inputs.moving(), linear, grid, request.interpolation());
    Outcome.Jacobian jacobian = constant(linear);
    Optional<Image> determinants = Optional.empty();
    if (deformation.isPresent()) {
      Tensor map =
          request.writeReport()
              ? Tensor.uninitialized(warped.context(), ElementType.F32, grid.shape())
              : null;
      determinants = Optional.ofNullable(map).map(tensor -> new Image(tensor, grid));
      jacobian = jacobian(linear.determinant(), deformation.get(), inputs.fixedMask(), map);
    }
    return new Evaluation(
        warped,
        determinants,
        jacobian,
        pointErrors(inputs, result),
        overlap(inputs, linear, deformation));
  }

  private static Outcome.Jacobian constant(AffineMap map) {
    double determinant = map.determinant();
    return new Outcome.Jacobian(determinant > 0 ? 0 : 1, 0, determinant, determinant);
  }

  /** Of the whole mapping, whose determinant is that of the linear part times the deformation's. */
  private static Outcome.Jacobian jacobian(
      double linear, DisplacementField field, Optional<Image> mask, Tensor determinants) {
    double[] map = Jacobian.gradientMap(field.geometry());
    Tensor counted = mask.map(Image::data).orElse(null);
    Jacobian.Statistics statistics =
        determinants == null
            ? Jacobian.statistics(field.displacementMm(), map, counted)
            : Jacobian.determinantAndStatistics(field.displacementMm(), map, counted, determinants);
    double nonpositive = (double) statistics.nonpositive() / statistics.count();
    return new Outcome.Jacobian(
        linear > 0 ? nonpositive : 1 - nonpositive,
        statistics.sdLog(),
        linear * (linear > 0 ? statistics.min() : statistics.max()),
        linear * (linear > 0 ? statistics.max() : statistics.min()));
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
      Inputs inputs, AffineMap linear, Optional<DisplacementField> deformation) {
    return inputs
        .labels()
        .map(
            labels ->
                new Outcome.Change<>(
                    labels.overlap(AffineMap.identity(), Optional.empty()),
                    labels.overlap(linear, deformation)));
  }
}
