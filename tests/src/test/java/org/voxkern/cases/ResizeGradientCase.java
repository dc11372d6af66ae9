package org.voxkern.cases;

final class ResizeGradientCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    ResizeSetup setup = new ResizeSetup(test.line());
    Input upstream = test.spoil(test.integers("upstream", setup.output, -8, 8));
    test.run(
        call ->
            setup.operation.gradient(
                call.tensor(upstream),
                call.output("gradient", test.type(), setup.input, setup.bound)));
  }
}
