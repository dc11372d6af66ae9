package org.voxkern.cases;

import org.voxkern.op.BoxMatcher;

final class BoxMatcherAtssCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    long[] levels =
        line.has("levels") ? line.shape("levels").toArray() : new long[] {line.integer("n", 1)};
    int candidates = (int) line.integer("candidates", 4);
    double inside = line.number("inside", 0.01);
    BoxMatcherCase.match(test, () -> BoxMatcher.adaptive(candidates, inside, levels));
  }
}
