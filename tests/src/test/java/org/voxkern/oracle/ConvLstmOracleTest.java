package org.voxkern.oracle;

import static org.voxkern.oracle.Torch.assertGradient;
import static org.voxkern.oracle.Torch.assertNear;

import java.util.Arrays;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.voxkern.Shape;
import org.voxkern.op.Binary;
import org.voxkern.op.ConvLstmCell;
import org.voxkern.oracle.Torch.Input;

/** A convolutional LSTM through three steps, forward and back, is what libtorch's autograd says. */
@ExtendWith(Libtorch.class)
class ConvLstmOracleTest {
  private static final int STEPS = 3;
  private static final long CHANNELS = 5;
  private static final Shape INPUT = Shape.of(2, 3, 4, 9, 11);
  private static final Shape STATE = Shape.of(2, CHANNELS, 4, 9, 11);
  private static final Shape GATES = Shape.of(2, 4 * CHANNELS, 4, 9, 11);
  private static final double BOUND = 1e-5;

  private final ConvLstmCell layer = ConvLstmCell.ofKernel(3, 3, 3);

  private static Tensor convolution(Tensor input, Tensor weights, TensorOptional bias) {
    long[] one = {1, 1, 1};
    return torch.conv3d(input, weights, bias, one, one, one, 1);
  }

  private static Tensor gate(Tensor sums, long index) {
    return sums.narrow(1, index * CHANNELS, CHANNELS);
  }

  @Test
  void throughTime() {
    try (PointerScope pointers = new PointerScope();
        Torch inputs = new Torch(23)) {
      Input[] x = new Input[STEPS];
      Input[] upstream = new Input[STEPS];
      for (int t = 0; t < STEPS; t++) {
        x[t] = inputs.uniform(INPUT);
        upstream[t] = inputs.uniform(STATE);
      }
      Input ofLastCell = inputs.uniform(STATE);
      Input hidden = inputs.uniform(STATE);
      Input cell = inputs.uniform(STATE);
      Input inputWeights = inputs.uniform(-0.3, 0.3, 4 * CHANNELS, 3, 3, 3, 3);
      Input hiddenWeights = inputs.uniform(-0.3, 0.3, 4 * CHANNELS, CHANNELS, 3, 3, 3);
      Input bias = inputs.uniform(Shape.of(4 * CHANNELS));
      Input peepholes = inputs.uniform(Shape.of(3, CHANNELS, 4, 9, 11));

      // Theirs; the loss is the sum of the products.
      Tensor h = hidden.theirs();
      Tensor c = cell.theirs();
      Tensor loss = null;
      Tensor[] theirHidden = new Tensor[STEPS];
      for (int t = 0; t < STEPS; t++) {
        Tensor sums =
            convolution(x[t].theirs(), inputWeights.theirs(), new TensorOptional(bias.theirs()))
                .add(convolution(h, hiddenWeights.theirs(), new TensorOptional()));
        Tensor in = gate(sums, 0).add(peepholes.theirs().select(0, 0).mul(c)).sigmoid();
        Tensor forget = gate(sums, 1).add(peepholes.theirs().select(0, 1).mul(c)).sigmoid();
        c = forget.mul(c).add(in.mul(gate(sums, 2).tanh()));
        h = gate(sums, 3).add(peepholes.theirs().select(0, 2).mul(c)).sigmoid().mul(c.tanh());
        theirHidden[t] = h;
        Tensor part = h.mul(upstream[t].theirs().detach());
        loss = loss == null ? part : loss.add(part);
      }
      loss = loss.add(c.mul(ofLastCell.theirs().detach()));
      float[] ones = new float[Math.toIntExact(STATE.elementCount())];
      Arrays.fill(ones, 1);
      Torch.backward(loss, inputs.input(ones, STATE.toArray()));

      // Ours, forward: before[t] is the state that step t begins with.
      org.voxkern.Tensor[] hiddenBefore = new org.voxkern.Tensor[STEPS + 1];
      org.voxkern.Tensor[] cellBefore = new org.voxkern.Tensor[STEPS + 1];
      org.voxkern.Tensor[] gates = new org.voxkern.Tensor[STEPS];
      hiddenBefore[0] = hidden.ours();
      cellBefore[0] = cell.ours();
      for (int t = 0; t < STEPS; t++) {
        gates[t] = inputs.output(GATES);
        hiddenBefore[t + 1] = inputs.output(STATE);
        cellBefore[t + 1] = inputs.output(STATE);
        layer.apply(
            x[t].ours(),
            hiddenBefore[t],
            cellBefore[t],
            layer.pack(inputWeights.ours(), INPUT),
            layer.pack(hiddenWeights.ours(), STATE),
            bias.ours(),
            peepholes.ours(),
            gates[t],
            cellBefore[t + 1],
            hiddenBefore[t + 1]);
        assertNear("hidden of step " + t, theirHidden[t], hiddenBefore[t + 1], BOUND);
      }
      assertNear("last cell", c, cellBefore[STEPS], BOUND);

      // And back.
      org.voxkern.Tensor[] sums = {
        zeros(inputs, inputWeights),
        zeros(inputs, hiddenWeights),
        zeros(inputs, bias),
        zeros(inputs, peepholes)
      };
      org.voxkern.Tensor byHidden = upstream[STEPS - 1].ours();
      org.voxkern.Tensor byCell = ofLastCell.ours();
      for (int t = STEPS - 1; t >= 0; t--) {
        var gradients =
            new ConvLstmCell.Gradients(
                inputs.output(GATES),
                inputs.output(INPUT),
                inputs.output(STATE),
                inputs.output(STATE),
                inputs.output(inputWeights.shape()),
                inputs.output(hiddenWeights.shape()),
                inputs.output(bias.shape()),
                inputs.output(peepholes.shape()));
        layer.gradient(
            x[t].ours(),
            hiddenBefore[t],
            cellBefore[t],
            inputWeights.ours(),
            hiddenWeights.ours(),
            peepholes.ours(),
            gates[t],
            byCell,
            byHidden,
            gradients);
        assertGradient("input of step " + t, x[t], gradients.input(), BOUND);
        Binary.apply(Binary.Function.ADD, sums[0], gradients.inputWeights(), sums[0]);
        Binary.apply(Binary.Function.ADD, sums[1], gradients.hiddenWeights(), sums[1]);
        Binary.apply(Binary.Function.ADD, sums[2], gradients.bias(), sums[2]);
        Binary.apply(Binary.Function.ADD, sums[3], gradients.peepholes(), sums[3]);
        byCell = gradients.cell();
        byHidden = gradients.hidden();
        if (t > 0) {
          Binary.apply(Binary.Function.ADD, byHidden, upstream[t - 1].ours(), byHidden);
        }
      }
      assertGradient("input's weights", inputWeights, sums[0], BOUND);
      assertGradient("hidden weights", hiddenWeights, sums[1], BOUND);
      assertGradient("bias", bias, sums[2], BOUND);
      assertGradient("peepholes", peepholes, sums[3], BOUND);
      assertGradient("first hidden", hidden, byHidden, BOUND);
      assertGradient("first cell", cell, byCell, BOUND);
    }
  }

  private static org.voxkern.Tensor zeros(Torch inputs, Input like) {
    return org.voxkern.Tensor.zeros(inputs.context(), org.voxkern.ElementType.F32, like.shape());
  }
}
