package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.op.ImageGradient;

final class ImageGradientCase implements CaseAdapter {
  private static final double[] SLOPE = {2, -1, 0.5};

  @Override
  public void run(Case test) {
    Shape shape = test.line().shape("shape");
    double[] map = map(test.line());
    Input image = test.uniform("image", shape, -100, 100);
    test.spoil(image);
    boolean ramp = test.line().word("check", "").equals("ramp");
    if (ramp) {
      setRamp(image);
    }
    test.run(
        call ->
            ImageGradient.apply(
                call.tensor(image),
                map,
                call.output("gradient", test.type(), shape.prepend(3), Bound.ofLargest(1e-6))));
    if (!ramp) {
      return;
    }
    double[] gradient =
        test.reference(
                call ->
                    call.result(
                        "gradient",
                        ImageGradient.apply(call.tensor(image), map),
                        Bound.ofLargest(1e-6)))
            .result("gradient");
    for (int i = 0; i < gradient.length; i++) {
      int row = 3 * (i / image.count());
      double expected = map[row] * SLOPE[0] + map[row + 1] * SLOPE[1] + map[row + 2] * SLOPE[2];
      test.expect(
          Math.abs(gradient[i] - expected) < 1e-5,
          "element " + i + " is " + gradient[i] + ", not " + expected);
    }
  }

  private static void setRamp(Input image) {
    int width = (int) image.shape().size(2);
    int height = (int) image.shape().size(1);
    for (int i = 0; i < image.count(); i++) {
      int x = i % width;
      int y = i / width % height;
      int z = i / (width * height);
      image.set(i, SLOPE[0] * x + SLOPE[1] * y + SLOPE[2] * z);
    }
  }

  static double[] map(CaseLine line) {
    return line.has("map")
        ? line.numbers("map", 9, 0)
        : new double[] {0.8, 0.3, -0.1, -0.2, 1.1, 0.4, 0.05, -0.5, 0.6};
  }
}
