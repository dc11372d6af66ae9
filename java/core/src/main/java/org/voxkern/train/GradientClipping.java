package org.voxkern.train;

import java.util.Collection;
import java.util.OptionalDouble;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Reduce;
import org.voxkern.op.Unary;

/** Holds gradients within a bound before a step. Instances are immutable. */
public final class GradientClipping {
  private final OptionalDouble norm;
  private final OptionalDouble value;

  private GradientClipping(OptionalDouble norm, OptionalDouble value) {
    this.norm = norm;
    this.value = value;
  }

  public static GradientClipping none() {
    return new GradientClipping(OptionalDouble.empty(), OptionalDouble.empty());
  }

  /**
   * Where the norm of all gradients together, &radic;&Sigma; g&sup2;, is above the bound all are
   * scaled by bound / norm. Source: Pascanu, Mikolov, Bengio, "On the Difficulty of Training
   * Recurrent Neural Networks", 2013.
   *
   * @throws IllegalArgumentException unless the bound is positive
   */
  public static GradientClipping byNorm(double bound) {
    Settings.positive("a bound of the gradients' norm", bound);
    return new GradientClipping(OptionalDouble.of(bound), OptionalDouble.empty());
  }

  /**
   * Each element is held in [-bound, bound].
   *
   * @throws IllegalArgumentException unless the bound is positive
   */
  public static GradientClipping byValue(double bound) {
    Settings.positive("a bound of the gradients", bound);
    return new GradientClipping(OptionalDouble.empty(), OptionalDouble.of(bound));
  }

  /**
   * Clips in place, and gives the norm of all gradients together as it was before.
   *
   * @param gradients f32
   */
  public double apply(Collection<Tensor> gradients) {
    double before = norm(gradients);
    if (norm.isPresent() && before > norm.getAsDouble()) {
      gradients.forEach(gradient -> InPlace.scale(gradient, norm.getAsDouble() / before));
    }
    if (value.isPresent()) {
      double bound = value.getAsDouble();
      gradients.forEach(gradient -> Unary.clip(gradient, -bound, bound, gradient));
    }
    return before;
  }

  /** &radic;&Sigma; g&sup2; over all elements of all gradients. */
  static double norm(Collection<Tensor> gradients) {
    // The norm of each, not its square, which overflows f32 early.
    double squares = 0;
    for (Tensor gradient : gradients) {
      int[] axes = new int[gradient.shape().rank()];
      for (int axis = 0; axis < axes.length; axis++) {
        axes[axis] = axis;
      }
      try (Tensor one = Tensor.uninitialized(gradient.context(), ElementType.F32, Shape.of())) {
        Reduce.of(Reduce.Reduction.L2, false, axes).apply(gradient, one);
        double own = one.toFloatArray()[0];
        squares += own * own;
      }
    }
    return Math.sqrt(squares);
  }

  @Override
  public String toString() {
    if (norm.isPresent()) {
      return "norm=" + norm.getAsDouble();
    }
    return value.isPresent() ? "value=" + value.getAsDouble() : "none";
  }
}
