package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Activation;
import org.voxkern.op.GroupNorm;

final class GroupNormCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    NormInputs in = NormInputs.ofChannels(test);
    long groups = line.integer("groups", 1);
    double epsilon = line.number("epsilon", 1e-5);
    Activation activation = NormInputs.activation(line);
    Shape statistics = Shape.of(in.shape.size(0), groups);
    boolean inPlace = line.flag("in_place", false);
    test.run(
        call -> {
          Tensor input = call.tensor(in.input);
          Tensor output =
              inPlace ? input : call.output("output", test.type(), in.shape, NormInputs.OUTPUT);
          norm(groups, epsilon, activation)
              .apply(
                  input,
                  call.tensor(in.scale),
                  call.tensor(in.shift),
                  output,
                  in.statistic(test, call, "mean", statistics, NormInputs.MEAN),
                  in.statistic(test, call, "inverse_deviation", statistics, NormInputs.INVERSE));
          if (inPlace) {
            call.result("output", input, NormInputs.OUTPUT);
          }
        });
  }

  static GroupNorm norm(long groups, double epsilon, Activation activation) {
    return GroupNorm.builder().groups(groups).epsilon(epsilon).activation(activation).build();
  }
}
