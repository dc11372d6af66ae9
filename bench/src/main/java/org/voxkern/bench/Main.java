package org.voxkern.bench;

import org.voxkern.bench.cuda.CudaReportCommand;
import org.voxkern.bench.network.PeersCommand;
import org.voxkern.bench.operation.OperationsCommand;
import org.voxkern.bench.registration.OverlapCommand;
import org.voxkern.bench.registration.RegistrationCommand;
import org.voxkern.bench.training.TumourCommand;
import org.voxkern.bench.training.VoxelMorphCommand;
import org.voxkern.bench.wholenetwork.NetworksCommand;
import org.voxkern.bench.wholenetwork.TuningCommand;
import org.voxkern.study.BadInputException;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code voxkern bench}: measures beside the peers. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = "Measure operations, networks and whole registrations beside the peers.",
    subcommands = {
      OperationsCommand.class,
      PeersCommand.class,
      NetworksCommand.class,
      TuningCommand.class,
      RegistrationCommand.class,
      OverlapCommand.class,
      TumourCommand.class,
      VoxelMorphCommand.class,
      CudaReportCommand.class
    })
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
    System.exit(line.execute(whole(line, arguments)));
  }

  /** An operation's name, or an option of theirs, may stand without the word {@code operations}. */
  private static String[] whole(CommandLine line, String[] arguments) {
    if (arguments.length == 0) {
      return new String[] {"--help"};
    }
    if (arguments[0].equals("--cuda-report")) {
      arguments[0] = "cuda-report";
    }
    String first = arguments[0];
    boolean own =
        line.getSubcommands().containsKey(first)
            || line.getCommandSpec().optionsMap().containsKey(first);
    if (own) {
      return arguments;
    }
    String[] whole = new String[arguments.length + 1];
    whole[0] = "operations";
    System.arraycopy(arguments, 0, whole, 1, arguments.length);
    return whole;
  }
}
