package org.voxkern.cases;

final class GridSampleGradientInputCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    GridSampleSetup setup = new GridSampleSetup(test);
    Input grid = setup.grid();
    Input upstream = test.uniform("upstream", setup.sampled, -1, 1);
    test.spoil(upstream);
    test.run(
        call ->
            setup.operation.gradientInput(
                call.tensor(grid),
                call.tensor(upstream),
                call.output("gradient", test.type(), setup.image, setup.bound(3))));
  }
}
