package org.voxkern.cases;

final class RoiAlignCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    RoiSetup roi = new RoiSetup(test);
    Input input = test.spoil(test.uniform("input", roi.features, -1, 1));
    Bound bound = new Bound(0, 2e-6, 4e-6, 0);
    test.run(
        call ->
            roi.roiAlign()
                .apply(
                    call.tensor(input),
                    call.tensor(roi.boxes),
                    call.tensor(roi.images),
                    call.output("output", test.type(), roi.bins, bound)));
  }
}
