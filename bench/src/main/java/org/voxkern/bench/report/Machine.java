package org.voxkern.bench.report;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import org.voxkern.Context;

/** What the figures were measured on. */
public final class Machine {
  private Machine() {}

  public static Map<String, Object> describe() {
    Map<String, Object> machine = new LinkedHashMap<>();
    machine.put("processor", Context.processorName());
    machine.put("cores", Runtime.getRuntime().availableProcessors());
    machine.put("instruction_set", Context.processorInstructionSet());
    machine.put("java", System.getProperty("java.vm.name") + " " + Runtime.version());
    machine.put("voxkern", Context.nativeVersion());
    machine.put("load_average_at_start", loadAverage());
    machine.put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS));
    return machine;
  }

  /** Processes that wanted a core over the last minute: above 1, something else was running. */
  public static double loadAverage() {
    return java.lang.management.ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
  }
}
