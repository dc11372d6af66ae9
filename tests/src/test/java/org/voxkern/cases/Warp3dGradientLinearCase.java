package org.voxkern.cases;

final class Warp3dGradientLinearCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    Warp3dSetup warp = new Warp3dSetup(test);
    Input moving = warp.movingImage();
    Input upstream = test.uniform("upstream", warp.domain(warp.channels), -1, 1);
    Input mask = test.mask("mask", warp.domain(0));
    test.run(
        call ->
            call.value(
                "gradient",
                new Bound(1e-5, 0, 1e-5, 0),
                warp.builder()
                    .build()
                    .gradientLinear(
                        call.tensor(moving),
                        call.tensor(warp.displacement),
                        call.tensor(warp.list),
                        call.tensor(mask),
                        call.tensor(upstream))));
  }
}
