package org.voxkern.op;

import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_label_overlap_rest;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * How many voxels have each label in one label map, in another, and in both.
 *
 * <p>Label maps are integers of any type, f32 or f64 that holds whole numbers; the two may differ
 * in type. Exact.
 */
public final class LabelOverlap {
  private LabelOverlap() {}

  /**
   * Counts for the labels from {@code firstLabel} on.
   *
   * @param inA voxels with label {@code firstLabel + i} in the first map
   * @param inB the same in the second
   * @param inBoth voxels with that label in both
   * @param outside labels of either map that are not among these
   * @param notWhole values of either map that are no whole numbers
   */
  public record Counts(
      long firstLabel, long[] inA, long[] inB, long[] inBoth, long outside, long notWhole) {}

  /**
   * @param labels how many labels to count, 1 to 2^24
   * @throws IllegalArgumentException if the shapes disagree, naming both
   */
  public static Counts count(Tensor a, Tensor b, long firstLabel, int labels) {
    try (NativeCall call = new NativeCall(a.context())) {
      Tensor counts =
          call.own(Tensor.uninitialized(a.context(), ElementType.I64, Shape.of(3, labels)));
      vk_view va = call.view(a);
      vk_view vb = call.view(b);
      vk_view vc = call.view(counts);
      vk_plan plan = call.plan();
      vk_label_overlap_rest rest = call.own(new vk_label_overlap_rest());
      Status.check(Voxkern.vk_label_overlap_plan(call.context(), va, vb, firstLabel, vc, plan));
      Status.check(
          Voxkern.vk_label_overlap(
              call.context(), plan, va, vb, firstLabel, call.workspace(plan), vc, rest));
      long[][] rows = new long[3][labels];
      java.nio.LongBuffer values = counts.contents().asLongBuffer();
      for (long[] row : rows) {
        values.get(row);
      }
      return new Counts(firstLabel, rows[0], rows[1], rows[2], rest.outside(), rest.not_whole());
    }
  }
}
