package org.voxkern.op;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_dropout_params;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Sets random elements, or whole channels, to 0 and scales the others by 1 / (1 - probability).
 *
 * <p>Input and output are alike; f32, or f64 on the reference backend. The mask is u8, 1 where an
 * element stays, of the input's shape or (N, C). Which elements stay depends on the seed, the
 * sequence and the element's position alone, not on threads or backend: Philox 4x32 of ten rounds,
 * Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", 2011. What is dropped becomes 0
 * even if it was NaN. Instances are immutable.
 */
public final class Dropout {
  private final double probability;
  private final long seed;
  private final boolean wholeChannels;

  private Dropout(double probability, long seed, boolean wholeChannels) {
    this.probability = probability;
    this.seed = seed;
    this.wholeChannels = wholeChannels;
  }

  /** Drops each element by itself. */
  public static Dropout elements(double probability, long seed) {
    return new Dropout(probability, seed, false);
  }

  /** Drops channels (n, c) of a tensor (N, C, ...). */
  public static Dropout channels(double probability, long seed) {
    return new Dropout(probability, seed, true);
  }

  /** The output has the input's shape. */
  public Shape outputShape(Shape input) {
    return input;
  }

  /** Of the mask: the input's shape, or (N, C). */
  public Shape maskShape(Shape input) {
    return wholeChannels ? Shape.of(input.size(0), input.size(1)) : input;
  }

  /**
   * Writes {@code output} and {@code mask}.
   *
   * @param sequence of the draw, such as a number of layer and step; every one gives another mask
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void apply(Tensor input, long sequence, Tensor output, Tensor mask) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_dropout_params params = params(call, sequence);
      vk_view i = call.view(input);
      vk_view o = call.view(output);
      vk_view m = call.view(mask);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_dropout_plan(call.context(), i, params, o, m, plan));
      Status.check(Voxkern.vk_dropout(call.context(), plan, i, params, call.workspace(plan), o, m));
    }
  }

  /**
   * inputGradient = outputGradient / (1 - probability) where the mask that {@link #apply} wrote is
   * not 0, else 0.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void gradient(Tensor outputGradient, Tensor mask, Tensor inputGradient) {
    try (NativeCall call = new NativeCall(outputGradient.context())) {
      vk_dropout_params params = params(call, 0);
      vk_view g = call.view(outputGradient);
      vk_view m = call.view(mask);
      vk_view o = call.view(inputGradient);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_dropout_gradient_plan(call.context(), g, m, params, o, plan));
      Status.check(
          Voxkern.vk_dropout_gradient(call.context(), plan, g, m, params, call.workspace(plan), o));
    }
  }

  private vk_dropout_params params(NativeCall call, long sequence) {
    vk_dropout_params params = call.own(new vk_dropout_params());
    return params
        .struct_size(params.sizeof())
        .channels(wholeChannels ? 1 : 0)
        .probability(probability)
        .seed(seed)
        .sequence(sequence);
  }
}
