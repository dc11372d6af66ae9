package org.voxkern.train.loss;

import java.util.Arrays;
import org.voxkern.graph.Value;
import org.voxkern.op.Unary;

/**
 * Cross entropy of classes: -&Sigma; w(y) log softmax(z)(y) / &Sigma; w(y) over the voxels, z the
 * logits, y the true class, w its weight, 1 unless given.
 *
 * <p>Logits (N, C, ...), classes (N, ...) i32 or i64. Voxels whose class is not 0 to C - 1 do not
 * count; where none counts the loss is 0. As PyTorch's {@code cross_entropy}.
 */
public final class CrossEntropy implements Loss {
  private final float[] weights;

  private CrossEntropy(float[] weights) {
    this.weights = weights;
  }

  public static CrossEntropy create() {
    return new CrossEntropy(null);
  }

  /**
   * With a weight for each class.
   *
   * @throws IllegalArgumentException if one is negative or not finite
   */
  public static CrossEntropy weighted(double... weights) {
    float[] values = new float[weights.length];
    for (int i = 0; i < weights.length; i++) {
      if (!(weights[i] >= 0 && weights[i] <= Float.MAX_VALUE)) {
        throw new IllegalArgumentException("cross entropy: class " + i + " weighs " + weights[i]);
      }
      values[i] = (float) weights[i];
    }
    return new CrossEntropy(values);
  }

  @Override
  public Value of(Value logits, Value classes) {
    Value target = Targets.oneHot("cross entropy", logits, classes);
    if (weights != null) {
      long count = logits.shape().known(1);
      if (count != weights.length) {
        throw new IllegalArgumentException(
            "cross entropy: " + weights.length + " weights for " + count + " classes");
      }
      long[] sizes = new long[logits.shape().rank() - 1];
      Arrays.fill(sizes, 1);
      sizes[0] = count;
      Value weighting = logits.builder().constant(weights, sizes).cast(logits.type());
      target = target.multiply(weighting);
    }
    Value likelihood = logits.logSoftmax(1).multiply(target).sum();
    return Targets.mean(likelihood.unary(Unary.Function.NEGATE), target.sum());
  }
}
