package org.voxkern.itk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.voxkern.file.FileReplacement;
import org.voxkern.transform.BSplineTransform;
import org.voxkern.transform.CompositeTransform;
import org.voxkern.transform.LinearTransform;
import org.voxkern.transform.Transform;

/**
 * Reads and writes ITK's transform files: text (.tfm, .txt) and Matlab (.mat), as ITK, SimpleITK,
 * ANTs and Slicer use them. Linear 3D transforms, B-spline transforms and composites of them; a
 * displacement field is written as an image, see {@link ImageIo}. Thread-safe.
 */
public final class TransformIo {
  private static final String COMPOSITE = "CompositeTransform";

  private TransformIo() {}

  /**
   * @throws NoSuchFileException if there is no such file
   * @throws ImageIoException if the file is broken or holds a transform of another kind
   */
  public static Transform read(Path path) throws NoSuchFileException {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(path);
    } catch (NoSuchFileException exception) {
      throw new NoSuchFileException(path.toString(), null, "no such file or folder");
    } catch (IOException exception) {
      throw new ImageIoException(path + " cannot be read: " + exception, exception);
    }
    try {
      List<StoredTransform> stored =
          suffixOf(path).equals(".mat")
              ? StoredTransform.fromMatlab(bytes)
              : StoredTransform.fromText(bytes);
      return assemble(stored);
    } catch (IllegalArgumentException exception) {
      throw new ImageIoException(path + ": " + exception.getMessage());
    }
  }

  /**
   * Writes a transform; the suffix chooses the format. The file appears at once when it is
   * complete.
   *
   * @throws ImageIoException if it cannot be written
   * @throws IllegalArgumentException if the suffix is another one, or the transform holds a
   *     displacement field
   */
  public static void write(Transform transform, Path path) {
    List<StoredTransform> stored = new ArrayList<>();
    if (transform instanceof CompositeTransform composite) {
      if (suffixOf(path).equals(".mat")) {
        throw new IllegalArgumentException(
            path + ": ITK reads no composite from a .mat file; write it as .tfm");
      }
      stored.add(new StoredTransform(COMPOSITE + "_double_3_3", new double[0], new double[0]));
      flatten(composite, stored);
    } else {
      stored.add(describe(transform));
    }
    byte[] bytes =
        switch (suffixOf(path)) {
          case ".tfm", ".txt" -> StoredTransform.toText(stored);
          case ".mat" -> StoredTransform.toMatlab(stored);
          default ->
              throw new IllegalArgumentException(
                  path + ": transforms are written as .tfm, .txt or .mat");
        };
    Path folder = path.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new ImageIoException(path + ": the folder " + folder + " does not exist");
    }
    try (FileReplacement replacement = FileReplacement.of(path)) {
      Files.write(replacement.target(), bytes);
      replacement.commit();
    } catch (IOException exception) {
      throw new ImageIoException(path + " cannot be written: " + exception, exception);
    }
  }

  /** Composites inside composites act in the place where they stand. */
  private static void flatten(CompositeTransform composite, List<StoredTransform> stored) {
    for (Transform transform : composite.transforms()) {
      if (transform instanceof CompositeTransform inner) {
        flatten(inner, stored);
      } else {
        stored.add(describe(transform));
      }
    }
  }

  private static StoredTransform describe(Transform transform) {
    if (transform instanceof LinearTransform linear) {
      return new StoredTransform(
          linear.itkName() + "_double_3_3", linear.parameters(), linear.itkFixedParameters());
    }
    if (transform instanceof BSplineTransform spline) {
      return new StoredTransform(
          spline.itkName() + "_double_3_3", spline.parameters(), spline.itkFixedParameters());
    }
    throw new IllegalArgumentException(
        transform.getClass().getSimpleName()
            + " has no place in a transform file; write a displacement field as an image");
  }

  private static Transform assemble(List<StoredTransform> stored) {
    if (stored.isEmpty()) {
      throw new IllegalArgumentException("holds no transform");
    }
    boolean composite = stored.get(0).type().startsWith(COMPOSITE);
    List<Transform> parts = new ArrayList<>();
    for (StoredTransform part : stored.subList(composite ? 1 : 0, stored.size())) {
      parts.add(create(part));
    }
    if (!composite && parts.size() == 1) {
      return parts.get(0);
    }
    return CompositeTransform.of(parts.toArray(new Transform[0]));
  }

  private static Transform create(StoredTransform stored) {
    if (stored.type().startsWith("BSplineTransform_") && stored.type().endsWith("_3_3")) {
      return BSplineTransform.fromItk(stored.parameters(), stored.fixedParameters());
    }
    if (stored.type().startsWith(COMPOSITE)) {
      throw new IllegalArgumentException("a composite inside a composite is not supported");
    }
    return LinearTransform.ofItk(stored.type(), stored.parameters(), stored.fixedParameters());
  }

  private static String suffixOf(Path path) {
    String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
    int dot = name.lastIndexOf('.');
    return dot < 0 ? "" : name.substring(dot);
  }
}
