package org.voxkern.bench.cuda;

import java.util.List;
import org.voxkern.bench.operation.Work;

/**
 * The peaks in a maker's data sheet.
 *
 * @param gbPerS of its memory
 * @param tflopPerS of f32 arithmetic without tensor cores
 */
record Gpu(String name, double gbPerS, double tflopPerS) {
  static final List<Gpu> ALL =
      List.of(new Gpu("A100 SXM 40 GB", 1555, 19.5), new Gpu("H100 SXM 80 GB", 3350, 66.9));

  /** Of starting one kernel. */
  static final double LAUNCH_SECONDS = 5e-6;

  /** The least seconds by memory or arithmetic, whichever is longer, and one launch. */
  double seconds(Work work) {
    double memory = (work.bytesRead() + work.bytesWritten()) / (gbPerS * 1e9);
    double arithmetic = work.operations() / (tflopPerS * 1e12);
    return Math.max(memory, arithmetic) + LAUNCH_SECONDS;
  }

  boolean isMemoryBound(Work work) {
    return (work.bytesRead() + work.bytesWritten()) / (gbPerS * 1e9)
        >= work.operations() / (tflopPerS * 1e12);
  }
}
