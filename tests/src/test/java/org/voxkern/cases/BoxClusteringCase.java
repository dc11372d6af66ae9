package org.voxkern.cases;

import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.BoxClustering;
import org.voxkern.testing.SplitMix64;

final class BoxClusteringCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    BoxInputs.skipBroken(test, "clusters", "cluster_scores", "best", "cluster_of");
    BoxInputs.Scored input = BoxInputs.scored(test);
    Shape list = input.scores().shape();
    long patches = line.integer("patches", 0);
    Input sources = patches > 0 ? test.input("sources", ElementType.I64, list) : null;
    SplitMix64 random = new SplitMix64(line.seed(), "sources");
    for (int i = 0; sources != null && i < sources.count(); i++) {
      sources.set(i, random.below(patches) - 2);
    }
    Input weights = line.flag("weights", false) ? test.uniform("weights", list, 0.1, 1) : null;
    Input coverage = line.flag("coverage", false) ? test.uniform("coverage", list, 1, 4) : null;
    double iou = line.number("iou", 0.3);
    double score = line.number("score", -1);
    double least = line.number("least", 0.01);
    long ensemble = line.integer("ensemble", 1);
    test.run(
        call -> {
          BoxClustering clustering =
              BoxClustering.builder()
                  .iouThreshold(iou)
                  .scoreThreshold(score)
                  .leastClusterScore(least)
                  .ensemble(ensemble)
                  .build();
          Tensor boxes = call.tensor(input.boxes());
          Tensor scores = call.tensor(input.scores());
          Tensor classes = call.tensor(input.classes());
          BoxClustering.Result result =
              clustering.apply(
                  boxes,
                  scores,
                  classes,
                  new BoxClustering.Origin(
                      call.tensor(sources), call.tensor(weights), call.tensor(coverage)));
          call.value("count", Bound.exact(), result.count());
          call.result("clusters", result.boxes(), new Bound(1e-6, 1e-6, 0, 0));
          call.result("cluster_scores", result.scores(), Bound.relative(1e-6));
          call.result("best", result.best(), Bound.exact());
          call.result("cluster_of", result.clusterOf(), Bound.exact());
        });
  }
}
