package org.voxkern.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SizeTest {
  private final Size d = Size.symbol("D");
  private final Size h = Size.symbol("H");

  @Test
  void printsTheExpression() {
    SymbolicShape shape =
        SymbolicShape.of("N", 32, d.plus(1).floorDivide(2), d.times(2).minus(h).plus(-3));
    assertEquals("(N, 32, floor((D + 1) / 2), 2 D - H - 3)", shape.toString());
    assertEquals("0", d.minus(d).toString());
  }

  @Test
  void whatDividesExactlyLeavesTheFloor() {
    assertEquals(d.plus(3), d.times(4).plus(12).floorDivide(4));
    assertEquals(d.plus(h.floorDivide(2)).plus(2), d.times(2).plus(h).plus(4).floorDivide(2));
    assertEquals(d.floorDivide(4), d.floorDivide(2).floorDivide(2));
    assertEquals(d.plus(3).floorDivide(4), d.plus(1).floorDivide(2).plus(1).floorDivide(2));
    assertEquals(d, d.floorDivide(1));
  }

  @Test
  void comparesWhatItCan() {
    assertEquals(Size.Relation.EQUAL, d.plus(h).compare(h.plus(d)));
    assertEquals(Size.Relation.DIFFERENT, d.plus(1).compare(d));
    assertEquals(Size.Relation.UNDECIDED, d.compare(h));
    assertEquals(Size.Relation.UNDECIDED, d.floorDivide(2).times(2).compare(d));
  }

  @Test
  void expressionsHaveTheValuesOfTheirParts() {
    Random random = new Random(5);
    for (int round = 0; round < 2000; round++) {
      Map<String, Long> symbols = Map.of("D", random.nextLong(100), "H", random.nextLong(100));
      Size size = d;
      long value = symbols.get("D");
      for (int step = 0; step < 6; step++) {
        long number = random.nextLong(1, 9);
        switch (random.nextInt(5)) {
          case 0 -> {
            size = size.plus(number);
            value += number;
          }
          case 1 -> {
            size = size.plus(h.times(-number));
            value -= number * symbols.get("H");
          }
          case 2 -> {
            size = size.times(number);
            value *= number;
          }
          case 3 -> {
            size = size.times(h.plus(number));
            value *= symbols.get("H") + number;
          }
          default -> {
            size = size.floorDivide(number);
            value = Math.floorDiv(value, number);
          }
        }
      }
      assertEquals(value, size.evaluate(symbols), size + " with " + symbols);
    }
  }

  @Test
  void symbolsMustBeKnown() {
    assertThrows(IllegalStateException.class, d::value);
    IllegalArgumentException failure =
        assertThrows(IllegalArgumentException.class, () -> d.evaluate(Map.of("H", 3L)));
    assertEquals("the size D is not among the known [H]", failure.getMessage());
    assertThrows(IllegalArgumentException.class, () -> Size.symbol("2D"));
    assertThrows(IllegalArgumentException.class, () -> d.floorDivide(0));
  }

  @Test
  void broadcastsShapes() {
    SymbolicShape volume = SymbolicShape.of("N", 4, "D");
    assertEquals(volume, volume.broadcast(SymbolicShape.of(4, 1)));
    assertEquals(SymbolicShape.of("N", 4, 9), volume.broadcast(SymbolicShape.of("N", 1, 9)));
    IllegalArgumentException failure =
        assertThrows(
            IllegalArgumentException.class, () -> volume.broadcast(SymbolicShape.of(3, "D")));
    assertEquals("shapes (N, 4, D) and (3, D) do not broadcast", failure.getMessage());
  }
}
