package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Conv3d;
import org.voxkern.op.Conv3dTransposed;

final class Conv3dTransposedCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    Conv3dSetup setup = new Conv3dSetup(test);
    Bound bound = setup.bound(4e-6);
    Shape inputShape = setup.input();
    long[] more = Conv3dSetup.slowestFirst(test.line().word("out_pad", "0x0x0"));
    Input input = setup.values("input", inputShape);
    Input weights = setup.values("weights", setup.transposedWeights());
    test.spoil(input);
    Shape channels = Shape.of(setup.out);
    Input bias = test.line().flag("bias", false) ? test.integers("bias", channels, -9, 9) : null;
    boolean residual = test.line().flag("residual", false);
    boolean adjoint = test.line().flag("adjoint", false);
    test.run(
        call -> {
          Conv3dTransposed conv = transposed(setup, more);
          Shape outputShape = conv.outputShape(inputShape, weights.shape());
          Input added = residual ? test.integers("residual", outputShape, -9, 9) : null;
          Tensor packing = call.tensor(weights);
          Tensor image = call.tensor(input);
          Tensor b = call.tensor(bias);
          Tensor r = call.tensor(added);
          conv.apply(
              image,
              conv.pack(packing, inputShape),
              b,
              r,
              call.output("output", test.type(), outputShape, bound));
          Tensor unpacked =
              call.output("output of unpacked weights", test.type(), outputShape, bound);
          conv.apply(image, packing, b, r, unpacked);
          if (adjoint) {
            Tensor upstream = call.tensor(setup.values("other", outputShape));
            conv.gradientInput(
                upstream, packing, call.output("gradient", test.type(), inputShape, bound));
            conv.gradientWeights(
                upstream,
                image,
                call.output("gradient of weights", test.type(), weights.shape(), bound),
                call.output("gradient of bias", test.type(), channels, bound));
          }
        });
    if (adjoint) {
      checkAdjoint(test, setup, more, input, weights);
    }
  }

  /** The sum is linear in the input, and in the weights: <A x, u> = <x, A' u> = <w, dL/dw>. */
  private static void checkAdjoint(
      Case test, Conv3dSetup setup, long[] more, Input input, Input weights) {
    Call call =
        test.reference(
            run -> {
              Conv3dTransposed conv = transposed(setup, more);
              Shape outputShape = conv.outputShape(input.shape(), weights.shape());
              Tensor x = run.tensor(input);
              Tensor w = run.tensor(weights);
              Tensor u = run.tensor(setup.values("other", outputShape));
              run.result("u", u, Bound.exact());
              conv.apply(x, w, null, null, run.output("Ax", test.type(), outputShape, null));
              conv.gradientInput(u, w, run.output("A'u", test.type(), input.shape(), null));
              conv.gradientWeights(
                  u, x, run.output("dL/dw", test.type(), weights.shape(), null), null);
            });
    double expected = dot(call.result("Ax"), call.result("u"));
    double ofInput = dot(call.result("A'u"), values(input));
    double ofWeights = dot(call.result("dL/dw"), values(weights));
    // Whole numbers.
    test.expect(
        expected == ofInput && expected == ofWeights,
        "<A x, u> is " + expected + ", <x, A' u> " + ofInput + ", <w, dL/dw> " + ofWeights);
  }

  private static double[] values(Input input) {
    double[] values = new double[input.count()];
    for (int i = 0; i < values.length; i++) {
      values[i] = input.get(i);
    }
    return values;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static Conv3dTransposed transposed(Conv3dSetup setup, long[] more) {
    return Conv3dTransposed.builder()
        .groups(setup.groups)
        .stride(setup.stride[0], setup.stride[1], setup.stride[2])
        .dilation(setup.dilation[0], setup.dilation[1], setup.dilation[2])
        .paddingBegin(setup.begin[0], setup.begin[1], setup.begin[2])
        .paddingEnd(setup.end[0], setup.end[1], setup.end[2])
        .outputPadding(more[0], more[1], more[2])
        .activation(setup.activation())
        .negativeSlope(setup.slope)
        .accuracy(setup.accuracy == 0 ? Conv3d.USUAL_ACCURACY : setup.accuracy)
        .build();
  }
}
