package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.op.Conv3d;

final class Conv3dGradientInputCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    Conv3dSetup setup = new Conv3dSetup(test);
    Shape inputShape = setup.input();
    Input weights = setup.values("weights", setup.weights());
    test.line().word("hostile", "");
    test.run(
        call -> {
          Conv3d conv = setup.convolution();
          Shape outputShape = conv.outputShape(inputShape, weights.shape());
          Input upstream = test.spoil(setup.values("upstream", outputShape));
          conv.gradientInput(
              call.tensor(upstream),
              call.tensor(weights),
              call.output("gradient", test.type(), inputShape, setup.bound(4e-6)));
        });
  }
}
