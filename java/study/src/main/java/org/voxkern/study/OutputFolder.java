package org.voxkern.study;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A folder that gets all of a run's files or none.
 *
 * <p>Files are written into a hidden folder beside their final place, and moved there together by
 * {@link #publish()}. Anything else, an error or the end of the process by Ctrl-C, removes what was
 * written, and the folder itself when it was made for the run.
 */
public final class OutputFolder implements AutoCloseable {
  private static final int REMOVAL_TRIES = 50;
  private static final long REMOVAL_PAUSE_MS = 20;

  private final Path folder;
  private final Path staging;
  private final List<Path> madeFolders;
  private boolean finished;

  private OutputFolder(Path folder, Path staging, List<Path> madeFolders) {
    this.folder = folder;
    this.staging = staging;
    this.madeFolders = madeFolders;
  }

  /**
   * @throws BadInputException if the folder cannot be made or written to
   */
  public static OutputFolder open(Path folder) {
    List<Path> made = new ArrayList<>();
    for (Path path = folder.toAbsolutePath();
        path != null && !Files.exists(path);
        path = path.getParent()) {
      made.add(path);
    }
    try {
      Files.createDirectories(folder);
      return new OutputFolder(folder, Files.createTempDirectory(folder, ".voxkern-"), made);
    } catch (IOException error) {
      String why = Files.isRegularFile(folder) ? "a file of that name exists" : error.toString();
      throw new BadInputException("output folder " + folder + " cannot be made: " + why, error);
    }
  }

  /** Where to write the file that will have this name. */
  public Path staged(String name) {
    return staging.resolve(name);
  }

  /** The final place of a file. */
  public Path published(String name) {
    return folder.resolve(name);
  }

  /**
   * Moves every file to its final place.
   *
   * @throws IllegalStateException if the folder was closed, as by Ctrl-C, so that nothing is left
   */
  public synchronized void publish() {
    if (finished) {
      throw new IllegalStateException("the run was ended; nothing was written to " + folder);
    }
    try (Stream<Path> files = Files.list(staging)) {
      for (Path file : files.sorted().toList()) {
        Files.move(
            file,
            folder.resolve(file.getFileName()),
            StandardCopyOption.ATOMIC_MOVE,
            StandardCopyOption.REPLACE_EXISTING);
      }
      Files.delete(staging);
      finished = true;
    } catch (IOException error) {
      throw new UncheckedIOException("cannot move results into " + folder, error);
    }
  }

  /** Removes what has not been published. May be called from a shutdown hook. */
  @Override
  public synchronized void close() {
    if (finished) {
      return;
    }
    finished = true;
    // A writer that has not noticed the end yet may still add files.
    for (int i = 0; i < REMOVAL_TRIES && !removed(); i++) {
      try {
        Thread.sleep(REMOVAL_PAUSE_MS);
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    for (Path made : madeFolders) {
      try {
        Files.deleteIfExists(made);
      } catch (IOException notEmpty) {
        // Somebody else put files there.
        return;
      }
    }
  }

  private boolean removed() {
    try (Stream<Path> files = Files.walk(staging)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
      return true;
    } catch (IOException | UncheckedIOException error) {
      return !Files.exists(staging);
    }
  }
}
