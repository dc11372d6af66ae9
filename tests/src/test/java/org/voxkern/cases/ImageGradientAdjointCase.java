package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.op.ImageGradient;

final class ImageGradientAdjointCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    Shape shape = test.line().shape("shape");
    double[] map = ImageGradientCase.map(test.line());
    Input gradient = test.uniform("gradient", shape.prepend(3), -100, 100);
    test.spoil(gradient);
    test.run(
        call ->
            ImageGradient.adjoint(
                call.tensor(gradient),
                map,
                call.output("image", test.type(), shape, Bound.ofLargest(1e-6))));
  }
}
