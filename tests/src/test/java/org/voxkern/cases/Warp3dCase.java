package org.voxkern.cases;

import org.voxkern.ElementType;
import org.voxkern.op.Warp3d;

final class Warp3dCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    Warp3dSetup warp = new Warp3dSetup(test);
    Input moving = warp.movingImage();
    Input movingMask = test.mask("moving_mask", warp.moving);
    Input domainMask = test.mask("domain_mask", warp.domain(0));
    if (test.line().word("check", "").equals("identity")) {
      for (int i = 0; i < 12; i++) {
        warp.map[i] = i % 5 == 0 ? 1 : 0;
      }
    }
    boolean exact = warp.interpolation == Warp3d.Interpolation.NEAREST;
    Bound bound = exact ? Bound.exact() : new Bound(2e-6, 0, 1e-5, 0.002);
    test.run(
        call ->
            warp.builder()
                .domainMask(call.tensor(domainMask))
                .build()
                .apply(
                    call.tensor(moving),
                    call.tensor(movingMask),
                    call.tensor(warp.displacement),
                    call.tensor(warp.list),
                    call.output("warped", test.type(), warp.domain(warp.channels), bound),
                    call.output(
                        "inside",
                        ElementType.U8,
                        warp.domain(0),
                        exact ? Bound.exact() : Bound.exact().withOutliers(0.002))));
  }
}
