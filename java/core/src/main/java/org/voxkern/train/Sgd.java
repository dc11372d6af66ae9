package org.voxkern.train;

import java.util.List;
import org.voxkern.Tensor;
import org.voxkern.op.OptimizerStep;

/**
 * Stochastic gradient descent with momentum, as PyTorch has it: g&prime; = g + &lambda; w; v = &mu;
 * v + (1 - &tau;) g&prime;, but v = g&prime; in the first step; w = w - &eta; d, where d is v, or
 * g&prime; + &mu; v with Nesterov's momentum, or g&prime; where &mu; = 0.
 *
 * <p>&eta; learning rate, &mu; momentum, &tau; dampening, &lambda; weight decay. Sources: Polyak,
 * "Some Methods of Speeding up the Convergence of Iteration Methods", 1964; Sutskever et al., "On
 * the Importance of Initialization and Momentum in Deep Learning", 2013.
 */
public final class Sgd implements Optimizer {
  private final double momentum;
  private final double dampening;
  private final boolean nesterov;
  private final double weightDecay;

  private Sgd(Builder builder) {
    momentum = builder.momentum;
    dampening = builder.dampening;
    nesterov = builder.nesterov;
    weightDecay = builder.weightDecay;
  }

  /** No momentum, no weight decay. */
  public static Sgd create() {
    return builder().build();
  }

  public static Builder builder() {
    return new Builder();
  }

  @Override
  public List<String> stateNames() {
    return momentum == 0 ? List.of() : List.of("momentum");
  }

  @Override
  public void update(
      Tensor parameter, Tensor gradient, List<Tensor> state, double learningRate, long step) {
    new OptimizerStep.Sgd(momentum, dampening, nesterov, weightDecay)
        .apply(parameter, gradient, momentum == 0 ? null : state.get(0), learningRate, step);
  }

  @Override
  public String toString() {
    return "sgd momentum="
        + momentum
        + " dampening="
        + dampening
        + " nesterov="
        + nesterov
        + " weight-decay="
        + weightDecay;
  }

  /** What may be chosen. */
  public static final class Builder {
    private double momentum;
    private double dampening;
    private boolean nesterov;
    private double weightDecay;

    private Builder() {}

    /** From 0, none, to below 1. */
    public Builder momentum(double value) {
      momentum = Settings.belowOne("a momentum", value);
      return this;
    }

    /** From 0, none, to below 1. */
    public Builder dampening(double value) {
      dampening = Settings.belowOne("a dampening", value);
      return this;
    }

    /** Looks ahead by the momentum. */
    public Builder nesterov() {
      nesterov = true;
      return this;
    }

    /** 0 or more, added to the gradient. */
    public Builder weightDecay(double value) {
      weightDecay = Settings.atLeast("a weight decay", value, 0);
      return this;
    }

    /**
     * @throws IllegalArgumentException if Nesterov's momentum is asked for without a momentum, or
     *     with dampening
     */
    public Sgd build() {
      if (nesterov && (momentum == 0 || dampening != 0)) {
        throw new IllegalArgumentException(
            "Nesterov's momentum needs a momentum and no dampening, not "
                + momentum
                + " and "
                + dampening);
      }
      return new Sgd(this);
    }
  }
}
