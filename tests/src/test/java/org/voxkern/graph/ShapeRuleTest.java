package org.voxkern.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.voxkern.Shape;
import org.voxkern.op.Conv3d;
import org.voxkern.op.Conv3dTransposed;
import org.voxkern.op.PoolWindow;

/** Rules of the graph say what the operations say, for symbols as for numbers. */
class ShapeRuleTest {
  private final Random random = new Random(19);
  private int fitting;

  private long upTo(int most) {
    return 1 + random.nextInt(most);
  }

  private void check(Operation operation, Supplier<Shape> expected, Shape input, Shape... rest) {
    Shape size;
    List<SymbolicShape> known = new ArrayList<>(List.of(SymbolicShape.of(input)));
    List.of(rest).forEach(shape -> known.add(SymbolicShape.of(shape)));
    try {
      size = expected.get();
    } catch (IllegalArgumentException refused) {
      assertThrows(IllegalArgumentException.class, () -> operation.outputShape(known));
      return;
    }
    fitting++;
    assertEquals(size, operation.outputShape(known).known());
    known.set(0, SymbolicShape.of(input.size(0), input.size(1), "D", "H", "W"));
    Map<String, Long> symbols = Map.of("D", input.size(2), "H", input.size(3), "W", input.size(4));
    try {
      assertEquals(size, operation.outputShape(known).evaluate(symbols));
    } catch (IllegalArgumentException undecided) {
      assertTrue(undecided.getMessage().startsWith("in ceil mode"), undecided.getMessage());
    }
  }

  private Shape volume() {
    return Shape.of(2, 4, upTo(12), upTo(12), upTo(12));
  }

  @Test
  void convolutions() {
    for (int round = 0; round < 1000; round++) {
      Shape input = volume();
      long groups = 1 + random.nextInt(2);
      Conv3d convolution =
          Conv3d.builder()
              .groups(groups)
              .stride(upTo(3), upTo(3), upTo(3))
              .dilation(upTo(2), upTo(2), upTo(2))
              .paddingBegin(upTo(3) - 1, upTo(3) - 1, upTo(3) - 1)
              .paddingEnd(upTo(3) - 1, upTo(3) - 1, upTo(3) - 1)
              .build();
      Shape weights = Shape.of(upTo(6), 4 / groups, upTo(4), upTo(4), upTo(4));
      check(
          new Convolution(convolution, false, false),
          () -> convolution.outputShape(input, weights),
          input,
          weights);
    }
    assertTrue(fitting > 500, fitting + " fit");
  }

  @Test
  void transposedConvolutions() {
    for (int round = 0; round < 1000; round++) {
      Shape input = volume();
      Conv3dTransposed convolution =
          Conv3dTransposed.builder()
              .groups(2)
              .stride(2, 3, upTo(3))
              .padding(upTo(2) - 1, upTo(2) - 1, upTo(2) - 1)
              .outputPadding(upTo(2) - 1, upTo(3) - 1, 0)
              .build();
      Shape weights = Shape.of(4, upTo(6), 1 + upTo(3), 1 + upTo(3), 1 + upTo(3));
      check(
          new TransposedConvolution(convolution, false, false),
          () -> convolution.outputShape(input, weights),
          input,
          weights);
    }
    assertTrue(fitting > 500, fitting + " fit");
  }

  @Test
  void pools() {
    for (int round = 0; round < 1000; round++) {
      Shape input = volume();
      PoolWindow window =
          PoolWindow.kernel(3, 2, 4)
              .stride(upTo(4), upTo(3), upTo(5))
              .padding(upTo(3) - 1, upTo(2) - 1, upTo(4) - 1)
              .dilation(upTo(2), 1, 1)
              .ceilMode(random.nextBoolean())
              .build();
      check(new Pools.Max(window), () -> window.outputShape(input), input);
    }
    assertTrue(fitting > 500, fitting + " fit");
  }
}
