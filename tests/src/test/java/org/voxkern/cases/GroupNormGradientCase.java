package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.op.GroupNorm;

final class GroupNormGradientCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    NormInputs in = NormInputs.ofChannels(test);
    long groups = line.integer("groups", 1);
    double epsilon = line.number("epsilon", 1e-5);
    Shape statistics = Shape.of(in.shape.size(0), groups);
    Input mean = test.input("mean", test.type(), statistics);
    Input inverse = test.input("inverse_deviation", test.type(), statistics);
    int count = mean.count() > 0 ? in.input.count() / mean.count() : 0;
    for (int group = 0; group < mean.count(); group++) {
      int begin = group * count;
      NormInputs.setMoments(count, epsilon, group, mean, inverse, i -> in.input.get(begin + i));
    }
    Input outputGradient = test.uniform("output_gradient", in.shape, -1, 1);
    GroupNorm norm = GroupNormCase.norm(groups, epsilon, NormInputs.activation(line));
    Shape channels = Shape.of(in.shape.size(1));
    test.run(
        call ->
            norm.gradient(
                call.tensor(in.input),
                call.tensor(in.scale),
                call.tensor(in.shift),
                call.tensor(mean),
                call.tensor(inverse),
                call.tensor(outputGradient),
                in.inputGradient(test, call),
                in.sums(test, call, "scale_gradient", channels),
                in.sums(test, call, "shift_gradient", channels)));
  }
}
