package org.voxkern.study.command;

import org.voxkern.Device;
import picocli.CommandLine.Option;

/** What computes: {@code --threads} and {@code --device}. */
final class ComputeOptions extends ThreadOptions {
  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      defaultValue = "cpu",
      converter = DeviceConverter.class,
      description = "What computes: cpu, cuda or cuda:N (default: ${DEFAULT-VALUE}); see devices.")
  Device device;
}
