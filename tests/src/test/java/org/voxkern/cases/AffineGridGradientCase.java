package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.op.AffineGrid;

final class AffineGridGradientCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    Shape image = AffineGridCase.image(test.line());
    boolean align = test.line().flag("align", false);
    Shape shape = AffineGridCase.theta(image);
    Shape grid = AffineGrid.outputShape(shape, image);
    Input upstream = test.spoil(test.uniform("upstream", grid, -1, 1));
    double voxels = (double) upstream.count() / (double) (shape.size(0) * shape.size(1) + 1);
    test.run(
        call ->
            AffineGrid.gradient(
                call.tensor(upstream),
                align,
                call.output("gradient", test.type(), shape, Bound.absolute(1e-6 * (voxels + 1)))));
  }
}
