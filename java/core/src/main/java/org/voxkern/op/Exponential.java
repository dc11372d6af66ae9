package org.voxkern.op;

import org.bytedeco.javacpp.IntPointer;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_exponential_params;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Displacement of the flow of a stationary velocity field, by scaling and squaring: u = v /
 * 2<sup>n</sup>, then n times u(x) + u(x + u(x)), linear between voxels, the border continuing.
 *
 * <p>Shapes: all (3, D, H, W), mm, components x, y, z, f32, or f64 on the reference backend. {@code
 * displacementMap}, row-major 3 by 3, takes a displacement in mm to an index offset.
 */
public final class Exponential {
  /** Steps: as many as bring the largest displacement to half a voxel. */
  public static final int AUTOMATIC = -1;

  /** For plans, which do not depend on the map. */
  private static final double[] IDENTITY = {1, 0, 0, 0, 1, 0, 0, 0, 1};

  private Exponential() {}

  /**
   * Writes the displacement.
   *
   * @param steps squarings, 0 to 20, or {@link #AUTOMATIC}
   * @return the squarings that ran
   */
  public static int apply(
      Tensor velocity, double[] displacementMap, int steps, Tensor displacement) {
    return apply(velocity, displacementMap, steps, null, displacement);
  }

  /**
   * The same with scratch memory of the caller's.
   *
   * @param scratch of at least {@link #scratchBytes}, which is overwritten; null for memory of the
   *     context
   */
  public static int apply(
      Tensor velocity, double[] displacementMap, int steps, Tensor scratch, Tensor displacement) {
    FieldMaps.requireDisplacementMap("exponential", displacementMap);
    try (NativeCall call = new NativeCall(velocity.context())) {
      vk_exponential_params params = params(call, displacementMap, steps);
      vk_view v = call.view(velocity);
      vk_view u = call.view(displacement);
      vk_plan plan = call.plan();
      IntPointer ran = call.own(new IntPointer(1));
      Status.check(Voxkern.vk_exponential_plan(call.context(), v, params, u, plan));
      Status.check(
          Voxkern.vk_exponential(
              call.context(), plan, v, params, u, call.workspace(plan, scratch), ran));
      return ran.get();
    }
  }

  /**
   * Bytes of scratch memory while the displacement of velocities of a shape is computed.
   *
   * @throws IllegalArgumentException if the shape is none of a field, or the steps are too many
   */
  public static long scratchBytes(Context context, ElementType type, Shape velocity, int steps) {
    try (NativeCall call = new NativeCall(context)) {
      vk_view field = call.planned(type, velocity);
      vk_plan plan = call.plan();
      Status.check(
          Voxkern.vk_exponential_plan(
              call.context(), field, params(call, IDENTITY, steps), field, plan));
      return plan.workspace_bytes();
    }
  }

  /**
   * Writes the derivative by the velocity of what has the derivative {@code byDisplacement} by the
   * displacement, through every squaring, exactly as {@link #apply} ran them.
   *
   * @param steps what {@link #apply} ran; not automatic
   */
  public static void gradient(
      Tensor velocity,
      double[] displacementMap,
      int steps,
      Tensor byDisplacement,
      Tensor byVelocity) {
    gradient(velocity, displacementMap, steps, byDisplacement, null, byVelocity);
  }

  /**
   * The same with scratch memory of the caller's.
   *
   * @param scratch of at least {@link #gradientScratchBytes}, which is overwritten; null for memory
   *     of the context
   */
  public static void gradient(
      Tensor velocity,
      double[] displacementMap,
      int steps,
      Tensor byDisplacement,
      Tensor scratch,
      Tensor byVelocity) {
    FieldMaps.requireDisplacementMap("exponential_gradient", displacementMap);
    try (NativeCall call = new NativeCall(velocity.context())) {
      vk_exponential_params params = params(call, displacementMap, steps);
      vk_view v = call.view(velocity);
      vk_view u = call.view(byDisplacement);
      vk_view g = call.view(byVelocity);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_exponential_gradient_plan(call.context(), v, u, params, g, plan));
      Status.check(
          Voxkern.vk_exponential_gradient(
              call.context(), plan, v, u, params, g, call.workspace(plan, scratch)));
    }
  }

  /**
   * Bytes of scratch memory while the derivative by velocities of a shape is computed.
   *
   * @throws IllegalArgumentException if the shape is none of a field, or the steps are automatic or
   *     too many
   */
  public static long gradientScratchBytes(
      Context context, ElementType type, Shape velocity, int steps) {
    try (NativeCall call = new NativeCall(context)) {
      vk_view field = call.planned(type, velocity);
      vk_plan plan = call.plan();
      Status.check(
          Voxkern.vk_exponential_gradient_plan(
              call.context(), field, field, params(call, IDENTITY, steps), field, plan));
      return plan.workspace_bytes();
    }
  }

  private static vk_exponential_params params(
      NativeCall call, double[] displacementMap, int steps) {
    vk_exponential_params params = call.own(new vk_exponential_params());
    params.struct_size(params.sizeof()).steps(steps);
    for (int i = 0; i < 9; i++) {
      params.displacement_map(i, displacementMap[i]);
    }
    return params;
  }
}
