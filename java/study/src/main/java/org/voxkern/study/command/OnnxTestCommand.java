package org.voxkern.study.command;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.voxkern.Context;
import org.voxkern.onnx.BackendTest;
import org.voxkern.onnx.BackendTest.Outcome;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code voxkern onnx-test}. */
@Command(
    name = "onnx-test",
    description =
        "Run tests of the kind that ONNX has for those who implement it: folders with model.onnx and"
            + " test_data_set_*. Prints how each went and the counts; the exit code is 1 if any is"
            + " wrong. What is not supported is refused, which is not wrong.")
final class OnnxTestCommand implements Callable<Integer> {
  @Mixin CommonOptions common;

  @Parameters(
      arity = "1..*",
      paramLabel = "DIR",
      description = "Folders of tests, or with such folders in them.")
  List<Path> folders;

  @Option(names = "--brief", description = "Do not print the tests that passed.")
  boolean brief;

  @Override
  public Integer call() throws IOException {
    List<BackendTest> tests = new ArrayList<>();
    for (Path folder : folders) {
      tests.addAll(BackendTest.in(folder));
    }
    Map<Outcome, Integer> counts = new EnumMap<>(Outcome.class);
    try (Context context = Context.create()) {
      for (BackendTest test : tests) {
        BackendTest.Result result = test.run(context);
        counts.merge(result.outcome(), 1, Integer::sum);
        if (result.outcome() != Outcome.PASSED) {
          String reason = result.reason().strip().replaceAll("\\s*\\R\\s*", "; ");
          System.out.println(word(result.outcome()) + "  " + test.name() + ": " + reason);
        } else if (!brief) {
          System.out.println(word(result.outcome()) + "  " + test.name());
        }
      }
    }
    System.out.printf(
        Locale.ROOT,
        "%d passed, %d refused, %d wrong of %d tests%n",
        counts.getOrDefault(Outcome.PASSED, 0),
        counts.getOrDefault(Outcome.REFUSED, 0),
        counts.getOrDefault(Outcome.WRONG, 0),
        tests.size());
    return counts.containsKey(Outcome.WRONG) ? 1 : 0;
  }

  private static String word(Outcome outcome) {
    return String.format(Locale.ROOT, "%-7s", outcome.name().toLowerCase(Locale.ROOT));
  }
}
