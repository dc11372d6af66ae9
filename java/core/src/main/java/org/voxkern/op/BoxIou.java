package org.voxkern.op;

import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Overlap of boxes: intersection over union, and what losses are made of.
 *
 * <p>Boxes are tensors (N, 4) of x1, y1, x2, y2 or (N, 6) of x1, y1, z1, x2, y2, z2: the lower
 * corner, then the upper one, in continuous coordinates. All f32, or f64 on the reference backend.
 * A box whose upper corner does not lie above its lower one along every axis has volume 0; IoU is 0
 * where the union is 0. A coordinate that is NaN or larger than 2<sup>40</sup> makes each overlap
 * of its box NaN. Absolute error below 1e-6 in f32. Sources: Rezatofighi et al., CVPR 2019 (GIoU);
 * Zheng et al., AAAI 2020 (DIoU).
 */
public final class BoxIou {
  /** What is computed; in the order of {@code vk_box_overlap}. */
  public enum Kind {
    /** Intersection over union, 0 to 1. */
    IOU,
    /** IoU less the share of the hull that is in neither box, -1 to 1. */
    GIOU,
    /** IoU less the square of the centres' distance over the hull's diagonal, -1 to 1. */
    DIOU
  }

  private BoxIou() {}

  /**
   * Shape of the pairwise overlaps, (N, M).
   *
   * @throws IllegalArgumentException if these are no boxes of the same dimensions, naming both
   */
  public static Shape outputShape(Shape a, Shape b) {
    if (a.rank() != 2
        || b.rank() != 2
        || a.size(1) != b.size(1)
        || a.size(1) != 4 && a.size(1) != 6) {
      throw new IllegalArgumentException(
          "box_iou: a " + a + " and b " + b + ", expected (N, 4) and (M, 4), or (N, 6) and (M, 6)");
    }
    return Shape.of(a.size(0), b.size(0));
  }

  /**
   * Overlap of each of N boxes with each of M, written to {@code overlap} (N, M).
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public static void pairwise(Tensor a, Tensor b, Kind kind, Tensor overlap) {
    try (NativeCall call = new NativeCall(a.context())) {
      vk_view va = call.view(a);
      vk_view vb = call.view(b);
      vk_view vo = call.view(overlap);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_box_iou_plan(call.context(), va, vb, kind.ordinal(), vo, plan));
      Status.check(
          Voxkern.vk_box_iou(
              call.context(), plan, va, vb, kind.ordinal(), call.workspace(plan), vo));
    }
  }

  /**
   * Overlap of each box of {@code a} with the one at the same place of {@code b}, written to {@code
   * overlap} (N).
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public static void paired(Tensor a, Tensor b, Kind kind, Tensor overlap) {
    try (NativeCall call = new NativeCall(a.context())) {
      vk_view va = call.view(a);
      vk_view vb = call.view(b);
      vk_view vo = call.view(overlap);
      vk_plan plan = call.plan();
      Status.check(
          Voxkern.vk_box_iou_paired_plan(call.context(), va, vb, kind.ordinal(), vo, plan));
      Status.check(
          Voxkern.vk_box_iou_paired(
              call.context(), plan, va, vb, kind.ordinal(), call.workspace(plan), vo));
    }
  }

  /**
   * Gradient of the paired overlap: from {@code gradientOverlap} (N), to {@code gradientA} and
   * {@code gradientB}, of the shapes of the boxes, of which one may be null. Where a minimum or
   * maximum of two coordinates ties, each has half.
   *
   * @throws IllegalArgumentException if shapes or types disagree, naming both
   */
  public static void gradient(
      Tensor a, Tensor b, Kind kind, Tensor gradientOverlap, Tensor gradientA, Tensor gradientB) {
    try (NativeCall call = new NativeCall(a.context())) {
      vk_view va = call.view(a);
      vk_view vb = call.view(b);
      vk_view from = call.view(gradientOverlap);
      vk_view toA = call.view(gradientA);
      vk_view toB = call.view(gradientB);
      vk_plan plan = call.plan();
      Status.check(
          Voxkern.vk_box_iou_gradient_plan(
              call.context(), va, vb, kind.ordinal(), from, toA, toB, plan));
      Status.check(
          Voxkern.vk_box_iou_gradient(
              call.context(), plan, va, vb, kind.ordinal(), from, call.workspace(plan), toA, toB));
    }
  }
}
