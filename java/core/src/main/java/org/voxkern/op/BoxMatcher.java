package org.voxkern.op;

import java.util.Arrays;
import org.bytedeco.javacpp.LongPointer;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_box_matcher_atss_params;
import org.voxkern.internal.vk_box_matcher_params;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/**
 * Assigns to each anchor the box that it is to find, for training a detector.
 *
 * <p>{@link #byOverlap}: the box of the greatest IoU where that is at least {@code foreground},
 * none where it is below {@code background}; anchors between are ignored (Lin et al., RetinaNet,
 * 2017). {@link #adaptive}: a box's candidates are the anchors of each level whose centres are
 * nearest to its own; those are matched whose IoU is at least the mean of the candidates' and their
 * standard deviation, and whose centre lies in the box (Zhang et al., ATSS, 2020).
 *
 * <p>Anchors (N, 4) or (N, 6) and boxes (M, 4) or (M, 6) as {@link BoxIou} has them, f32, or f64 on
 * the reference backend. Of equal overlaps the first box and the first anchor win. A box or anchor
 * with a coordinate that is NaN or larger than 2<sup>40</sup> overlaps nothing. Exact: {@code
 * kernels/box_matcher/README.md} states the decision to the rounding. The IoU of all pairs is never
 * in memory. Instances are immutable and may be shared by threads.
 */
public final class BoxMatcher {
  /** Says of an anchor that it is to find no box. */
  public static final long NO_BOX = -1;

  /** Says of an anchor that it does not take part in training. */
  public static final long IGNORED = -2;

  private final double foreground;
  private final double background;
  private final boolean bestOfEachBox;

  /** Null where matched by overlap. */
  private final long[] levelSizes;

  private final int candidates;
  private final double leastDistance;

  private BoxMatcher(
      double foreground,
      double background,
      boolean bestOfEachBox,
      long[] levelSizes,
      int candidates,
      double leastDistance) {
    this.foreground = foreground;
    this.background = background;
    this.bestOfEachBox = bestOfEachBox;
    this.levelSizes = levelSizes;
    this.candidates = candidates;
    this.leastDistance = leastDistance;
  }

  /**
   * @param foreground the least IoU of a matched anchor, above 0, at most 1
   * @param background anchors of a lower IoU have no box; 0 to {@code foreground}
   * @param bestOfEachBox whether the anchor that overlaps a box most is matched whatever the IoU;
   *     to the box that it overlaps most, which may be another one
   * @throws IllegalArgumentException if a threshold is out of range
   */
  public static BoxMatcher byOverlap(double foreground, double background, boolean bestOfEachBox) {
    if (!(foreground > 0 && foreground <= 1 && background >= 0 && background <= foreground)) {
      throw new IllegalArgumentException(
          "box_matcher: foreground from an IoU of "
              + foreground
              + ", background below "
              + background
              + ", expected 0 to 1 and no more than that");
    }
    return new BoxMatcher(foreground, background, bestOfEachBox, null, 0, 0);
  }

  /**
   * @param candidates anchors of each level, 1 or more; nnDetection takes 4 for each anchor of a
   *     place
   * @param leastDistance how far inside a box the centre of its anchor lies at least; 0.01 in the
   *     paper's program
   * @param levelSizes how many anchors each level has, in the order of the anchors
   * @throws IllegalArgumentException if a number is out of range
   */
  public static BoxMatcher adaptive(int candidates, double leastDistance, long... levelSizes) {
    if (candidates < 1
        || !(leastDistance >= 0)
        || Arrays.stream(levelSizes).anyMatch(size -> size < 0)) {
      throw new IllegalArgumentException(
          "box_matcher: "
              + candidates
              + " candidates of levels of "
              + Arrays.toString(levelSizes)
              + ", centres "
              + leastDistance
              + " inside, expected 1 or more and 0 or more");
    }
    return new BoxMatcher(0, 0, false, levelSizes.clone(), candidates, leastDistance);
  }

  /** Shape of the matches and of their overlaps. */
  public Shape outputShape(Shape anchors) {
    return Shape.of(anchors.size(0));
  }

  /**
   * Writes {@code matches} (i64): each anchor's box, {@link #NO_BOX} or {@link #IGNORED}.
   *
   * @param overlaps null, or written: by overlap the best IoU of each anchor, adaptively the IoU
   *     with the box that it is matched to, or 0
   * @throws IllegalArgumentException if shapes or types disagree, naming both, or the levels do not
   *     add up to the anchors
   */
  public void apply(Tensor anchors, Tensor boxes, Tensor matches, Tensor overlaps) {
    try (NativeCall call = new NativeCall(anchors.context())) {
      vk_view a = call.view(anchors);
      vk_view b = call.view(boxes);
      vk_view m = call.view(matches);
      vk_view o = call.view(overlaps);
      vk_plan plan = call.plan();
      if (levelSizes == null) {
        vk_box_matcher_params params = call.own(new vk_box_matcher_params());
        params
            .struct_size(params.sizeof())
            .foreground(foreground)
            .background(background)
            .best_of_each_box(bestOfEachBox ? 1 : 0);
        Status.check(Voxkern.vk_box_matcher_plan(call.context(), a, b, params, m, o, plan));
        Status.check(
            Voxkern.vk_box_matcher(call.context(), plan, a, b, params, call.workspace(plan), m, o));
        return;
      }
      vk_box_matcher_atss_params params = call.own(new vk_box_matcher_atss_params());
      params.struct_size(params.sizeof()).candidates(candidates).least_distance(leastDistance);
      LongPointer sizes = call.own(new LongPointer(Math.max(1, levelSizes.length)));
      sizes.put(levelSizes, 0, levelSizes.length);
      int levels = levelSizes.length;
      Status.check(
          Voxkern.vk_box_matcher_atss_plan(
              call.context(), a, b, sizes, levels, params, m, o, plan));
      Status.check(
          Voxkern.vk_box_matcher_atss(
              call.context(), plan, a, b, sizes, levels, params, call.workspace(plan), m, o));
    }
  }
}
