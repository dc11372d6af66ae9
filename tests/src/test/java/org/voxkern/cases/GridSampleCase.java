package org.voxkern.cases;

final class GridSampleCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    GridSampleSetup setup = new GridSampleSetup(test);
    Input input = test.uniform("input", setup.image, -100, 100);
    Input grid = setup.grid();
    test.spoil(input);
    Bound bound = test.line().flag("exact", false) ? Bound.exact() : setup.bound(6);
    test.run(
        call ->
            setup.operation.apply(
                call.tensor(input),
                call.tensor(grid),
                call.output(
                    "output",
                    test.type(),
                    setup.operation.outputShape(setup.image, setup.gridShape),
                    bound)));
  }
}
