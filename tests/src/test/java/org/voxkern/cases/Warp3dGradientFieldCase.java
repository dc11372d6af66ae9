package org.voxkern.cases;

final class Warp3dGradientFieldCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    Warp3dSetup warp = new Warp3dSetup(test);
    Input moving = warp.movingImage();
    Input upstream = test.uniform("upstream", warp.domain(warp.channels), -1, 1);
    Input mask = test.mask("mask", warp.domain(0));
    Bound bound = new Bound(2e-6, 0, 1e-5, 0.002);
    test.run(
        call ->
            warp.builder()
                .build()
                .gradientField(
                    call.tensor(moving),
                    call.tensor(warp.displacement),
                    call.tensor(mask),
                    call.tensor(upstream),
                    call.output("gradient", test.type(), warp.domain(3), bound)));
  }
}
