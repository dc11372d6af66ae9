package org.voxkern.cases;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.voxkern.Context;
import org.voxkern.testing.Project;

/**
 * The text of {@code kernels/OPERATIONS.md}: what each operation has on each backend, from the
 * registry, the folders and the case tables.
 */
final class OperationTable {
  private static final String HEAD =
      """
      # Operations

      What each operation has on each backend. Written and checked by `CoverageTest`, from the registry, the folders and
      the case tables; `tests/README.md` says more about the checks.

      - **Reference**: plain loops. *differences*: its derivatives are compared with finite differences in f64; *adjoint*:
        of a linear operation, <A x, y> with <x, A' y>. Oracles of other projects are in
        `tests/src/test/java/org/voxkern/oracle`.
      - **CPU**: *SIMD* is one source for AVX-512, AVX2, NEON and processors without; *plain* has no SIMD. All cases are
        compared with the reference under the address and undefined-behaviour sanitizers, with AVX-512, AVX2 and
        portable code on 1 to 3 threads, whose bits have to be equal; then through Java. NEON is untested.
      - **CUDA**: the file of its kernels. nvcc compiles it without a warning or a spilled register; its cases run every
        kernel on the emulator, compared with the reference, in two orders of threads under those sanitizers and once
        under the race detector, with the same bits, and through Java. Convolutions and pools have rows of cuDNN, too, of
        which a stand-in checks the calls. None of this has run on a GPU.
      """;

  private final Path root = Project.root();
  private final Map<String, List<String>> tables = CaseTables.all();
  private final Map<String, List<String>> operations = Context.operations();

  String text() throws IOException {
    Map<String, StringBuilder> fields = new TreeMap<>();
    for (String name : operations.keySet()) {
      fields.computeIfAbsent(fieldOf(name), field -> new StringBuilder()).append(row(name));
    }
    StringBuilder text = new StringBuilder(HEAD);
    fields.forEach(
        (field, rows) ->
            text.append("\n## ")
                .append(field)
                .append("\n\n| operation | reference | CPU | CUDA |\n|---|---|---|---|\n")
                .append(rows));
    return text.toString();
  }

  private String row(String name) throws IOException {
    Path kernels = fileThatHolds("kernels", "_cuda.cu", "> " + name + "Cuda()");
    return String.format(
        "| `%s` | %s | %s | [`%s`](%s) |%n",
        name,
        reference(name),
        cpu(operations.get(name)),
        kernels.getFileName(),
        root.resolve("kernels").relativize(kernels).toString().replace('\\', '/'));
  }

  private String reference(String name) throws IOException {
    List<String> checks = new ArrayList<>();
    if (tables.values().stream()
        .flatMap(List::stream)
        .anyMatch(line -> line.startsWith(name + " ") && line.contains(" differences=yes"))) {
      checks.add("differences");
    }
    // What the operation's adapter does, from its first line to its last.
    String begin = "\nvoid " + name + "Case(Case& test) {\n";
    String adapters = Files.readString(fileThatHolds("kernels", "_case.cpp", begin));
    int from = adapters.indexOf(begin);
    if (adapters.substring(from, adapters.indexOf("\n}\n", from)).contains("checkAdjoint(")) {
      checks.add("adjoint");
    }
    return String.join(", ", checks);
  }

  private static String cpu(List<String> implementations) {
    List<String> kinds = new ArrayList<>();
    if (implementations.stream().anyMatch(row -> row.endsWith("-portable"))) {
      kinds.add("SIMD");
    }
    if (implementations.contains("cpu-plain")) {
      kinds.add("plain");
    }
    return String.join(", ", kinds);
  }

  /** The header of the C ABI that declares the operation. */
  private String fieldOf(String name) throws IOException {
    Path header = fileThatHolds("native/include/voxkern", ".h", " vk_" + name + "_plan(");
    return header.getFileName().toString().replace(".h", "");
  }

  private Path fileThatHolds(String folder, String ending, String text) throws IOException {
    try (Stream<Path> files = Files.walk(root.resolve(folder))) {
      for (Path file : (Iterable<Path>) files.sorted()::iterator) {
        if (file.toString().endsWith(ending) && Files.readString(file).contains(text)) {
          return file;
        }
      }
    }
    throw new AssertionError("no " + ending + " file of " + folder + " holds \"" + text + "\"");
  }
}
