package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Activation;
import org.voxkern.op.BatchNorm;

final class BatchNormCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    NormInputs in = NormInputs.ofChannels(test);
    boolean training = line.flag("training", true);
    boolean running = line.flag("running", true);
    double epsilon = line.number("epsilon", 1e-5);
    double momentum = line.number("momentum", 0.1);
    Activation activation = NormInputs.activation(line);
    Shape channels = Shape.of(in.shape.size(1));
    Input runningMean = running ? test.uniform("running_mean", channels, -1, 1) : null;
    Input runningVariance = running ? test.uniform("running_variance", channels, 0.5, 2) : null;
    test.run(
        call -> {
          BatchNorm norm = norm(epsilon, momentum, activation);
          Tensor x = call.tensor(in.input);
          Tensor scale = call.tensor(in.scale);
          Tensor shift = call.tensor(in.shift);
          Tensor m = call.tensor(runningMean);
          Tensor v = call.tensor(runningVariance);
          Tensor output = call.output("output", test.type(), in.shape, NormInputs.OUTPUT);
          Tensor mean = in.statistic(test, call, "mean", channels, NormInputs.MEAN);
          Tensor inverse =
              in.statistic(test, call, "inverse_deviation", channels, NormInputs.INVERSE);
          if (training) {
            norm.train(x, scale, shift, m, v, output, mean, inverse);
          } else {
            norm.infer(x, scale, shift, m, v, output, mean, inverse);
          }
          if (running) {
            call.result("running_mean", m, NormInputs.MEAN);
            call.result("running_variance", v, NormInputs.INVERSE);
          }
        });
  }

  static BatchNorm norm(double epsilon, double momentum, Activation activation) {
    return BatchNorm.builder().epsilon(epsilon).momentum(momentum).activation(activation).build();
  }
}
