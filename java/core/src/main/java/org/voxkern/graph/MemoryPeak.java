package org.voxkern.graph;

import java.util.Arrays;
import org.voxkern.Context;

/** How much memory a program's values need at the most, and where that is. */
final class MemoryPeak {
  private final Buffers buffers;
  private final long bytes;
  private final long[] alive;
  private final long most;

  private MemoryPeak(Buffers buffers) {
    this.buffers = buffers;
    bytes = buffers.plan().bytes();
    alive = buffers.alive();
    most = Arrays.stream(alive).max().orElse(0);
  }

  static MemoryPeak of(Program program, Context context) {
    return new MemoryPeak(new Buffers(program, context));
  }

  /** Of the block that holds all values. */
  long bytes() {
    return bytes;
  }

  /** Whether less is needed, or as much at fewer steps. */
  boolean isBelow(MemoryPeak other) {
    return bytes < other.bytes || bytes == other.bytes && steps() < other.steps();
  }

  private long steps() {
    return Arrays.stream(alive).filter(at -> at == most).count();
  }

  /** Whether the most is needed while the slot's memory is, or at the step that reads it. */
  boolean reaches(int slot, int reader) {
    for (int at = Math.max(0, buffers.first(slot)); at <= reader; at++) {
      if (alive[at] == most) {
        return true;
      }
    }
    return false;
  }
}
