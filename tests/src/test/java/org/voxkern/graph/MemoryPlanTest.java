package org.voxkern.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MemoryPlanTest {
  @Test
  void nothingAliveIsOverwritten() {
    Random random = new Random(11);
    for (int round = 0; round < 300; round++) {
      List<MemoryPlan.Span> spans = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        int first = random.nextInt(50);
        spans.add(new MemoryPlan.Span(random.nextInt(5000), first, first + random.nextInt(9)));
      }
      MemoryPlan plan = MemoryPlan.of(spans);
      long sum = 0;
      for (int a = 0; a < spans.size(); a++) {
        sum += spans.get(a).bytes() + 63;
        assertEquals(0, plan.offset(a) % 64);
        assertTrue(plan.offset(a) + spans.get(a).bytes() <= plan.bytes());
        for (int b = 0; b < a; b++) {
          boolean apart =
              plan.offset(a) + spans.get(a).bytes() <= plan.offset(b)
                  || plan.offset(b) + spans.get(b).bytes() <= plan.offset(a);
          assertTrue(apart || !spans.get(a).overlaps(spans.get(b)), a + " and " + b);
        }
      }
      assertTrue(plan.bytes() < sum);
    }
  }

  @Test
  void aChainNeedsTwoOfItsValues() {
    List<MemoryPlan.Span> chain = new ArrayList<>();
    for (int step = 0; step < 10; step++) {
      chain.add(new MemoryPlan.Span(640, step, step + 1));
    }
    assertEquals(1280, MemoryPlan.of(chain).bytes());
  }
}
