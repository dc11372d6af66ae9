package org.voxkern.op;

import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_optimizer_step_adam_params;
import org.voxkern.internal.vk_optimizer_step_sgd_params;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * A step of an optimiser in one pass: changes a parameter and its state, all alike in shape, f32,
 * or f64 on the reference backend. The same numbers give the same bits wherever they lie and with
 * any number of threads.
 */
public final class OptimizerStep {
  private OptimizerStep() {}

  /**
   * Stochastic gradient descent: g&prime; = g + &lambda; w; v = &mu; v + (1 - &tau;) g&prime;, but
   * without dampening in the first step; w = w - &eta; d, where d is v, or g&prime; + &mu; v with
   * Nesterov's momentum, or g&prime; where &mu; = 0.
   *
   * @param momentum &mu;, 0 to below 1
   * @param dampening &tau;, 0 to below 1
   * @param weightDecay &lambda;
   */
  public record Sgd(double momentum, double dampening, boolean nesterov, double weightDecay) {
    /**
     * @param velocity v, 0 before the first step; null where there is no momentum
     * @param learningRate &eta;
     * @param step its number, from 1
     * @throws IllegalArgumentException if shapes or types disagree, naming both, or a number is out
     *     of its range
     */
    public void apply(
        Tensor parameter, Tensor gradient, Tensor velocity, double learningRate, long step) {
      try (NativeCall call = new NativeCall(parameter.context())) {
        vk_optimizer_step_sgd_params params = call.own(new vk_optimizer_step_sgd_params());
        params
            .struct_size(params.sizeof())
            .nesterov(nesterov ? 1 : 0)
            .learning_rate(learningRate)
            .momentum(momentum)
            .dampening(dampening)
            .weight_decay(weightDecay)
            .step(step);
        vk_view g = call.view(gradient);
        vk_view w = call.view(parameter);
        vk_view v = call.view(velocity);
        vk_plan plan = call.plan();
        Status.check(Voxkern.vk_optimizer_step_sgd_plan(call.context(), g, params, w, v, plan));
        Status.check(
            Voxkern.vk_optimizer_step_sgd(
                call.context(), plan, g, params, call.workspace(plan), w, v));
      }
    }
  }

  /**
   * Adam: m = &beta;<sub>1</sub> m + (1 - &beta;<sub>1</sub>) g; s = &beta;<sub>2</sub> s + (1 -
   * &beta;<sub>2</sub>) g&sup2;; w = w - &eta; m / (1 - &beta;<sub>1</sub><sup>t</sup>) /
   * (&radic;(s / (1 - &beta;<sub>2</sub><sup>t</sup>)) + &epsilon;).
   *
   * @param weightDecay &lambda;: g + &lambda; w takes the gradient's place, or, where it is
   *     decoupled (AdamW), (1 - &eta; &lambda;) w the parameter's
   */
  public record Adam(
      double beta1, double beta2, double epsilon, double weightDecay, boolean decoupled) {
    /**
     * @param mean m, 0 before the first step
     * @param square s, 0 before the first step
     * @param learningRate &eta;
     * @param step t, from 1
     * @throws IllegalArgumentException if shapes or types disagree, naming both, or a number is out
     *     of its range
     */
    public void apply(
        Tensor parameter,
        Tensor gradient,
        Tensor mean,
        Tensor square,
        double learningRate,
        long step) {
      try (NativeCall call = new NativeCall(parameter.context())) {
        vk_optimizer_step_adam_params params = call.own(new vk_optimizer_step_adam_params());
        params
            .struct_size(params.sizeof())
            .decoupled(decoupled ? 1 : 0)
            .learning_rate(learningRate)
            .beta1(beta1)
            .beta2(beta2)
            .epsilon(epsilon)
            .weight_decay(weightDecay)
            .step(step);
        vk_view g = call.view(gradient);
        vk_view w = call.view(parameter);
        vk_view m = call.view(mean);
        vk_view s = call.view(square);
        vk_plan plan = call.plan();
        Status.check(Voxkern.vk_optimizer_step_adam_plan(call.context(), g, params, w, m, s, plan));
        Status.check(
            Voxkern.vk_optimizer_step_adam(
                call.context(), plan, g, params, call.workspace(plan), w, m, s));
      }
    }
  }
}
