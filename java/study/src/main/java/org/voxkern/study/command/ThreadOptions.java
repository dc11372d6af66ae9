package org.voxkern.study.command;

import org.voxkern.study.BadInputException;
import picocli.CommandLine.Option;

/** {@code --threads}. */
class ThreadOptions {
  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description = "Threads (default: every core). The result does not depend on it.")
  private int threads;

  /** 0 for every core. */
  final int threads() {
    if (threads < 0) {
      throw new BadInputException("--threads " + threads + ": expected 0 or more");
    }
    return threads;
  }
}
