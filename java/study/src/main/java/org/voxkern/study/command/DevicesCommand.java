package org.voxkern.study.command;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.voxkern.Context;
import org.voxkern.Device;
import org.voxkern.study.Devices;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Column;
import picocli.CommandLine.Help.Column.Overflow;
import picocli.CommandLine.Mixin;

/** {@code voxkern devices}. */
@Command(
    name = "devices",
    description = {
      "Show what computes here, and every operation with its implementations.",
      "The processor, the CUDA devices with their driver and cuDNN, or why there are none."
    })
final class DevicesCommand implements Callable<Integer> {
  private static final double GIB = 1L << 30;
  private static final int WIDTH = 110;
  private static final int GAP = 2;

  @Mixin CommonOptions common;

  @Override
  public Integer call() {
    try (Context context = Context.create()) {
      Context.Memory memory = context.memory();
      System.out.printf(
          Locale.ROOT,
          "device       %s%n"
              + "processor    best instruction set %s%n"
              + "memory       %.1f GiB may be used%n"
              + "cuda         %s%n"
              + "voxkern      %s%n%n",
          Devices.describe(context),
          Context.processorInstructionSet().name().toLowerCase(Locale.ROOT),
          memory.budget() / GIB,
          cuda(),
          Context.nativeVersion());
    }
    print(Context.operations());
    return 0;
  }

  /** The CUDA devices and what drives them, or why there are none. */
  private static String cuda() {
    Optional<String> reason = Device.whyNoCuda();
    if (reason.isPresent()) {
      return reason.get();
    }
    Device.CudaVersions versions = Device.cudaVersions();
    StringBuilder text = new StringBuilder();
    text.append("library built with CUDA ").append(versions.library());
    text.append(", driver for up to ").append(versions.driver().orElse("none"));
    for (Device device : Device.list()) {
      if (!device.isHost()) {
        Device.Properties properties = device.properties();
        text.append(
            String.format(
                Locale.ROOT,
                "%n             %s  %s, compute capability %s, %d multiprocessors, %.1f GiB, %.1f free",
                device,
                properties.name(),
                properties.computeCapability(),
                properties.multiprocessors(),
                properties.memory() / GIB,
                properties.free() / GIB));
      }
    }
    Device.CudnnLibrary cudnn = Device.cuda(0).cudnn();
    text.append("\n             cuDNN ")
        .append(cudnn.version().map(version -> version + ", ").orElse("is not used: "))
        .append(cudnn.text());
    return text.toString();
  }

  /** A row of every operation: its implementations, wrapped. */
  private static void print(Map<String, List<String>> operations) {
    int names = operations.keySet().stream().mapToInt(String::length).max().orElse(0);
    CommandLine.Help.TextTable table =
        CommandLine.Help.TextTable.forColumns(
            CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF),
            new Column(names + GAP, 0, Overflow.TRUNCATE),
            new Column(WIDTH - names - GAP, 0, Overflow.WRAP));
    table.addRowValues("operation", "implementations; the first that takes a job computes it");
    operations.forEach((name, rows) -> table.addRowValues(name, String.join(", ", rows)));
    System.out.print(table);
  }
}
