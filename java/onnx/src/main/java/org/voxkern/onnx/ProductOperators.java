package org.voxkern.onnx;

import java.util.Map;
import org.voxkern.graph.Operation;
import org.voxkern.graph.Products;
import org.voxkern.graph.Size;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Value;
import org.voxkern.onnx.Operators.Mapper;
import org.voxkern.op.Activation;

/** Products of matrices. */
final class ProductOperators {
  private ProductOperators() {}

  static void addTo(Map<String, Mapper> operators) {
    operators.put("MatMul", ProductOperators::product);
    operators.put("Gemm", ProductOperators::gemm);
  }

  /** A vector is a row on the left and a column on the right. */
  private static void product(NodeImport node) {
    Value a = node.real(0);
    Value b = node.real(1);
    boolean row = node.rank(0) == 1;
    boolean column = node.rank(1) == 1;
    Value left = row ? a.unsqueeze(0) : a;
    Value right = column ? b.unsqueeze(1) : b;
    Value output = node.named(left).matmul(right);
    if (column) {
      output = output.squeeze(-1);
    }
    if (row) {
      output = output.squeeze(column ? -1 : -2);
    }
    node.setReal(output);
  }

  /** alpha A' B' + beta C. */
  private static void gemm(NodeImport node) {
    Attributes attributes = node.attributes();
    attributes.ignore("broadcast");
    double alpha = attributes.number("alpha", 1);
    double beta = attributes.number("beta", 1);
    boolean transposeA = attributes.flag("transA", false);
    boolean transposeB = attributes.flag("transB", false);
    Value a = transposeA ? node.real(0).permute(1, 0) : node.real(0);
    boolean bias = node.has(2) && isVector(node.shape(2), node.shape(1).size(transposeB ? 0 : 1));
    if (alpha == 1 && (bias && beta == 1 || !node.has(2))) {
      Value weights = transposeB ? node.real(1) : node.real(1).permute(1, 0);
      Operation linear = new Products.Linear(bias, Activation.none());
      node.setReal(
          bias
              ? node.apply(linear, a, weights, vector(node.real(2)))
              : node.apply(linear, a, weights));
      return;
    }
    Value b = transposeB ? node.real(1).permute(1, 0) : node.real(1);
    Value product = a.matmul(b);
    Value scaled = alpha == 1 ? product : product.times(alpha);
    if (node.has(2)) {
      Value c = beta == 1 ? node.real(2) : node.real(2).times(beta);
      scaled = node.named(scaled).add(c);
    }
    node.setReal(scaled);
  }

  private static boolean isVector(SymbolicShape shape, Size size) {
    boolean flat = shape.rank() == 1 || shape.rank() == 2 && shape.size(0).is(1);
    return flat && shape.size(-1).equals(size);
  }

  private static Value vector(Value value) {
    return value.shape().rank() == 2 ? value.squeeze(0) : value;
  }
}
