package org.voxkern.cases;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.ConvLstmCell;

/** One step by hand: two channels in, one cell, a kernel that adds a row's three voxels. */
class ConvLstmCellTest {
  @Test
  void stepIsConvolutionsAndGates() {
    try (Context context = Context.builder().build();
        Scope scope = Scope.open(context)) {
      ConvLstmCell layer = ConvLstmCell.ofKernel(1, 1, 3);
      Tensor input = Tensor.of(scope.context(), new float[] {1, 2, 3, -1, 0, 1}, 1, 2, 1, 1, 3);
      Tensor hidden = Tensor.of(scope.context(), new float[] {0.5f, -0.5f, 1}, 1, 1, 1, 1, 3);
      Tensor cell = Tensor.of(scope.context(), new float[] {0.25f, -1, 2}, 1, 1, 1, 1, 3);
      float[] weights = new float[24];
      for (int i = 0; i < 24; i++) {
        weights[i] = 0.1f * (1 + i / 6);
      }
      float[] recurrent = new float[12];
      for (int i = 0; i < 12; i++) {
        recurrent[i] = -0.2f * (1 + i / 3);
      }
      Tensor bias = Tensor.of(scope.context(), new float[] {0.1f, 0.2f, 0.3f, 0.4f}, 4);
      Tensor ofInput = Tensor.of(scope.context(), weights, 4, 2, 1, 1, 3);
      Tensor ofHidden = Tensor.of(scope.context(), recurrent, 4, 1, 1, 1, 3);
      Shape gatesShape = layer.gatesShape(input.shape(), ofInput.shape());
      assertEquals(Shape.of(1, 4, 1, 1, 3), gatesShape);
      Tensor gates = Tensor.uninitialized(scope.context(), ElementType.F32, gatesShape);
      layer.apply(
          input,
          hidden,
          cell,
          layer.pack(ofInput, input.shape()),
          layer.pack(ofHidden, hidden.shape()),
          bias,
          null,
          gates,
          cell,
          hidden);
      float[] newCell = cell.toFloatArray();
      float[] newHidden = hidden.toFloatArray();
      double[] inputSums = {1 + 2 - 1, 1 + 2 + 3 - 1 + 1, 2 + 3 + 1};
      double[] hiddenSums = {0, 1, 0.5};
      double[] before = {0.25, -1, 2};
      for (int x = 0; x < 3; x++) {
        double[] z = new double[4];
        for (int gate = 0; gate < 4; gate++) {
          z[gate] = (gate + 1) * (0.1 * inputSums[x] - 0.2 * hiddenSums[x] + 0.1);
        }
        double after = sigmoid(z[1]) * before[x] + sigmoid(z[0]) * Math.tanh(z[2]);
        assertEquals(after, newCell[x], 2e-6);
        assertEquals(sigmoid(z[3]) * Math.tanh(after), newHidden[x], 2e-6);
      }
      assertThrows(IllegalArgumentException.class, () -> ConvLstmCell.ofKernel(1, 2, 3));
      assertThrows(
          IllegalArgumentException.class,
          () -> ConvLstmCell.ofKernel(3, 3, 3).pack(ofInput, input.shape()));
    }
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }
}
