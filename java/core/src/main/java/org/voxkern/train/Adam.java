package org.voxkern.train;

import java.util.List;
import org.voxkern.Tensor;
import org.voxkern.op.OptimizerStep;

/**
 * Adam: m = &beta;<sub>1</sub> m + (1 - &beta;<sub>1</sub>) g; v = &beta;<sub>2</sub> v + (1 -
 * &beta;<sub>2</sub>) g&sup2;; w = w - &eta; m&#770; / (&radic;v&#770; + &epsilon;), where m&#770;
 * = m / (1 - &beta;<sub>1</sub><sup>t</sup>), v&#770; = v / (1 - &beta;<sub>2</sub><sup>t</sup>),
 * and t counts from 1.
 *
 * <p>&eta; is the learning rate. Weight decay &lambda; is either added to the gradient, g +
 * &lambda; w, or {@linkplain Builder#decoupledWeightDecay decoupled}, w = (1 - &eta; &lambda;) w
 * before the update, which is AdamW. Sources: Kingma, Ba, "Adam", 2015; Loshchilov, Hutter,
 * "Decoupled Weight Decay Regularization", 2019.
 */
public final class Adam implements Optimizer {
  private final double beta1;
  private final double beta2;
  private final double epsilon;
  private final double weightDecay;
  private final boolean decoupled;

  private Adam(Builder builder) {
    beta1 = builder.beta1;
    beta2 = builder.beta2;
    epsilon = builder.epsilon;
    weightDecay = builder.weightDecay;
    decoupled = builder.decoupled;
  }

  /** 0.9, 0.999, 1e-8, no weight decay. */
  public static Adam create() {
    return builder().build();
  }

  /** AdamW: decoupled weight decay. */
  public static Adam decoupled(double weightDecay) {
    return builder().decoupledWeightDecay(weightDecay).build();
  }

  public static Builder builder() {
    return new Builder();
  }

  @Override
  public List<String> stateNames() {
    return List.of("mean", "square");
  }

  @Override
  public void update(
      Tensor parameter, Tensor gradient, List<Tensor> state, double learningRate, long step) {
    new OptimizerStep.Adam(beta1, beta2, epsilon, weightDecay, decoupled)
        .apply(parameter, gradient, state.get(0), state.get(1), learningRate, step);
  }

  @Override
  public String toString() {
    return "adam beta1="
        + beta1
        + " beta2="
        + beta2
        + " epsilon="
        + epsilon
        + (decoupled ? " decoupled-weight-decay=" : " weight-decay=")
        + weightDecay;
  }

  /** What may be chosen. */
  public static final class Builder {
    private double beta1 = 0.9;
    private double beta2 = 0.999;
    private double epsilon = 1e-8;
    private double weightDecay;
    private boolean decoupled;

    private Builder() {}

    /** How slowly the means of gradients and of their squares change, each 0 to below 1. */
    public Builder betas(double ofMean, double ofSquare) {
      beta1 = Settings.belowOne("beta1", ofMean);
      beta2 = Settings.belowOne("beta2", ofSquare);
      return this;
    }

    /** More than 0. */
    public Builder epsilon(double value) {
      epsilon = Settings.positive("an epsilon", value);
      return this;
    }

    /** 0 or more, added to the gradient. */
    public Builder weightDecay(double value) {
      weightDecay = Settings.atLeast("a weight decay", value, 0);
      decoupled = false;
      return this;
    }

    /** 0 or more, apart from the gradient: AdamW. */
    public Builder decoupledWeightDecay(double value) {
      weightDecay = Settings.atLeast("a weight decay", value, 0);
      decoupled = true;
      return this;
    }

    public Adam build() {
      return new Adam(this);
    }
  }
}
