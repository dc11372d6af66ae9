package org.voxkern.bench;

import org.voxkern.bench.registration.OverlapCommand;
import org.voxkern.bench.registration.RegistrationCommand;
import org.voxkern.study.BadInputException;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code voxkern bench}: measures beside the peers. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = "Measure operations and whole registrations beside the peers.",
    subcommands = {RegistrationCommand.class, OverlapCommand.class})
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    CommandLine line = new CommandLine(new Main());
    line.setExecutionExceptionHandler(
        (error, failed, parsed) -> {
          if (error instanceof BadInputException) {
            System.err.println("voxkern: " + error.getMessage());
            return CommandLine.ExitCode.USAGE;
          }
          throw error;
        });
    System.exit(line.execute(arguments));
  }
}
