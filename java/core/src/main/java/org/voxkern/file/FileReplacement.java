package org.voxkern.file;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Writes a file (and what lies beside it, as the data file of a header does) in a folder of its own
 * next to where it shall be, and moves it there when it is complete. What is not committed is
 * removed on close, and when the JVM ends early: an older file of that name stays as it was.
 *
 * <pre>{@code
 * try (FileReplacement replacement = FileReplacement.of(path)) {
 *   Files.write(replacement.target(), bytes);
 *   replacement.commit();
 * }
 * }</pre>
 */
public final class FileReplacement implements AutoCloseable {
  private static final Set<Path> PENDING = ConcurrentHashMap.newKeySet();

  static {
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> PENDING.forEach(FileReplacement::removeQuietly)));
  }

  private final Path path;
  private final Path folder;

  private FileReplacement(Path path, Path folder) {
    this.path = path;
    this.folder = folder;
  }

  /**
   * For a file at a path.
   *
   * @throws IOException if the path's folder is not there or cannot be written
   */
  public static FileReplacement of(Path path) throws IOException {
    Path absolute = path.toAbsolutePath();
    Path folder = Files.createTempDirectory(absolute.getParent(), ".voxkern-");
    PENDING.add(folder);
    return new FileReplacement(absolute, folder);
  }

  /** Where to write: the same file name in another folder. */
  public Path target() {
    return folder.resolve(path.getFileName());
  }

  /** Moves everything that was written to its place, the named file last. */
  public void commit() throws IOException {
    List<Path> written = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      files.forEach(written::add);
    }
    written.remove(target());
    written.add(target());
    for (Path file : written) {
      Files.move(
          file,
          path.resolveSibling(file.getFileName()),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    }
  }

  @Override
  public void close() {
    removeQuietly(folder);
    PENDING.remove(folder);
  }

  private static void removeQuietly(Path folder) {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        Files.deleteIfExists(file);
      }
    } catch (IOException exception) {
      // Nothing better can be done; the folder's name says whose it is.
    }
    try {
      Files.deleteIfExists(folder);
    } catch (IOException exception) {
      // As above.
    }
  }
}
