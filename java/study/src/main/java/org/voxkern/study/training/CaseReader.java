package org.voxkern.study.training;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Scope;
import org.voxkern.Tensor;
import org.voxkern.itk.ImageIo;
import org.voxkern.segmentation.Preprocessing;
import org.voxkern.study.BadInputException;
import org.voxkern.study.InputFiles;
import org.voxkern.study.training.SegmentationRecipe.CaseFiles;
import org.voxkern.train.LabelledVolume;

/** Reads cases, and brings them to what the network takes. */
final class CaseReader {
  /** Corners of the grids of channels and labels may be so far apart. */
  private static final double SAME_GRID_MM = 0.01;

  private final Context context;
  private final SegmentationRecipe recipe;

  CaseReader(Context context, SegmentationRecipe recipe) {
    this.context = context;
    this.recipe = recipe;
  }

  Context context() {
    return context;
  }

  /**
   * A case as the network takes it.
   *
   * @param grid of the volume
   */
  record Prepared(LabelledVolume volume, Geometry grid) {}

  /**
   * In the innermost scope.
   *
   * @throws BadInputException if a file cannot be read or does not fit, naming it
   */
  Prepared read(CaseFiles files) {
    try (Scope scope = Scope.open(context)) {
      Path first = files.images().get(0);
      Image leading = image(first);
      Geometry grid = leading.geometry();
      Geometry prepared = null;
      Tensor channels = null;
      for (int channel = 0; channel < files.images().size(); channel++) {
        Path path = files.images().get(channel);
        Image image = channel == 0 ? leading : image(path);
        requireGrid(path, image.geometry(), first, grid);
        Image ready =
            InputFiles.attempt(
                path, () -> recipe.intensities().apply(recipe.geometry().apply(image)));
        if (channels == null) {
          prepared = ready.geometry();
          channels =
              Tensor.uninitialized(
                  context, ElementType.F32, ready.data().shape().prepend(files.images().size()));
        }
        channels
            .view(ElementType.F32, ready.data().shape(), channel * ready.data().byteCount())
            .set(ready.data());
      }
      Tensor classes = classes(files.labels(), first, grid, prepared);
      channels.moveTo(scope.parent());
      classes.moveTo(scope.parent());
      return new Prepared(new LabelledVolume(channels, classes), prepared);
    }
  }

  private Image image(Path path) {
    Image image = InputFiles.attempt(path, () -> ImageIo.read(context, path, ElementType.F32));
    if (image.data().shape().rank() != 3) {
      throw new BadInputException(path + ": expected a 3D image of one value a voxel");
    }
    return image;
  }

  private static void requireGrid(Path path, Geometry grid, Path first, Geometry expected) {
    if (!grid.matches(expected, SAME_GRID_MM)) {
      throw new BadInputException(
          path + ": not on the grid of " + first + "; " + grid + " instead of " + expected);
    }
  }

  private Tensor classes(Path path, Path first, Geometry grid, Geometry prepared) {
    Image labels = classes(path);
    requireGrid(path, labels.geometry(), first, grid);
    boolean moved = !prepared.equals(labels.geometry());
    return moved ? Preprocessing.restore(labels, prepared).data() : labels.data();
  }

  /**
   * The classes of a file of labels on its own grid, i32, in the innermost scope.
   *
   * @throws BadInputException if it cannot be read, or has no label of a class
   */
  Image classes(Path path) {
    Image labels = InputFiles.attempt(path, () -> ImageIo.read(context, path, ElementType.I32));
    int[] values = labels.data().toIntArray();
    boolean some = false;
    for (int voxel = 0; voxel < values.length; voxel++) {
      Integer known = recipe.classOf().get(values[voxel]);
      values[voxel] = known == null ? -1 : known;
      some |= known != null;
    }
    if (!some) {
      throw new BadInputException(
          String.format(Locale.ROOT, "%s: no voxel has a label of the classes %s", path, labels()));
    }
    return new Image(
        Tensor.of(context, values, labels.data().shape().toArray()), labels.geometry());
  }

  private Map<Integer, Integer> labels() {
    return new java.util.TreeMap<>(recipe.classOf());
  }
}
