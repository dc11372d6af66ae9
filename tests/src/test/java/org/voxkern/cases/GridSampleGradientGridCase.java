package org.voxkern.cases;

final class GridSampleGradientGridCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    GridSampleSetup setup = new GridSampleSetup(test);
    Input input = test.uniform("input", setup.image, -1, 1);
    Input grid = setup.grid();
    Input upstream = test.uniform("upstream", setup.sampled, -1, 1);
    test.spoil(upstream);
    test.run(
        call ->
            setup.operation.gradientGrid(
                call.tensor(input),
                call.tensor(grid),
                call.tensor(upstream),
                call.output(
                    "gradient", test.type(), setup.gridShape, setup.bound(6).withOutliers(0.01))));
  }
}
