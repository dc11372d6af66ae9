package org.voxkern.cases;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.voxkern.Context;
import org.voxkern.Scope;
import org.voxkern.Tensor;
import org.voxkern.op.Gru;
import org.voxkern.op.Lstm;

/** PyTorch's order of gates and ONNX's. */
class GateOrderTest {
  @Test
  void gatesAreReorderedForthAndBack() {
    try (Context context = Context.builder().build();
        Scope scope = Scope.open(context)) {
      // Input, forget, cell, output of two units and one column; then a bias of two halves.
      Tensor weights = Tensor.of(scope.context(), new float[] {1, 2, 3, 4, 5, 6, 7, 8}, 1, 8, 1);
      Tensor ours = Lstm.fromPyTorch(weights, 2);
      assertArrayEquals(new float[] {1, 2, 7, 8, 3, 4, 5, 6}, ours.toFloatArray());
      assertArrayEquals(weights.toFloatArray(), Lstm.toPyTorch(ours, 2).toFloatArray());
      Tensor bias = Tensor.of(scope.context(), new float[] {1, 2, 3, 4, 5, 6, 7, 8}, 1, 8);
      assertArrayEquals(
          new float[] {1, 4, 2, 3, 5, 8, 6, 7}, Lstm.fromPyTorch(bias, 1).toFloatArray());
      // Reset, update, new.
      Tensor gru = Tensor.of(scope.context(), new float[] {1, 2, 3, 4, 5, 6}, 1, 3, 2);
      assertArrayEquals(new float[] {3, 4, 1, 2, 5, 6}, Gru.fromPyTorch(gru, 1).toFloatArray());
      assertArrayEquals(
          gru.toFloatArray(), Gru.toPyTorch(Gru.fromPyTorch(gru, 1), 1).toFloatArray());
      assertThrows(IllegalArgumentException.class, () -> Gru.fromPyTorch(gru, 2));
    }
  }
}
