package org.voxkern.cases;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Conv3d;
import org.voxkern.op.Dense;
import org.voxkern.op.Matmul;

/** The layer and its gradients on numbers that can be checked by hand, and vectors of a product. */
class DenseTest {
  private static final float[] INPUT = {1, 2, 3, -1, 0, 2};
  private static final float[] WEIGHTS = {1, 0, -1, 2, 1, 1};

  @Test
  void layerAndItsGradients() {
    try (Context context = Context.builder().build();
        Scope scope = Scope.open(context)) {
      Tensor input = Tensor.of(scope.context(), INPUT, 2, 1, 3);
      Tensor weights = Tensor.of(scope.context(), WEIGHTS, 2, 3);
      Tensor bias = Tensor.of(scope.context(), new float[] {0.5f, -8}, 2);
      Dense layer = Dense.activated(Conv3d.Activation.RELU, 0);
      Tensor output = output(scope, layer.outputShape(input.shape(), weights.shape()));
      layer.apply(input, weights, bias, output);
      float[] expected = {0, 0, 0, 0};
      assertArrayEquals(expected, output.toFloatArray());
      Dense.linear().apply(input, layer.pack(weights, input.shape()), bias, output);
      assertArrayEquals(new float[] {-1.5f, -1, -2.5f, -8}, output.toFloatArray());

      Tensor gradient = Tensor.of(scope.context(), new float[] {1, 2, 3, 4}, 2, 1, 2);
      Tensor ofInput = output(scope, input.shape());
      layer.gradientInput(gradient, weights, ofInput);
      assertArrayEquals(new float[] {5, 2, 1, 11, 4, 1}, ofInput.toFloatArray());
      Tensor ofWeights = output(scope, weights.shape());
      layer.gradientWeights(input, gradient, ofWeights);
      assertArrayEquals(new float[] {-2, 2, 9, -2, 4, 14}, ofWeights.toFloatArray());
      Tensor ofBias = output(scope, bias.shape());
      layer.gradientBias(gradient, ofBias);
      assertArrayEquals(new float[] {4, 6}, ofBias.toFloatArray());
      assertThrows(IllegalArgumentException.class, () -> layer.gradientBias(gradient, ofWeights));
    }
  }

  @Test
  void vectorsAreRowsAndColumns() {
    try (Context context = Context.builder().build();
        Scope scope = Scope.open(context)) {
      Tensor matrix = Tensor.of(scope.context(), WEIGHTS, 2, 3);
      Tensor row = Tensor.of(scope.context(), new float[] {1, 10}, 2);
      Tensor column = Tensor.of(scope.context(), new float[] {1, 10, 100}, 3);
      Matmul product = Matmul.builder().build();
      Tensor left = output(scope, product.outputShape(row.shape(), matrix.shape()));
      product.apply(row, matrix, null, left);
      assertArrayEquals(new float[] {21, 10, 9}, left.toFloatArray());
      Tensor right = output(scope, product.outputShape(matrix.shape(), column.shape()));
      product.apply(matrix, column, null, right);
      assertArrayEquals(new float[] {-99, 112}, right.toFloatArray());
      Tensor dot = output(scope, product.outputShape(column.shape(), column.shape()));
      product.apply(column, column, null, dot);
      assertArrayEquals(new float[] {10101}, dot.toFloatArray());
      Tensor ofColumn = output(scope, column.shape());
      product.gradientB(matrix, row, ofColumn);
      assertArrayEquals(new float[] {21, 10, 9}, ofColumn.toFloatArray());
    }
  }

  private static Tensor output(Scope scope, Shape shape) {
    return Tensor.uninitialized(scope.context(), ElementType.F32, shape);
  }
}
