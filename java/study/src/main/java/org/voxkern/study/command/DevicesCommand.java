package org.voxkern.study.command;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.voxkern.Context;
import org.voxkern.Device;
import org.voxkern.study.Devices;
import picocli.CommandLine.Command;
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

  private static void print(Map<String, List<String>> operations) {
    Set<String> names = new LinkedHashSet<>();
    operations.values().forEach(names::addAll);
    int width = widest(operations.keySet());
    StringBuilder table = new StringBuilder(pad("operation", width));
    names.forEach(name -> table.append("  ").append(name));
    table.append('\n');
    for (Map.Entry<String, List<String>> operation : operations.entrySet()) {
      StringBuilder row = new StringBuilder(pad(operation.getKey(), width));
      for (String name : names) {
        row.append("  ")
            .append(pad(operation.getValue().contains(name) ? "yes" : "-", name.length()));
      }
      table.append(row.toString().stripTrailing()).append('\n');
    }
    System.out.print(table);
  }

  private static int widest(Collection<String> words) {
    int width = "operation".length();
    for (String word : words) {
      width = Math.max(width, word.length());
    }
    return width;
  }

  private static String pad(String text, int width) {
    return text + " ".repeat(Math.max(0, width - text.length()));
  }
}
