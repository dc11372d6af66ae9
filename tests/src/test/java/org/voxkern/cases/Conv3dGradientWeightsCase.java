package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Conv3d;

final class Conv3dGradientWeightsCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    Conv3dSetup setup = new Conv3dSetup(test);
    Bound bound = setup.bound(1e-5);
    Input input = setup.values("input", setup.input());
    test.spoil(input);
    boolean withBias = test.line().flag("bias", true);
    test.run(
        call -> {
          Conv3d conv = setup.convolution();
          Shape outputShape = conv.outputShape(input.shape(), setup.weights());
          Input upstream = setup.values("upstream", outputShape);
          Tensor gradient = call.output("gradient", test.type(), setup.weights(), bound);
          Tensor gradientBias =
              withBias
                  ? call.output("gradient_bias", test.type(), Shape.of(setup.out), bound)
                  : null;
          conv.gradientWeights(call.tensor(upstream), call.tensor(input), gradient, gradientBias);
        });
  }
}
