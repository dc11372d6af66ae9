package org.voxkern.cases;

import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.BoxMatcher;
import org.voxkern.testing.SplitMix64;

final class BoxMatcherCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    double foreground = line.number("foreground", 0.5);
    double background = line.number("background", 0.4);
    boolean best = line.flag("best", true);
    match(test, () -> BoxMatcher.byOverlap(foreground, background, best));
  }

  /** Makes the matcher within the run, where it may be refused. */
  interface Maker {
    BoxMatcher make();
  }

  /** n anchors and m boxes: of those, three in four are an anchor moved by up to a tenth. */
  static void match(Case test, Maker maker) {
    CaseLine line = test.line();
    long n = line.integer("n", 1);
    long m = line.integer("m", 1);
    Input anchors = BoxInputs.boxes(test, "anchors", n);
    Input boxes = BoxInputs.boxes(test, "boxes", m);
    SplitMix64 random = new SplitMix64(line.seed(), "near");
    int corners = 2 * (int) line.integer("dims", 3);
    double shift = line.flag("exact", false) ? 0 : line.number("size_low", 5) / 10;
    for (int j = 0; j < m && n > 0; j++) {
      if (random.below(4) == 0) {
        continue;
      }
      int near = (int) random.below(n);
      for (int k = 0; k < corners; k++) {
        boxes.set(j * corners + k, anchors.get(near * corners + k) + random.uniform(-shift, shift));
      }
    }
    test.spoil(line.word("spoil", "anchors").equals("boxes") ? boxes : anchors);
    boolean wanted = line.flag("overlaps", true);
    test.run(
        call -> {
          Tensor a = call.tensor(anchors);
          Tensor b = call.tensor(boxes);
          Tensor matches = call.output("matches", ElementType.I64, Shape.of(n), Bound.exact());
          Tensor overlaps =
              wanted ? call.output("overlaps", test.type(), Shape.of(n), Bound.exact()) : null;
          maker.make().apply(a, b, matches, overlaps);
        });
  }
}
