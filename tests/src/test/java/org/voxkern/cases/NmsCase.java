package org.voxkern.cases;

import org.voxkern.Tensor;
import org.voxkern.op.Nms;

final class NmsCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    // The native runner's random problems; NmsPropertyTest has those of Java.
    line.has("problems");
    BoxInputs.skipBroken(test, "kept");
    BoxInputs.Scored input = BoxInputs.scored(test);
    test.run(
        call -> {
          Nms nms =
              Nms.builder()
                  .iouThreshold(line.number("iou", 0.5))
                  .scoreThreshold(line.number("score", Double.NEGATIVE_INFINITY))
                  .maxOutputs(line.integer("most", 0))
                  .maxOutputsPerClass(line.integer("most_of_class", 0))
                  .build();
          Tensor boxes = call.tensor(input.boxes());
          Tensor scores = call.tensor(input.scores());
          long[] kept = nms.apply(boxes, scores, call.tensor(input.classes()));
          call.value("kept", Bound.exact(), BoxInputs.doubles(kept));
        });
  }
}
