package org.voxkern.study;

import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Image;
import org.voxkern.Images;
import org.voxkern.itk.ImageInfo;
import org.voxkern.itk.ImageIo;
import org.voxkern.itk.TransformIo;
import org.voxkern.metrics.PointSet;
import org.voxkern.transform.AffineTransform;
import org.voxkern.transform.CompositeTransform;
import org.voxkern.transform.LinearTransform;
import org.voxkern.transform.Transform;

/** What a run reads, checked as far as files go. Images are f32, masks u8, labels i32. */
record Inputs(
    Image fixed,
    ElementType fixedType,
    Image moving,
    ElementType movingType,
    Optional<Image> fixedMask,
    Optional<Image> movingMask,
    Optional<LabelPair> labels,
    Optional<PointSet> fixedPoints,
    Optional<PointSet> movingPoints,
    Optional<LinearTransform> initialTransform) {

  /** Corners of the grids of an image and of its mask or labels may be so far apart. */
  private static final double SAME_GRID_MM = 0.01;

  /** Refuses a file that does not exist before anything else is done. */
  static void requirePresent(RegistrationRequest request) {
    InputFiles.requirePresent(request.fixed());
    InputFiles.requirePresent(request.moving());
    request.fixedMask().ifPresent(InputFiles::requirePresent);
    request.movingMask().ifPresent(InputFiles::requirePresent);
    request.initialTransform().ifPresent(InputFiles::requirePresent);
    for (var pair : new Optional<?>[] {request.labels(), request.points()}) {
      if (pair.isPresent() && pair.get() instanceof RegistrationRequest.Pair files) {
        InputFiles.requirePresent(files.fixed());
        InputFiles.requirePresent(files.moving());
      }
    }
  }

  /** Reads fixed and moving side by side. */
  static Inputs read(Context context, RegistrationRequest request) {
    CompletableFuture<Typed> movingRead =
        CompletableFuture.supplyAsync(() -> scan(context, request.moving()));
    try {
      Typed fixed = scan(context, request.fixed());
      Typed moving = movingRead.join();
      Optional<Image> fixedMask = request.fixedMask().map(path -> mask(context, path, fixed.image));
      Optional<Image> movingMask =
          request.movingMask().map(path -> mask(context, path, moving.image));
      var labels = request.labels();
      var points = request.points();
      Inputs inputs =
          new Inputs(
              fixed.image,
              fixed.type,
              moving.image,
              moving.type,
              fixedMask,
              movingMask,
              labels.map(
                  pair ->
                      LabelPair.of(
                          pair,
                          labels(context, pair.fixed(), fixed.image),
                          labels(context, pair.moving(), moving.image))),
              points.map(pair -> points(pair.fixed())),
              points.map(pair -> points(pair.moving())),
              request.initialTransform().map(Inputs::linear));
      inputs.requireSameCount(request);
      if (!request.broughtTogether()) {
        Images.requireOverlap(fixed.image, moving.image);
      }
      return inputs;
    } catch (CompletionException error) {
      if (error.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw error;
    } finally {
      // The context must not be closed under the other reader.
      movingRead.handle((image, error) -> null).join();
    }
  }

  private record Typed(Image image, ElementType type) {}

  /** A 3D image of one value a voxel, as f32. */
  private static Typed scan(Context context, Path path) {
    ImageInfo info = InputFiles.attempt(path, () -> ImageIo.info(path));
    requireScan(path, info);
    Image image = InputFiles.attempt(path, () -> ImageIo.read(context, path, ElementType.F32));
    return new Typed(image, info.type());
  }

  static void requireScan(Path path, ImageInfo info) {
    if (info.geometry().size(2) == 1 || info.dimension() < 3) {
      throw new BadInputException(
          path
              + ": a 2D image of "
              + info.geometry().size(0)
              + " x "
              + info.geometry().size(1)
              + " pixels; registration needs 3D images");
    }
    if (info.frames() > 1 || info.components() > 1) {
      throw new BadInputException(
          path
              + ": "
              + (info.frames() > 1
                  ? info.frames() + " time points"
                  : info.components() + " values a voxel")
              + "; registration needs one value a voxel");
    }
  }

  private static Image mask(Context context, Path path, Image image) {
    return onGridOf(image, path, "mask", InputFiles.mask(context, path));
  }

  private static Image labels(Context context, Path path, Image image) {
    return onGridOf(
        image,
        path,
        "label image",
        InputFiles.attempt(path, () -> ImageIo.read(context, path, ElementType.I32)));
  }

  private static Image onGridOf(Image image, Path path, String what, Image other) {
    if (!other.geometry().matches(image.geometry(), SAME_GRID_MM)) {
      throw new BadInputException(
          path
              + ": the "
              + what
              + " is not on its image's grid; "
              + other.geometry()
              + " instead of "
              + image.geometry());
    }
    return other;
  }

  private static PointSet points(Path path) {
    return InputFiles.attempt(path, () -> PointSet.readCsv(path));
  }

  private static LinearTransform linear(Path path) {
    Transform transform = InputFiles.attempt(path, () -> TransformIo.read(path));
    if (transform instanceof LinearTransform linear) {
      return linear;
    }
    if (transform instanceof CompositeTransform parts && parts.isLinear()) {
      return AffineTransform.of(parts.toAffineMap(), 0, 0, 0);
    }
    throw new BadInputException(path + ": not a linear transform");
  }

  private void requireSameCount(RegistrationRequest request) {
    if (fixedPoints.isPresent() && fixedPoints.get().size() != movingPoints.orElseThrow().size()) {
      throw new BadInputException(
          request.points().orElseThrow().fixed()
              + " has "
              + fixedPoints.get().size()
              + " points, "
              + request.points().orElseThrow().moving()
              + " "
              + movingPoints.get().size());
    }
  }
}
