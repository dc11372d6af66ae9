package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Conv3d;

final class Conv3dCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    Conv3dSetup setup = new Conv3dSetup(test);
    Bound bound = setup.bound(4e-6);
    Shape inputShape = setup.input();
    Input input = setup.values("input", inputShape);
    Input weights = setup.values("weights", setup.weights());
    test.spoil(input);
    Shape channels = Shape.of(setup.out);
    Input bias = test.line().flag("bias", false) ? test.integers("bias", channels, -9, 9) : null;
    boolean residual = test.line().flag("residual", false);
    test.run(
        call -> {
          Conv3d conv = setup.convolution();
          Shape outputShape = conv.outputShape(inputShape, weights.shape());
          Input added = residual ? test.integers("residual", outputShape, -9, 9) : null;
          Tensor packing = call.tensor(weights);
          Tensor image = call.tensor(input);
          Tensor b = call.tensor(bias);
          Tensor r = call.tensor(added);
          Tensor output = call.output("output", test.type(), outputShape, bound);
          conv.apply(image, conv.pack(packing, inputShape), b, r, output);
          Tensor unpacked =
              call.output("output of unpacked weights", test.type(), outputShape, bound);
          conv.apply(image, packing, b, r, unpacked);
          if (test.line().word("infinities", "").equals("nan")) {
            forgetInfinities(call, output);
            forgetInfinities(call, unpacked);
          }
        });
  }

  /** What is not finite becomes NaN: values of two parts have no infinities. */
  private static void forgetInfinities(Call call, Tensor output) {
    float[] values = output.toFloatArray();
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.isFinite(values[i]) ? values[i] : Float.NaN;
    }
    output.set(Tensor.of(call.context(), values, output.shape().toArray()));
  }
}
