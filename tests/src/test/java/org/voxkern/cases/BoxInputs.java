package org.voxkern.cases;

import org.opentest4j.TestAbortedException;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.testing.SplitMix64;

/**
 * Seeded boxes, scores and classes; the counterpart of {@code kernels/box_iou/box_case.h} and
 * {@code kernels/nms/scored_case.h}.
 */
final class BoxInputs {
  private BoxInputs() {}

  /** {@code count} boxes in as many dimensions as the key dims= says. */
  static Input boxes(Case test, String name, long count) {
    int dimensions = (int) test.line().integer("dims", 3);
    Input boxes = test.input(name, test.type(), Shape.of(count, 2L * dimensions));
    draw(test.line(), new SplitMix64(test.line().seed(), name), boxes, (int) count, dimensions);
    return boxes;
  }

  static void draw(CaseLine line, SplitMix64 random, Input boxes, int count, int dimensions) {
    double span = line.number("span", 100);
    int clusters = (int) line.integer("clusters", 0);
    double least = line.number("size_low", 5);
    double most = line.number("size_high", 30);
    double jitter = line.number("jitter", 0.15);
    boolean whole = line.flag("exact", false);
    boolean degenerate = line.flag("degenerate", false);
    double[] places = new double[2 * clusters * dimensions];
    for (int i = 0; i < places.length; i += 2) {
      places[i] = random.uniform(0, span);
      places[i + 1] = random.uniform(least, most);
    }
    for (int i = 0; i < count; i++) {
      int cluster = clusters > 0 && random.uniform() < 0.9 ? (int) random.below(clusters) : -1;
      for (int axis = 0; axis < dimensions; axis++) {
        double centre = random.uniform(0, span);
        double size = random.uniform(least, most);
        if (cluster >= 0) {
          int place = 2 * (cluster * dimensions + axis);
          size = places[place + 1] * random.uniform(0.8, 1.25);
          centre = places[place] + places[place + 1] * random.uniform(-jitter, jitter);
        }
        double low = centre - size / 2;
        double high = centre + size / 2;
        if (whole) {
          low = Math.floor(low);
          high = Math.floor(high);
        }
        if (degenerate && axis == 0) {
          double kind = random.uniform();
          if (kind < 0.05) {
            double swapped = low;
            low = high;
            high = swapped;
          }
          if (kind > 0.95) {
            high = low;
          }
        }
        boxes.set(i * 2 * dimensions + axis, low);
        boxes.set(i * 2 * dimensions + dimensions + axis, high);
      }
    }
  }

  /** n boxes with scores, and of that many classes= where there are some. */
  record Scored(Input boxes, Input scores, Input classes) {}

  static Scored scored(Case test) {
    CaseLine line = test.line();
    long n = line.integer("n", 1);
    Input boxes = boxes(test, "boxes", n);
    Input scores = test.input("scores", test.type(), Shape.of(n));
    drawScores(line, new SplitMix64(line.seed(), "scores"), scores);
    long count = line.integer("classes", 0);
    Input classes = count > 0 ? test.input("classes", ElementType.I64, Shape.of(n)) : null;
    if (classes != null) {
      drawClasses(new SplitMix64(line.seed(), "classes"), count, classes);
    }
    test.spoil(line.word("spoil", "boxes").equals("scores") ? scores : boxes);
    return new Scored(boxes, scores, classes);
  }

  static void drawScores(CaseLine line, SplitMix64 random, Input scores) {
    long steps = line.integer("steps", 100);
    for (int i = 0; i < scores.count(); i++) {
      scores.set(i, (double) random.below(steps) / steps);
    }
  }

  static void drawClasses(SplitMix64 random, long classes, Input to) {
    for (int i = 0; i < to.count(); i++) {
      to.set(i, (random.below(classes) - classes / 2) * 1000003);
    }
  }

  /** Skips the lines that break an argument which the Java class makes itself. */
  static void skipBroken(Case test, String... arguments) {
    for (String argument : arguments) {
      if (test.line().word("break", "").startsWith(argument + ":")) {
        throw new TestAbortedException("Java makes " + argument + " itself");
      }
    }
  }

  static double[] doubles(long[] values) {
    double[] result = new double[values.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = values[i];
    }
    return result;
  }
}
