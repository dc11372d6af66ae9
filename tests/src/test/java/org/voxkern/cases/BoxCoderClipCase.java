package org.voxkern.cases;

import java.util.Arrays;
import org.voxkern.Tensor;
import org.voxkern.op.BoxCoder;

final class BoxCoderClipCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    Input boxes = test.spoil(BoxCoderInputs.boxes(test, "boxes"));
    int dimensions = (int) test.line().integer("dims", 3);
    double[] extent = Arrays.copyOf(test.line().numbers("extent", 3, 50), dimensions);
    test.run(
        call -> {
          Tensor b = call.tensor(boxes);
          BoxCoder.clip(
              b, extent, call.output("clipped", test.type(), boxes.shape(), Bound.exact()));
        });
  }
}
