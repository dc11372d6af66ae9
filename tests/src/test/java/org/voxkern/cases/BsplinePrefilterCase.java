package org.voxkern.cases;

import java.util.Locale;
import org.voxkern.Shape;
import org.voxkern.op.BsplinePrefilter;
import org.voxkern.op.Warp3d;

final class BsplinePrefilterCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    Shape shape = test.line().shape("shape");
    long channels = test.line().integer("channels", 0);
    Shape whole = channels > 0 ? shape.prepend(channels) : shape;
    Input image = test.spoil(test.uniform("image", whole, -100, 100));
    Warp3d.Border border =
        Warp3d.Border.valueOf(test.line().word("border", "mirror").toUpperCase(Locale.ROOT));
    // That the spline takes the image's values is the native runner's check.
    test.line().word("check", "");
    Bound bound = new Bound(2e-6, 0, 4e-6, 0);
    test.run(
        call ->
            BsplinePrefilter.apply(
                call.tensor(image),
                border,
                call.output("coefficients", test.type(), whole, bound)));
  }
}
