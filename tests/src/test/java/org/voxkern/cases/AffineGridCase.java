package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.op.AffineGrid;

final class AffineGridCase implements CaseAdapter {
  /** Shape of the images that the case's grid samples, of one channel. */
  static Shape image(CaseLine line) {
    long[] shape = line.shape("shape").toArray();
    Shape spatial = line.flag("flat", false) ? Shape.of(shape[1], shape[2]) : Shape.of(shape);
    return spatial.prepend(1).prepend(line.integer("n", 1));
  }

  static Shape theta(Shape image) {
    int axes = image.rank() - 2;
    return Shape.of(image.size(0), axes, axes + 1);
  }

  @Override
  public void run(Case test) {
    Shape image = image(test.line());
    boolean align = test.line().flag("align", false);
    Shape shape = theta(image);
    Input theta = test.spoil(test.uniform("theta", shape, -1.5, 1.5));
    test.run(
        call ->
            AffineGrid.apply(
                call.tensor(theta),
                align,
                call.output(
                    "grid",
                    test.type(),
                    AffineGrid.outputShape(shape, image),
                    Bound.absolute(2e-6))));
  }
}
