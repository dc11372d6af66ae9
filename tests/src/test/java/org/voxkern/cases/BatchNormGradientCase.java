package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.BatchNorm;

final class BatchNormGradientCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    NormInputs in = NormInputs.ofChannels(test);
    boolean training = line.flag("training", true);
    double epsilon = line.number("epsilon", 1e-5);
    double momentum = line.number("momentum", 0.1);
    Shape channels = Shape.of(in.shape.size(1));
    Input mean = test.input("mean", test.type(), channels);
    Input inverse = test.input("inverse_deviation", test.type(), channels);
    int batch = (int) in.shape.size(0);
    int count = mean.count();
    int length = batch * count > 0 ? in.input.count() / (batch * count) : 0;
    for (int channel = 0; channel < count; channel++) {
      if (!training) {
        mean.set(channel, 0.1 * channel);
        inverse.set(channel, 1.25);
        continue;
      }
      int at = channel;
      NormInputs.setMoments(
          batch * length,
          epsilon,
          channel,
          mean,
          inverse,
          i -> in.input.get((i / length * count + at) * length + i % length));
    }
    Input outputGradient = test.uniform("output_gradient", in.shape, -1, 1);
    BatchNorm norm = BatchNormCase.norm(epsilon, momentum, NormInputs.activation(line));
    test.run(
        call -> {
          Tensor x = call.tensor(in.input);
          Tensor scale = call.tensor(in.scale);
          Tensor shift = call.tensor(in.shift);
          Tensor m = call.tensor(mean);
          Tensor d = call.tensor(inverse);
          Tensor g = call.tensor(outputGradient);
          Tensor toInput = in.inputGradient(test, call);
          Tensor toScale = in.sums(test, call, "scale_gradient", channels);
          Tensor toShift = in.sums(test, call, "shift_gradient", channels);
          if (training) {
            norm.gradient(x, scale, shift, m, d, g, toInput, toScale, toShift);
          } else {
            norm.inferenceGradient(x, scale, shift, m, d, g, toInput, toScale, toShift);
          }
        });
  }
}
