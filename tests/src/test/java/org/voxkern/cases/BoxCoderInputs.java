package org.voxkern.cases;

import org.voxkern.op.BoxCoder;

/** What the cases of the box coder share. */
final class BoxCoderInputs {
  static final Bound BOUND = new Bound(1e-6, 1e-5, 0, 0);

  private BoxCoderInputs() {}

  static Input boxes(Case test, String name) {
    return BoxInputs.boxes(test, name, test.line().integer("n", 1));
  }

  static Input deltas(Case test, Input anchors) {
    return test.spoil(test.uniform("deltas", anchors.shape(), -2, 2));
  }

  static BoxCoder coder(CaseLine line) {
    return BoxCoder.create()
        .withWeights(line.numbers("weights", 6, 1))
        .withLogScaleLimit(line.number("limit", 4.135));
  }
}
