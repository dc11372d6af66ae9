package org.voxkern.cases;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import org.junit.jupiter.api.Test;
import org.voxkern.Backend;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.InstructionSet;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.op.Nms;
import org.voxkern.testing.SplitMix64;

/** Ten thousand random problems, among them ties and degenerate boxes, against the reference. */
class NmsPropertyTest {
  private static final int PROBLEMS = 10_000;

  @Test
  void keepsTheSameBoxesAsTheReference() {
    InstructionSet[] sets = Contexts.instructionSets().toArray(InstructionSet[]::new);
    Context reference = Contexts.get(Backend.REFERENCE, InstructionSet.AUTO, 1);
    for (int problem = 0; problem < PROBLEMS; problem++) {
      Context fast = Contexts.get(Backend.CPU, sets[problem % sets.length], 1 + problem % 3);
      compare(problem, fast, reference);
    }
  }

  private static void compare(int problem, Context fast, Context reference) {
    SplitMix64 random = new SplitMix64(52000 + problem, "problem");
    int dimensions = 2 + (int) random.below(2);
    int n = (int) random.below(random.below(8) == 0 ? 300 : 40);
    long classCount = random.below(3) == 0 ? 1 + random.below(5) : 0;
    CaseLine line =
        new CaseLine(
            "nms exact="
                + (random.below(2) == 0 ? "yes" : "no")
                + " degenerate="
                + (random.below(2) == 0 ? "yes" : "no")
                + " clusters="
                + random.below(6)
                + " span="
                + (20 + random.below(100))
                + " size_low=1 size_high="
                + (2 + random.below(60))
                + " jitter="
                + random.uniform(0.05, 0.6)
                + " steps="
                + (1 + random.below(50)));
    Input boxes = new Input("boxes", ElementType.F32, Shape.of(n, 2L * dimensions));
    Input scores = new Input("scores", ElementType.F32, Shape.of(n));
    Input classes = new Input("classes", ElementType.I64, Shape.of(n));
    BoxInputs.draw(line, random, boxes, n, dimensions);
    BoxInputs.drawScores(line, random, scores);
    BoxInputs.drawClasses(random, Math.max(1, classCount), classes);
    Nms nms =
        Nms.builder()
            .iouThreshold(random.below(10) == 0 ? 0 : random.uniform())
            .scoreThreshold(random.uniform(-0.5, 0.5))
            .maxOutputs(random.below(3) == 0 ? random.below(20) : 0)
            .build();
    Input labels = classCount > 0 ? classes : null;
    assertArrayEquals(
        kept(reference, nms, boxes, scores, labels),
        kept(fast, nms, boxes, scores, labels),
        () -> "problem " + problem + ", " + n + " boxes: " + line.text());
  }

  private static long[] kept(Context context, Nms nms, Input boxes, Input scores, Input classes) {
    try (Scope scope = Scope.open(context)) {
      Context inside = scope.context();
      return nms.apply(
          boxes.tensor(inside, boxes.type(), boxes.shape()),
          scores.tensor(inside, scores.type(), scores.shape()),
          classes == null ? null : classes.tensor(inside, classes.type(), classes.shape()));
    }
  }
}
