package org.voxkern.op;

import java.util.Arrays;
import org.voxkern.Context;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_anchors_params;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Anchors: the boxes from which a detector's offsets are counted, the same ones at every place of a
 * feature map. Each level of a pyramid has an instance of its own.
 *
 * <p>The place (x, y, z) has its centre at ((x, y, z) + offset) stride in voxels of the image. The
 * anchors are a tensor (places &middot; extents, 4) or (..., 6) as {@link BoxIou} has them: the
 * boxes of a place together, x of the places fastest. f32, or f64 on the reference backend.
 * Instances are immutable and may be shared by threads.
 */
public final class Anchors {
  private final double[] stride;
  private final double[] offset;

  private Anchors(double[] stride, double[] offset) {
    this.stride = stride;
    this.offset = offset;
  }

  /**
   * Of a stride along x, y and perhaps z, with the centres in the middle of the first stride.
   *
   * @throws IllegalArgumentException unless there are two or three finite strides
   */
  public static Anchors ofStride(double... stride) {
    double[] half = new double[stride.length];
    Arrays.fill(half, 0.5);
    return new Anchors(checked("stride", stride), half);
  }

  /** The same with the first centre at another place, in strides. */
  public Anchors withOffset(double... shift) {
    if (shift.length != stride.length) {
      throw new IllegalArgumentException(
          "anchors: "
              + shift.length
              + " offsets for "
              + stride.length
              + " strides; the dimensions must agree");
    }
    return new Anchors(stride, checked("offset", shift));
  }

  private static double[] checked(String name, double[] values) {
    if (values.length != 2 && values.length != 3
        || !Arrays.stream(values).allMatch(Double::isFinite)) {
      throw new IllegalArgumentException(
          "anchors: "
              + name
              + " "
              + Arrays.toString(values)
              + ", expected two or three finite numbers");
    }
    return values.clone();
  }

  /**
   * Extents (sizes &middot; ratios, 2) in two dimensions: for each size and ratio r of height to
   * width size / &radic;r and size &radic;r, which keeps the area.
   */
  public static Tensor extents(Context context, double[] sizes, double[] ratios) {
    float[] values = new float[2 * sizes.length * ratios.length];
    int i = 0;
    for (double size : sizes) {
      for (double ratio : ratios) {
        values[i++] = (float) (size / Math.sqrt(ratio));
        values[i++] = (float) (size * Math.sqrt(ratio));
      }
    }
    return Tensor.of(context, values, values.length / 2, 2);
  }

  /** Extents (sizes &middot; ratios &middot; depths, 3): those of two dimensions, each so deep. */
  public static Tensor extents(Context context, double[] sizes, double[] ratios, double[] depths) {
    float[] values = new float[3 * sizes.length * ratios.length * depths.length];
    int i = 0;
    for (double size : sizes) {
      for (double ratio : ratios) {
        for (double depth : depths) {
          values[i++] = (float) (size / Math.sqrt(ratio));
          values[i++] = (float) (size * Math.sqrt(ratio));
          values[i++] = (float) depth;
        }
      }
    }
    return Tensor.of(context, values, values.length / 3, 3);
  }

  /**
   * Shape of the anchors.
   *
   * @param places of the feature map, (D, H, W), of depth 1 in two dimensions
   * @throws IllegalArgumentException if the shapes do not fit the strides, naming both
   */
  public Shape outputShape(Shape extents, Shape places) {
    if (extents.rank() != 2
        || extents.size(1) != stride.length
        || places.rank() != 3
        || stride.length == 2 && places.size(0) != 1) {
      throw new IllegalArgumentException(
          "anchors: extents "
              + extents
              + " and places "
              + places
              + " for strides "
              + Arrays.toString(stride)
              + ", expected (A, "
              + stride.length
              + ") and (D, H, W), D = 1 in two dimensions");
    }
    return Shape.of(places.elementCount() * extents.size(0), 2L * stride.length);
  }

  /**
   * Writes {@code anchors}.
   *
   * @param extents (A, 2) or (A, 3): x, y, z of the boxes at each place
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public void apply(Tensor extents, Shape places, Tensor anchors) {
    outputShape(extents.shape(), places);
    try (NativeCall call = new NativeCall(extents.context())) {
      vk_view from = call.view(extents);
      vk_view to = call.view(anchors);
      vk_anchors_params params = call.own(new vk_anchors_params());
      params.struct_size(params.sizeof());
      for (int axis = 0; axis < 3; axis++) {
        params.grid(axis, places.size(2 - axis));
        params.stride(axis, axis < stride.length ? stride[axis] : 1);
        params.offset(axis, axis < stride.length ? offset[axis] : 0);
      }
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_anchors_plan(call.context(), from, params, to, plan));
      Status.check(
          Voxkern.vk_anchors(call.context(), plan, from, params, call.workspace(plan), to));
    }
  }
}
