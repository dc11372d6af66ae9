package org.voxkern.cases;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.voxkern.testing.Project;

/** The files {@code tests/cases/*.txt}. */
final class CaseTables {
  private CaseTables() {}

  /** Lines by the name of their file, which is the folder under {@code kernels}. */
  static Map<String, List<String>> all() {
    Map<String, List<String>> tables = new TreeMap<>();
    try (Stream<Path> files = Files.list(Project.root().resolve("tests/cases"))) {
      for (Path file : (Iterable<Path>) files.sorted()::iterator) {
        String name = file.getFileName().toString();
        if (name.endsWith(".txt")) {
          tables.put(name.substring(0, name.length() - 4), lines(file));
        }
      }
    } catch (IOException exception) {
      throw new UncheckedIOException(exception);
    }
    return tables;
  }

  private static List<String> lines(Path file) throws IOException {
    return Files.readAllLines(file).stream()
        .map(line -> line.replaceFirst("#.*", "").trim().replaceAll("\\s+", " "))
        .filter(line -> !line.isEmpty())
        .toList();
  }
}
