package org.voxkern.op;

import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * How many voxels fall into each of a number of equal bins from {@code low} to {@code high}.
 *
 * <p>Any element type. The mask is u8 of the same shape, non-zero where a voxel counts. A value
 * counts in bin floor((value - low) bins / (high - low)), {@code high} itself in the last one. NaN
 * does not count. Exact.
 */
public final class Histogram {
  private Histogram() {}

  /**
   * {@code mask} may be null.
   *
   * @param bins 1 to 2^20
   * @return below the range, in each bin, above the range: {@code bins + 2} numbers
   * @throws IllegalArgumentException if the shapes disagree or the range is empty
   */
  public static long[] of(Tensor image, Tensor mask, double low, double high, int bins) {
    try (NativeCall call = new NativeCall(image.context())) {
      Tensor counts =
          call.own(Tensor.uninitialized(image.context(), ElementType.I64, Shape.of(bins + 2L)));
      vk_view i = call.view(image);
      vk_view m = call.view(mask);
      vk_view c = call.view(counts);
      vk_plan plan = call.plan();
      Status.check(Voxkern.vk_histogram_plan(call.context(), i, m, low, high, c, plan));
      Status.check(
          Voxkern.vk_histogram(call.context(), plan, i, m, low, high, call.workspace(plan), c));
      return counts.toLongArray();
    }
  }
}
