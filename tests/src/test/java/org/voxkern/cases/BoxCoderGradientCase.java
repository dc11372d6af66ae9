package org.voxkern.cases;

import org.voxkern.Tensor;

final class BoxCoderGradientCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    Input anchors = BoxCoderInputs.boxes(test, "anchors");
    Input deltas = BoxCoderInputs.deltas(test, anchors);
    Input from = test.uniform("gradient_boxes", anchors.shape(), -1, 1);
    test.run(
        call -> {
          Tensor d = call.tensor(deltas);
          Tensor a = call.tensor(anchors);
          Tensor g = call.tensor(from);
          Tensor to =
              call.output("gradient_deltas", test.type(), deltas.shape(), BoxCoderInputs.BOUND);
          BoxCoderInputs.coder(test.line()).gradient(d, a, g, to);
        });
  }
}
