package org.voxkern.study.command;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.voxkern.study.BadInputException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Commands that need the source tree, so the launcher script runs them; here for the help. */
final class LauncherCommands {
  private LauncherCommands() {}

  @Command(name = "test", description = "Run every test (from the source tree).")
  static final class Test extends FromSource {
    Test() {
      super("test");
    }
  }

  @Command(
      name = "bench",
      description = "Run the benchmarks beside their peers (from the source tree).")
  static final class Bench extends FromSource {
    Bench() {
      super("bench");
    }
  }

  private abstract static class FromSource implements Callable<Integer> {
    private final String name;

    @Parameters(arity = "0..*", paramLabel = "ARGUMENT", description = "See the README.")
    List<String> arguments = new ArrayList<>();

    FromSource(String name) {
      this.name = name;
    }

    @Override
    public Integer call() {
      throw new BadInputException(
          "'" + name + "' runs from the source tree: use the launcher, ./voxkern " + name);
    }
  }
}
