package org.voxkern.train.loss;

import org.voxkern.graph.Value;
import org.voxkern.op.Activation;
import org.voxkern.op.Unary;

/**
 * Cross entropy of yes or no, each element by itself: the mean of -(w t log p + (1 - t) log(1 -
 * p)), t the target, 0 to 1, w the weight of yes.
 *
 * <p>Prediction and target alike. From logits z, p = &sigma;(z), it is computed without overflow;
 * from probabilities logarithms are held above -100, as PyTorch has it.
 */
public final class BinaryCrossEntropy implements Loss {
  private static final double LEAST_LOGARITHM = -100;

  private final boolean logits;
  private final double positiveWeight;

  private BinaryCrossEntropy(boolean logits, double positiveWeight) {
    if (!(positiveWeight > 0 && positiveWeight <= Float.MAX_VALUE)) {
      throw new IllegalArgumentException(
          "binary cross entropy: yes weighs " + positiveWeight + ", expected more than 0");
    }
    this.logits = logits;
    this.positiveWeight = positiveWeight;
  }

  public static BinaryCrossEntropy ofLogits() {
    return new BinaryCrossEntropy(true, 1);
  }

  public static BinaryCrossEntropy ofProbabilities() {
    return new BinaryCrossEntropy(false, 1);
  }

  /** The same with a weight of yes. */
  public BinaryCrossEntropy withPositiveWeight(double weight) {
    return new BinaryCrossEntropy(logits, weight);
  }

  @Override
  public Value of(Value prediction, Value target) {
    Targets.requireAlike("binary cross entropy", prediction, target);
    Value no = target.times(-1).plus(1);
    Value yes = positiveWeight == 1 ? target : target.times(positiveWeight);
    if (logits) {
      // -log sigmoid(z) = softplus(-z), and -log(1 - sigmoid(z)) = z + softplus(-z).
      Value softplus = prediction.unary(Unary.Function.NEGATE).activation(Activation.softplus(1));
      return no.multiply(prediction).add(yes.add(no).multiply(softplus)).mean();
    }
    Value logYes = logarithm(prediction);
    Value logNo = logarithm(prediction.times(-1).plus(1));
    return yes.multiply(logYes).add(no.multiply(logNo)).mean().unary(Unary.Function.NEGATE);
  }

  private static Value logarithm(Value probability) {
    // A clip before it, too: the derivative of the logarithm at 0 is infinite.
    return probability
        .clip(Math.exp(LEAST_LOGARITHM), 1)
        .unary(Unary.Function.LOG)
        .clip(LEAST_LOGARITHM, 0);
  }
}
