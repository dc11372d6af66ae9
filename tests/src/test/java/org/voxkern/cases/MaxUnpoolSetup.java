package org.voxkern.cases;

import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.testing.SplitMix64;

/** The indices and shapes of a case line of max_unpool. */
final class MaxUnpoolSetup {
  final Shape pooled;
  final Shape unpooled;
  final Input indices;

  MaxUnpoolSetup(Case test) {
    CaseLine line = test.line();
    Shape in = line.shape("shape");
    Shape out = line.shape("out");
    pooled = in.prepend(line.integer("c", 1)).prepend(line.integer("n", 1));
    unpooled = out.prepend(line.integer("c", 1)).prepend(line.integer("n", 1));
    indices = test.input("indices", ElementType.I64, pooled);
    SplitMix64 random = new SplitMix64(line.seed(), "places");
    boolean distinct = line.flag("distinct", true);
    long places = out.elementCount();
    for (int i = 0; i < indices.count(); i++) {
      indices.set(
          i,
          distinct
              ? i % in.elementCount() * 7919 % Math.max(places, 1)
              : random.below(places + 1) - 1);
    }
    if (line.has("index") && indices.count() > 0) {
      indices.set(0, line.integer("index", 0));
    }
  }
}
