package org.voxkern.cases;

import org.voxkern.Tensor;

final class BoxCoderEncodeCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    // Decoding what was encoded is the native runner's check.
    test.line().has("round_trip");
    Input boxes = test.spoil(BoxCoderInputs.boxes(test, "boxes"));
    Input anchors = BoxCoderInputs.boxes(test, "anchors");
    test.run(
        call -> {
          Tensor b = call.tensor(boxes);
          Tensor a = call.tensor(anchors);
          Tensor to = call.output("deltas", test.type(), boxes.shape(), BoxCoderInputs.BOUND);
          BoxCoderInputs.coder(test.line()).encode(b, a, to);
        });
  }
}
