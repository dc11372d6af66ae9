package org.voxkern.cases;

import org.voxkern.Tensor;
import org.voxkern.op.SoftNms;

final class SoftNmsCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    BoxInputs.skipBroken(test, "kept", "kept_scores");
    BoxInputs.Scored input = BoxInputs.scored(test);
    String decay = line.word("decay", "linear");
    double iou = line.number("iou", 0.3);
    double sigma = line.number("sigma", 0.5);
    double score = line.number("score", 0.001);
    long most = line.integer("most", 0);
    test.run(
        call -> {
          SoftNms.Builder builder = SoftNms.builder().scoreThreshold(score).maxOutputs(most);
          switch (decay) {
            // Both are set, so that the lines that must be refused reach the one they spoil.
            case "linear" -> builder.gaussian(sigma).linear(iou);
            case "gaussian" -> builder.linear(iou).gaussian(sigma);
            default -> throw new IllegalArgumentException("decay=" + decay);
          }
          Tensor boxes = call.tensor(input.boxes());
          Tensor scores = call.tensor(input.scores());
          SoftNms.Result result =
              builder.build().apply(boxes, scores, call.tensor(input.classes()));
          call.value("kept", Bound.exact(), BoxInputs.doubles(result.indices()));
          call.value("kept_scores", Bound.exact(), result.scores());
        });
  }
}
