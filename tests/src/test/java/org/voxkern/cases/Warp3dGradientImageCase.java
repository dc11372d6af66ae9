package org.voxkern.cases;

final class Warp3dGradientImageCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    Warp3dSetup warp = new Warp3dSetup(test);
    Input upstream = test.uniform("upstream", warp.domain(warp.channels), -1, 1);
    test.spoil(upstream);
    Input mask = test.mask("mask", warp.domain(0));
    Bound bound = new Bound(2e-5, 0, 3e-5, 0.002);
    test.run(
        call ->
            warp.builder()
                .build()
                .gradientImage(
                    call.tensor(warp.displacement),
                    call.tensor(warp.list),
                    call.tensor(mask),
                    call.tensor(upstream),
                    call.output("gradient", test.type(), warp.image(), bound)));
  }
}
