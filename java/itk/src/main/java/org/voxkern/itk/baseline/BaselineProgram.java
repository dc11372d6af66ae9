package org.voxkern.itk.baseline;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.voxkern.itk.ImageIoException;

/**
 * The program {@code voxkern_itk_baseline}: where it is, and one call of it.
 *
 * <p>It is looked for where the system property {@code voxkern.itk.baseline} says, else in the
 * native build folder of the source tree that the property {@code voxkern.root}, or the working
 * folder, names.
 */
public final class BaselineProgram {
  private static final String NAME = "voxkern_itk_baseline";

  private BaselineProgram() {}

  /** The program, if it has been built. */
  public static Optional<Path> find() {
    return Optional.of(place()).filter(Files::isExecutable);
  }

  /**
   * @throws UnsupportedOperationException if it has not been built, saying how to
   */
  static Path require() {
    return find()
        .orElseThrow(
            () ->
                new UnsupportedOperationException(
                    place()
                        + " is not there: ITK's registration is linked with FFTW (GPL) and not"
                        + " shipped; build it with \"ninja -C native/target/cmake "
                        + NAME
                        + "\" (needs libfftw3-dev), or name it with -Dvoxkern.itk.baseline=..."));
  }

  private static Path place() {
    String named = System.getProperty("voxkern.itk.baseline", "");
    return named.isEmpty()
        ? Path.of(System.getProperty("voxkern.root", ""))
            .resolve("native/target/cmake")
            .resolve(NAME)
            .toAbsolutePath()
        : Path.of(named);
  }

  /** Words of the form key=value for the program. */
  static final class Words {
    private final List<String> words = new ArrayList<>();

    Words add(String key, Object value) {
      words.add(key + "=" + value);
      return this;
    }

    /** Numbers with all their digits. */
    Words add(String key, double... values) {
      StringBuilder text = new StringBuilder();
      for (double value : values) {
        text.append(text.isEmpty() ? "" : ",").append(value);
      }
      return add(key, text);
    }

    /** Nothing where the value is null. */
    Words addIfSet(String key, Object value) {
      return value == null ? this : add(key, value);
    }
  }

  /**
   * Runs a command of the program and waits for its end.
   *
   * @return what it printed: a name and numbers a line
   * @throws IllegalArgumentException with ITK's words, if the program refuses
   */
  static Map<String, double[]> run(String command, Words words) {
    List<String> line = new ArrayList<>(List.of(require().toString(), command));
    line.addAll(words.words);
    try {
      Path errors = Files.createTempFile("voxkern-itk-", ".txt");
      try {
        Process process = new ProcessBuilder(line).redirectError(errors.toFile()).start();
        process.getOutputStream().close();
        byte[] output = process.getInputStream().readAllBytes();
        int status = process.waitFor();
        if (status != 0) {
          throw new IllegalArgumentException(
              "ITK's " + command + " failed (" + status + "): " + Files.readString(errors).trim());
        }
        return parse(new String(output, StandardCharsets.UTF_8));
      } finally {
        Files.delete(errors);
      }
    } catch (IOException exception) {
      throw new ImageIoException(NAME + " cannot be run: " + exception, exception);
    } catch (InterruptedException exception) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while ITK's " + command + " ran", exception);
    }
  }

  private static Map<String, double[]> parse(String output) {
    Map<String, double[]> printed = new HashMap<>();
    for (String line : output.split("\\R")) {
      String[] words = line.split(" ");
      double[] numbers = new double[words.length - 1];
      for (int i = 0; i < numbers.length; i++) {
        // C and Java differ in how they spell what is no number.
        numbers[i] =
            switch (words[i + 1]) {
              case "nan", "-nan" -> Double.NaN;
              case "inf" -> Double.POSITIVE_INFINITY;
              case "-inf" -> Double.NEGATIVE_INFINITY;
              default -> Double.parseDouble(words[i + 1]);
            };
      }
      printed.put(words[0], numbers);
    }
    return printed;
  }
}
