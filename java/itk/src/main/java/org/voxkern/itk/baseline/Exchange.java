package org.voxkern.itk.baseline;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.voxkern.DisplacementField;
import org.voxkern.Image;
import org.voxkern.itk.ImageIo;
import org.voxkern.itk.ImageIoException;

/** A folder through which images go to the program and come back; removed on close. */
final class Exchange implements AutoCloseable {
  private final Path folder;

  Exchange() {
    try {
      folder = Files.createTempDirectory("voxkern-itk-");
    } catch (IOException exception) {
      throw new ImageIoException("no folder for images: " + exception, exception);
    }
  }

  Path file(String name) {
    return folder.resolve(name);
  }

  /** Writes an image; null for null. NRRD keeps every digit of the geometry, uncompressed. */
  Path image(String name, Image image) {
    if (image == null) {
      return null;
    }
    Path path = file(name + ".nrrd");
    ImageIo.write(image, path);
    return path;
  }

  Path field(String name, DisplacementField field) {
    return image(name, field.toImage());
  }

  @Override
  public void close() {
    try (Stream<Path> all = Files.list(folder)) {
      List<Path> files = all.toList();
      for (Path path : files) {
        Files.delete(path);
      }
      Files.delete(folder);
    } catch (IOException exception) {
      throw new ImageIoException(folder + " cannot be removed: " + exception, exception);
    }
  }
}
