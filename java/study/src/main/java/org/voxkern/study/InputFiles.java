package org.voxkern.study;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.voxkern.Context;
import org.voxkern.Image;
import org.voxkern.Images;
import org.voxkern.itk.ImageIo;

/** Reading with messages that name the file. */
public final class InputFiles {
  private InputFiles() {}

  /** Something that reads a file. */
  @FunctionalInterface
  public interface Reading<T> {
    T read() throws IOException;
  }

  /**
   * @throws BadInputException if the file or folder does not exist
   */
  public static void requirePresent(Path path) {
    if (!Files.exists(path)) {
      throw new BadInputException(path + ": no such file or folder");
    }
  }

  /**
   * Reads a file, and names it in every complaint about it.
   *
   * @throws BadInputException if it cannot be read
   */
  public static <T> T attempt(Path path, Reading<T> reading) {
    try {
      return reading.read();
    } catch (NoSuchFileException error) {
      throw new BadInputException(path + ": no such file or folder", error);
    } catch (BadInputException error) {
      throw error;
    } catch (IOException | RuntimeException error) {
      String message = String.valueOf(error.getMessage());
      throw new BadInputException(
          message.contains(path.toString()) ? message : path + ": " + message, error);
    }
  }

  /**
   * Reads a mask of any element type as u8: a voxel counts where the file is not 0.
   *
   * @throws BadInputException if it cannot be read, or is no mask
   */
  public static Image mask(Context context, Path path) {
    return attempt(path, () -> Images.mask(ImageIo.read(context, path)));
  }
}
