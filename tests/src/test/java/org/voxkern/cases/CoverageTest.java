package org.voxkern.cases;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.voxkern.Context;
import org.voxkern.testing.Project;

/** Fails where a registered operation lacks one of the six places that kernels/README.md lists. */
class CoverageTest {
  private final Path root = Project.root();

  @TestFactory
  Stream<DynamicTest> operationIsComplete() throws IOException {
    Set<String> folders = folders();
    return Context.operations().keySet().stream()
        .map(name -> dynamicTest(name, () -> check(name, folders)));
  }

  private void check(String name, Set<String> folders) throws IOException {
    String folder = folderOf(name, folders);
    assertTrue(folder != null, name + ": no folder of kernels/ has its name");
    List<String> missing = new ArrayList<>();
    for (String file :
        List.of("README.md", folder + ".h", folder + "_op.cpp", folder + "_cuda.cu")) {
      if (!Files.exists(root.resolve("kernels/" + folder + "/" + file))) {
        missing.add("kernels/" + folder + "/" + file);
      }
    }
    if (!anyFileHolds(root.resolve("kernels/" + folder), "_case.cpp", "void " + name + "Case(")) {
      missing.add("void " + name + "Case(Case&) in kernels/" + folder + "/*_case.cpp");
    }
    List<String> table = CaseTables.all().getOrDefault(folder, List.of());
    if (table.stream().noneMatch(line -> line.startsWith(name + " "))) {
      missing.add("a line of " + name + " in tests/cases/" + folder + ".txt");
    }
    String type = CaseAdapter.className(folder);
    if (!Files.exists(root.resolve("java/core/src/main/java/org/voxkern/op/" + type + ".java"))) {
      missing.add("the Java class org.voxkern.op." + type);
    }
    if (!anyFileHolds(root.resolve("bench/src"), type + "Benchmark.java", "@Benchmark")) {
      missing.add("the benchmark " + type + "Benchmark");
    }
    assertTrue(missing.isEmpty(), () -> name + " lacks " + String.join(", ", missing));
  }

  @Test
  void everyFolderIsRegisteredAndEveryTableHasAFolder() throws IOException {
    Set<String> folders = folders();
    Set<String> unregistered = new TreeSet<>(folders);
    for (String name : Context.operations().keySet()) {
      unregistered.remove(folderOf(name, folders));
    }
    assertTrue(unregistered.isEmpty(), "not in operations.inc: " + unregistered);
    Set<String> orphans = new TreeSet<>(CaseTables.all().keySet());
    orphans.removeAll(folders);
    assertTrue(orphans.isEmpty(), "case tables without a folder in kernels/: " + orphans);
  }

  @Test
  void theTableOfOperationsIsWhatTheyHave() throws IOException {
    Path table = root.resolve("kernels/OPERATIONS.md");
    String now = new OperationTable().text();
    if (!Files.exists(table) || !Files.readString(table).equals(now)) {
      Path written = root.resolve("tests/target/OPERATIONS.md");
      Files.writeString(written, now);
      fail(table + " is not what the operations have: replace it by " + written);
    }
  }

  private Set<String> folders() throws IOException {
    Set<String> folders = new TreeSet<>();
    try (Stream<Path> entries = Files.list(root.resolve("kernels"))) {
      entries
          .filter(entry -> Files.exists(entry.resolve(entry.getFileName() + "_op.cpp")))
          .forEach(entry -> folders.add(entry.getFileName().toString()));
    }
    return folders;
  }

  /** The longest folder name that the operation's name is or begins with; null if none. */
  private static String folderOf(String name, Set<String> folders) {
    String best = null;
    for (String folder : folders) {
      boolean fits = name.equals(folder) || name.startsWith(folder + "_");
      if (fits && (best == null || folder.length() > best.length())) {
        best = folder;
      }
    }
    return best;
  }

  private static boolean anyFileHolds(Path folder, String ending, String text) throws IOException {
    if (!Files.isDirectory(folder)) {
      return false;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        if (file.getFileName().toString().endsWith(ending)
            && Files.readString(file).contains(text)) {
          return true;
        }
      }
    }
    return false;
  }
}
