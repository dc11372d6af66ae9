package org.voxkern.study.command;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import org.voxkern.Context;
import org.voxkern.itk.ImageIo;
import org.voxkern.itk.TransformIo;
import org.voxkern.study.InputFiles;
import org.voxkern.transform.DisplacementFieldTransform;
import org.voxkern.transform.Transform;

/** Transforms in files: ITK transform files, or displacement fields as images. */
final class TransformFiles {
  private static final Set<String> SUFFIXES = Set.of("tfm", "txt", "mat", "xfm");

  private TransformFiles() {}

  static boolean isTransformFile(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    return SUFFIXES.contains(name.substring(name.lastIndexOf('.') + 1));
  }

  static Transform read(Context context, Path file) {
    InputFiles.requirePresent(file);
    if (isTransformFile(file)) {
      return InputFiles.attempt(file, () -> TransformIo.read(file));
    }
    return new DisplacementFieldTransform(
        InputFiles.attempt(file, () -> ImageIo.readDisplacementField(context, file)));
  }
}
