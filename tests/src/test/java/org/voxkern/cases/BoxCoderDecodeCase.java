package org.voxkern.cases;

import org.voxkern.Tensor;

final class BoxCoderDecodeCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    Input anchors = BoxCoderInputs.boxes(test, "anchors");
    Input deltas = BoxCoderInputs.deltas(test, anchors);
    test.run(
        call -> {
          Tensor d = call.tensor(deltas);
          Tensor a = call.tensor(anchors);
          Tensor to = call.output("boxes", test.type(), deltas.shape(), BoxCoderInputs.BOUND);
          BoxCoderInputs.coder(test.line()).decode(d, a, to);
        });
  }
}
