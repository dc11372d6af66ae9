package org.voxkern.graph;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Where values lie in one block of memory: two that live at the same time never overlap.
 *
 * <p>The largest are placed first, each into the smallest gap that holds it between those placed
 * before that live at the same time.
 */
final class MemoryPlan {
  private static final long ALIGNMENT = 64;

  /** A value of so many bytes, alive from the step that writes it to the last that reads it. */
  record Span(long bytes, int first, int last) {
    boolean overlaps(Span other) {
      return first <= other.last && other.first <= last;
    }
  }

  private final List<Span> spans;
  private final long[] offsets;
  private long bytes;

  private MemoryPlan(List<Span> spans) {
    this.spans = List.copyOf(spans);
    offsets = new long[spans.size()];
  }

  static MemoryPlan of(List<Span> spans) {
    MemoryPlan plan = new MemoryPlan(spans);
    List<Integer> bySize =
        IntStream.range(0, spans.size())
            .boxed()
            .sorted(Comparator.comparing(i -> -spans.get(i).bytes()))
            .toList();
    List<Integer> placed = new ArrayList<>();
    for (int span : bySize) {
      plan.offsets[span] = plan.place(span, placed);
      plan.bytes = Math.max(plan.bytes, plan.end(span));
      placed.add(span);
    }
    return plan;
  }

  private long place(int span, List<Integer> placed) {
    List<Integer> alive =
        placed.stream()
            .filter(other -> spans.get(other).overlaps(spans.get(span)))
            .sorted(Comparator.comparing(other -> offsets[other]))
            .toList();
    long best = -1;
    long bestGap = Long.MAX_VALUE;
    long free = 0;
    for (int other : alive) {
      long gap = offsets[other] - free;
      if (gap >= aligned(spans.get(span).bytes()) && gap < bestGap) {
        best = free;
        bestGap = gap;
      }
      free = Math.max(free, end(other));
    }
    return best >= 0 ? best : free;
  }

  private long end(int span) {
    return offsets[span] + aligned(spans.get(span).bytes());
  }

  private static long aligned(long bytes) {
    return Math.addExact(bytes, ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  long offset(int span) {
    return offsets[span];
  }

  /** Of the block. */
  long bytes() {
    return bytes;
  }
}
