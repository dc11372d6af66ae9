package org.voxkern.study;

import java.util.concurrent.CancellationException;
import org.voxkern.study.command.Commands;
import picocli.CommandLine;

/** Entry of the command line. */
public final class Main {
  /** Bad options or bad input. */
  public static final int BAD_INPUT = 2;

  /** A fault of ours or of the machine. */
  public static final int FAILURE = 1;

  /** As a shell reports a process that Ctrl-C ended. */
  public static final int INTERRUPTED = 130;

  private Main() {}

  public static void main(String[] arguments) {
    System.exit(run(arguments));
  }

  /** Runs one command and returns its exit code. */
  public static int run(String... arguments) {
    // Charts are drawn without a display; this must be set before any AWT class loads.
    System.setProperty("java.awt.headless", "true");
    // Else it reports every data set that it reads.
    System.setProperty("org.slf4j.simpleLogger.log.io.jhdf", "error");
    CommandLine line = Commands.of(arguments);
    boolean trace = java.util.Arrays.asList(arguments).contains("--stacktrace");
    line.setParameterExceptionHandler(
        (error, given) -> {
          String command = error.getCommandLine().getCommandSpec().qualifiedName();
          return fail(oneLine(error) + " (see " + command + " --help)", error, trace, BAD_INPUT);
        });
    line.setExecutionExceptionHandler(
        (error, failed, parsed) -> fail(oneLine(error), error, trace, exitCode(error)));
    return line.execute(Commands.argumentsOf(arguments));
  }

  private static int fail(String message, Throwable error, boolean trace, int code) {
    System.err.println("voxkern: " + message);
    if (trace) {
      error.printStackTrace();
    }
    return code;
  }

  private static int exitCode(Throwable error) {
    if (error instanceof CancellationException) {
      return INTERRUPTED;
    }
    boolean badInput =
        error instanceof BadInputException
            || error instanceof IllegalArgumentException
            || error instanceof UnsupportedOperationException
            || error instanceof java.nio.file.NoSuchFileException;
    return badInput ? BAD_INPUT : FAILURE;
  }

  private static String oneLine(Throwable error) {
    String message = error.getMessage();
    String text = message == null || message.isBlank() ? error.toString() : message;
    if (error instanceof java.nio.file.NoSuchFileException) {
      text += ": no such file";
    }
    return text.strip().replaceAll("\\s*\\R\\s*", "; ");
  }
}
