package org.voxkern;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.bytedeco.javacpp.BytePointer;
import org.voxkern.file.FileReplacement;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_tuning;
import org.voxkern.internal.vk_tuning_entry;
import org.voxkern.nativecall.Status;

/**
 * Implementations chosen by measuring them, on request: of convolutions, their gradients and
 * transposed convolutions, the one that took the least time on this machine.
 *
 * <p>Without a tuning the choice is a function of shapes, types, instruction set and accuracy
 * alone. With one it depends on what was measured, and so may the last bits of results, within the
 * accuracy asked for: keep the file, and the bits stay the same, with any number of threads.
 *
 * <pre>{@code
 * try (Tuning tuning = Tuning.extend(file);
 *     Context context = Context.builder().tuning(tuning).build()) {
 *   Executable executable = graph.compile(context, weights, shapes); // measures what is new
 *   tuning.write(file);
 * }
 * }</pre>
 *
 * <p>May be shared by contexts and threads; is closed after the contexts.
 */
public final class Tuning implements AutoCloseable {
  private static final String FORMAT = "voxkern tuning 1";
  private static final int FIELDS = 5;

  /**
   * What was measured of a problem.
   *
   * @param problem the operation, what it was asked for, and the instruction set
   * @param implementation the fastest, as {@link Context#operations} lists them
   * @param seconds least time of a call
   * @param modelled what is taken without a tuning
   * @param modelledSeconds least time of a call of that
   */
  public record Entry(
      String problem,
      String implementation,
      double seconds,
      String modelled,
      double modelledSeconds) {}

  private final vk_tuning handle;
  private int users;
  private boolean closed;

  private Tuning(boolean measures) {
    NativeLibrary.require();
    vk_tuning created = new vk_tuning();
    Status.check(Voxkern.vk_tuning_create(measures ? 1 : 0, created));
    handle = created;
  }

  /** Empty: whatever is planned is measured once. */
  public static Tuning measure() {
    return new Tuning(true);
  }

  /**
   * What a file holds; other problems are chosen as without a tuning.
   *
   * @throws IllegalArgumentException if the file is no tuning, or one of another machine or version
   */
  public static Tuning read(Path file) throws IOException {
    return of(false, file);
  }

  /**
   * What a file holds, if it exists; other problems are measured.
   *
   * @throws IllegalArgumentException if the file is no tuning, or one of another machine or version
   */
  public static Tuning extend(Path file) throws IOException {
    return Files.exists(file) ? of(true, file) : measure();
  }

  private static Tuning of(boolean measures, Path file) throws IOException {
    List<String> lines = Files.readAllLines(file);
    String found = lines.isEmpty() ? "nothing" : lines.get(0);
    if (!found.equals(header())) {
      throw new IllegalArgumentException(
          file + " begins with '" + found + "', expected '" + header() + "' of this machine");
    }
    Tuning tuning = new Tuning(measures);
    try {
      for (int line = 1; line < lines.size(); line++) {
        tuning.add(entry(file, line + 1, lines.get(line)));
      }
    } catch (RuntimeException failure) {
      tuning.close();
      throw failure;
    }
    return tuning;
  }

  private static Entry entry(Path file, int line, String text) {
    String[] fields = text.split("\t", -1);
    try {
      if (fields.length == FIELDS) {
        return new Entry(
            fields[0],
            fields[1],
            Double.parseDouble(fields[2]),
            fields[3],
            Double.parseDouble(fields[4]));
      }
    } catch (NumberFormatException notNumbers) {
      // As below.
    }
    throw new IllegalArgumentException(
        file
            + ", line "
            + line
            + ": expected problem, implementation, seconds, modelled, seconds between tabs, not '"
            + text
            + "'");
  }

  private static String header() {
    return String.join(
        "\t",
        FORMAT,
        Context.nativeVersion(),
        Context.processorName(),
        Context.processorInstructionSet().name().toLowerCase(Locale.ROOT));
  }

  private void add(Entry entry) {
    try (vk_tuning_entry added = new vk_tuning_entry();
        BytePointer problem = new BytePointer(entry.problem);
        BytePointer implementation = new BytePointer(entry.implementation);
        BytePointer modelled = new BytePointer(entry.modelled)) {
      added
          .problem(problem)
          .implementation(implementation)
          .seconds(entry.seconds)
          .modelled(modelled)
          .modelled_seconds(entry.modelledSeconds);
      Status.check(Voxkern.vk_tuning_add(handle, added));
    }
  }

  /** What has been measured or read, ordered by problem. */
  public synchronized List<Entry> entries() {
    requireOpen();
    List<Entry> entries = new ArrayList<>();
    try (vk_tuning_entry entry = new vk_tuning_entry()) {
      long count = Voxkern.vk_tuning_count(handle);
      for (long i = 0; i < count; i++) {
        Status.check(Voxkern.vk_tuning_get(handle, i, entry));
        entries.add(
            new Entry(
                entry.problem().getString(),
                entry.implementation().getString(),
                entry.seconds(),
                entry.modelled().getString(),
                entry.modelled_seconds()));
      }
    }
    return List.copyOf(entries);
  }

  /** Writes all entries, for {@link #read} and {@link #extend}; replaces the file at once. */
  public void write(Path file) throws IOException {
    List<String> lines = new ArrayList<>(List.of(header()));
    for (Entry entry : entries()) {
      lines.add(
          String.join(
              "\t",
              entry.problem,
              entry.implementation,
              Double.toString(entry.seconds),
              entry.modelled,
              Double.toString(entry.modelledSeconds)));
    }
    try (FileReplacement replacement = FileReplacement.of(file)) {
      Files.write(replacement.target(), lines);
      replacement.commit();
    }
  }

  /** Address of the native object, for bindings; 0 never. */
  public synchronized long nativeAddress() {
    requireOpen();
    return handle.address();
  }

  synchronized void use() {
    requireOpen();
    users++;
  }

  synchronized void release() {
    users--;
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("this tuning is closed");
    }
  }

  /**
   * @throws IllegalStateException if a context that uses it is open
   */
  @Override
  public synchronized void close() {
    if (users > 0) {
      throw new IllegalStateException(
          "a tuning is closed after the contexts that use it, and " + users + " are open");
    }
    if (!closed) {
      closed = true;
      Voxkern.vk_tuning_destroy(handle);
    }
  }
}
