package org.voxkern.bench.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What ptxas says of one kernel for one architecture.
 *
 * @param operation the folder of the kernel
 * @param kernel its name in the object file
 * @param spilledBytes stored and loaded because registers did not suffice
 * @param sharedBytes static ones; what a launch adds is not known here
 */
record KernelResources(
    String operation,
    String kernel,
    int capability,
    int registers,
    int spilledBytes,
    int sharedBytes) {
  private static final Pattern KERNEL =
      Pattern.compile("Compiling entry function '([^']+)' for 'sm_(\\d+)[a-z]?'");
  private static final Pattern SPILL =
      Pattern.compile("(\\d+) bytes spill stores, (\\d+) bytes spill loads");
  private static final Pattern USED = Pattern.compile("Used (\\d+) registers");
  private static final Pattern SHARED = Pattern.compile("(\\d+) bytes smem");

  /** Reads what nvcc prints with {@code -Xptxas -v}. */
  static List<KernelResources> parse(String operation, List<String> lines) {
    List<KernelResources> kernels = new ArrayList<>();
    String kernel = null;
    int capability = 0;
    int spilled = 0;
    for (String line : lines) {
      Matcher entry = KERNEL.matcher(line);
      if (entry.find()) {
        kernel = entry.group(1);
        capability = Integer.parseInt(entry.group(2));
        spilled = 0;
      }
      Matcher spill = SPILL.matcher(line);
      if (spill.find()) {
        spilled = Integer.parseInt(spill.group(1)) + Integer.parseInt(spill.group(2));
      }
      Matcher used = USED.matcher(line);
      // A function that a kernel calls has such a line, too.
      if (used.find() && kernel != null) {
        Matcher shared = SHARED.matcher(line);
        kernels.add(
            new KernelResources(
                operation,
                kernel,
                capability,
                Integer.parseInt(used.group(1)),
                spilled,
                shared.find() ? Integer.parseInt(shared.group(1)) : 0));
        kernel = null;
      }
    }
    return kernels;
  }
}
