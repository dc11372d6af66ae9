package org.voxkern.cases;

import java.util.Locale;
import org.voxkern.ElementType;
import org.voxkern.Tensor;
import org.voxkern.op.BoxFusion;
import org.voxkern.testing.SplitMix64;

final class BoxFusionCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    BoxInputs.skipBroken(test, "fused", "fused_scores", "best", "cluster_of");
    BoxInputs.Scored input = BoxInputs.scored(test);
    int count = (int) line.integer("ensemble", 1);
    double[] weights = line.numbers("weights", count, 1);
    Input models =
        line.flag("models", true)
            ? test.input("models", ElementType.I64, input.scores().shape())
            : null;
    SplitMix64 random = new SplitMix64(line.seed(), "models");
    for (int i = 0; models != null && i < models.count(); i++) {
      models.set(i, random.below(Math.max(1, count)));
    }
    if (line.has("model")) {
      models.set(models.count() / 2, line.number("model", 0));
    }
    double iou = line.number("iou", 0.55);
    double score = line.number("score", -1);
    String fused = line.word("fused", "average");
    test.run(
        call -> {
          BoxFusion fusion =
              BoxFusion.builder(weights)
                  .score(BoxFusion.Score.valueOf(fused.toUpperCase(Locale.ROOT)))
                  .iouThreshold(iou)
                  .scoreThreshold(score)
                  .build();
          Tensor boxes = call.tensor(input.boxes());
          Tensor scores = call.tensor(input.scores());
          Tensor classes = call.tensor(input.classes());
          BoxFusion.Result result = fusion.apply(boxes, scores, classes, call.tensor(models));
          call.value("count", Bound.exact(), result.count());
          call.result("fused", result.boxes(), Bound.exact());
          call.result("fused_scores", result.scores(), Bound.relative(1e-6));
          call.result("best", result.best(), Bound.exact());
          call.result("cluster_of", result.clusterOf(), Bound.exact());
        });
  }
}
