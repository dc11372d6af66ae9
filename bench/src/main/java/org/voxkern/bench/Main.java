package org.voxkern.bench;

import org.voxkern.bench.registration.OverlapCommand;
import org.voxkern.bench.registration.RegistrationCommand;
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
    System.exit(new CommandLine(new Main()).execute(arguments));
  }
}
