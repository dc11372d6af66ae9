package org.voxkern.train.loss;

import org.voxkern.graph.Value;
import org.voxkern.op.Activation;
import org.voxkern.op.Binary;
import org.voxkern.op.Unary;

/**
 * Cross entropy that looks away from what is easy: -(1 - p)<sup>&gamma;</sup> log p, p the
 * probability of what is true. With &gamma; = 0 it is the cross entropy.
 *
 * <p>Of classes: logits (N, C, ...), classes (N, ...) i32 or i64, the mean over the voxels whose
 * class is 0 to C - 1. Of yes or no: logits and target (0 or 1) alike, p by the logistic function,
 * weighted by &alpha; where the target is yes and 1 - &alpha; elsewhere, the mean over all
 * elements. Source: Lin et al., "Focal Loss for Dense Object Detection", 2017. Instances are
 * immutable.
 */
public final class Focal implements Loss {
  private final double gamma;

  /** Negative for classes. */
  private final double alpha;

  private Focal(double gamma, double alpha) {
    // Between 0 and 1 the slope is infinite where p = 1.
    if (gamma != 0 && !(gamma >= 1 && gamma <= 10)) {
      throw new IllegalArgumentException("focal: gamma " + gamma + ", expected 0 or 1 to 10");
    }
    this.gamma = gamma;
    this.alpha = alpha;
  }

  /**
   * @throws IllegalArgumentException if gamma is neither 0 nor 1 to 10
   */
  public static Focal ofClasses(double gamma) {
    return new Focal(gamma, -1);
  }

  /**
   * @param alpha weight of yes, 0 to 1
   * @throws IllegalArgumentException if a number is out of range
   */
  public static Focal binary(double gamma, double alpha) {
    if (!(alpha >= 0 && alpha <= 1)) {
      throw new IllegalArgumentException("focal: alpha " + alpha + ", expected 0 to 1");
    }
    return new Focal(gamma, alpha);
  }

  @Override
  public Value of(Value logits, Value target) {
    if (alpha < 0) {
      Value truth = Targets.oneHot("focal", logits, target);
      Value logarithm = logits.logSoftmax(1);
      return Targets.mean(focused(logarithm).multiply(truth).sum(), truth.sum());
    }
    Targets.requireAlike("focal", logits, target);
    Value yes = focused(logits.activation(Activation.logSigmoid())).times(alpha);
    Value no =
        focused(logits.unary(Unary.Function.NEGATE).activation(Activation.logSigmoid()))
            .times(1 - alpha);
    return yes.multiply(target).add(no.multiply(target.times(-1).plus(1))).mean();
  }

  /** -(1 - p)^gamma log p. */
  private Value focused(Value logarithm) {
    Value loss = logarithm.unary(Unary.Function.NEGATE);
    if (gamma == 0) {
      return loss;
    }
    Value miss = logarithm.unary(Unary.Function.EXPM1).unary(Unary.Function.NEGATE);
    Value exponent =
        logarithm.builder().constant(new float[] {(float) gamma}).cast(logarithm.type());
    return miss.binary(Binary.Function.POWER, exponent).multiply(loss);
  }
}
