package org.voxkern.cases;

final class RoiAlignGradientCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    RoiSetup roi = new RoiSetup(test);
    Input input = test.uniform("input", roi.features, -1, 1);
    Input upstream = test.uniform("upstream", roi.bins, -1, 1);
    Bound bound = new Bound(0, 2e-6, 4e-6, 0);
    test.run(
        call ->
            roi.roiAlign()
                .gradient(
                    call.tensor(input),
                    call.tensor(roi.boxes),
                    call.tensor(roi.images),
                    call.tensor(upstream),
                    call.output("gradient", test.type(), roi.features, bound)));
  }
}
