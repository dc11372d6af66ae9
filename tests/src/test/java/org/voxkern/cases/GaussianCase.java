package org.voxkern.cases;

import java.util.Locale;
import org.voxkern.Shape;
import org.voxkern.op.Gaussian;

final class GaussianCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    Shape spatial = line.shape("shape");
    double[] sigma = line.numbers("sigma", 3, 1);
    int[] factor = integers(line.numbers("factor", 3, 1));
    Gaussian.Border border =
        Gaussian.Border.valueOf(line.word("border", "clamp").toUpperCase(Locale.ROOT));
    long[] outputSizes = new long[3];
    double[] offset = new double[3];
    for (int axis = 0; axis < 3; axis++) {
      int step = Math.max(1, factor[axis]);
      outputSizes[2 - axis] = (spatial.size(2 - axis) + step - 1) / step;
      offset[axis] = (factor[axis] - 1) / 2.0;
    }
    boolean likeShrink = !line.has("offset") && !line.has("output");
    Shape output = line.has("output") ? line.shape("output") : Shape.of(outputSizes);
    double[] start = line.has("offset") ? line.numbers("offset", 3, 0) : offset;
    long channels = line.integer("channels", 0);
    Shape inputShape = channels > 0 ? spatial.prepend(channels) : spatial;
    Shape outputShape = channels > 0 ? output.prepend(channels) : output;
    Input image = test.uniform("image", inputShape, -100, 100);
    Input mask = test.mask("mask", spatial);
    test.spoil(image);
    Bound bound = Bound.ofLargest(2e-6);
    test.run(
        call ->
            Gaussian.apply(
                call.tensor(image),
                call.tensor(mask),
                sigma,
                border,
                factor,
                start,
                call.output("smoothed", test.type(), outputShape, bound)));
    if (!line.word("check", "").isEmpty() && likeShrink) {
      // What the operation's other forms make of the same image.
      double[] general =
          test.reference(
                  call ->
                      Gaussian.apply(
                          call.tensor(image),
                          call.tensor(mask),
                          sigma,
                          border,
                          factor,
                          start,
                          call.output("smoothed", test.type(), outputShape, bound)))
              .result("smoothed");
      double[] decimated =
          test.reference(
                  call ->
                      call.result(
                          "decimated",
                          Gaussian.decimate(
                              call.tensor(image), call.tensor(mask), sigma, border, factor),
                          bound))
              .result("decimated");
      test.expect(
          Bound.exact().difference(decimated, general).isEmpty(),
          "decimate differs from apply with the same geometry");
    }
  }

  private static int[] integers(double[] numbers) {
    return new int[] {(int) numbers[0], (int) numbers[1], (int) numbers[2]};
  }
}
