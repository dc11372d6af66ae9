package org.voxkern.cases;

final class GridSampleGradientsCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    GridSampleSetup setup = new GridSampleSetup(test);
    Input input = test.uniform("input", setup.image, -1, 1);
    Input grid = setup.grid();
    Input upstream = test.uniform("upstream", setup.sampled, -1, 1);
    test.run(
        call ->
            setup.operation.gradients(
                call.tensor(input),
                call.tensor(grid),
                call.tensor(upstream),
                call.output("gradientInput", test.type(), setup.image, setup.bound(3)),
                call.output(
                    "gradientGrid",
                    test.type(),
                    setup.gridShape,
                    setup.bound(6).withOutliers(0.01))));
  }
}
