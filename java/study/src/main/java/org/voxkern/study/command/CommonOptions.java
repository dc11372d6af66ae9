package org.voxkern.study.command;

import picocli.CommandLine.Option;

/** Options of every command. */
final class CommonOptions {
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  boolean help;

  @Option(names = "--stacktrace", description = "On an error, show where in the program it arose.")
  boolean stackTrace;
}
