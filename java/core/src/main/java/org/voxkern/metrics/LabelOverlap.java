package org.voxkern.metrics;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.voxkern.ElementType;
import org.voxkern.Image;
import org.voxkern.Tensor;
import org.voxkern.op.LabelOverlap.Counts;
import org.voxkern.op.Statistics;

/**
 * Overlap of two label maps on one grid, label by label: Dice, 2 |A &cap; B| / (|A| + |B|), and
 * intersection over union.
 *
 * <p>Label maps hold whole numbers, in integers of any type, f32 or f64; the two may differ in
 * type.
 */
public final class LabelOverlap {
  private static final double SAME_GRID_MM = 1e-3;

  /** Labels beyond these are looked for only where there are any. */
  private static final int USUAL_LABELS = 16384;

  private static final long MOST_LABELS = 1 << 24;

  private final SortedMap<Integer, Label> labels = new TreeMap<>();

  private LabelOverlap(Counts counts) {
    for (int i = 0; i < counts.inA().length; i++) {
      if (counts.inA()[i] + counts.inB()[i] > 0) {
        int value = Math.toIntExact(counts.firstLabel() + i);
        labels.put(value, new Label(value, counts.inA()[i], counts.inB()[i], counts.inBoth()[i]));
      }
    }
  }

  /**
   * One label.
   *
   * @param inFirst voxels that have it in the first map
   * @param inSecond voxels that have it in the second
   * @param inBoth voxels that have it in both
   */
  public record Label(int value, long inFirst, long inSecond, long inBoth) {
    /** 2 |A and B| / (|A| + |B|), 0 to 1. */
    public double dice() {
      return 2.0 * inBoth / (inFirst + inSecond);
    }

    /** |A and B| / |A or B|, 0 to 1. */
    public double intersectionOverUnion() {
      return (double) inBoth / (inFirst + inSecond - inBoth);
    }
  }

  /**
   * @throws IllegalArgumentException if the grids differ or a map holds no label map
   */
  public static LabelOverlap of(Image first, Image second) {
    if (!first.geometry().matches(second.geometry(), SAME_GRID_MM)) {
      throw new IllegalArgumentException(
          "the label maps lie on different grids: "
              + first.geometry()
              + " and "
              + second.geometry());
    }
    return of(first.data(), second.data());
  }

  /**
   * @throws IllegalArgumentException if the shapes differ or a tensor holds no labels
   */
  public static LabelOverlap of(Tensor first, Tensor second) {
    long low = Math.min(least(first.type()), least(second.type()));
    long high = Math.max(greatest(first.type()), greatest(second.type()));
    Counts counts = org.voxkern.op.LabelOverlap.count(first, second, low, (int) (high - low + 1));
    if (counts.notWhole() > 0) {
      throw new IllegalArgumentException(
          counts.notWhole()
              + " values of the label maps are fractions, NaN or infinite: expected whole numbers");
    }
    if (counts.outside() > 0) {
      counts = countAll(first, second);
    }
    return new LabelOverlap(counts);
  }

  private static Counts countAll(Tensor first, Tensor second) {
    Statistics.Result a = Statistics.of(first, null);
    Statistics.Result b = Statistics.of(second, null);
    double low = Math.min(a.min(), b.min());
    double high = Math.max(a.max(), b.max());
    boolean fits = low >= Integer.MIN_VALUE && high <= Integer.MAX_VALUE;
    if (!fits || high - low + 1 > MOST_LABELS) {
      throw new IllegalArgumentException(
          String.format(
              java.util.Locale.ROOT,
              "labels from %.0f to %.0f: expected a span of at most %d",
              low,
              high,
              MOST_LABELS));
    }
    return org.voxkern.op.LabelOverlap.count(first, second, (long) low, (int) (high - low + 1));
  }

  private static long least(ElementType type) {
    return type == ElementType.I8 ? Byte.MIN_VALUE : 0;
  }

  private static long greatest(ElementType type) {
    return switch (type) {
      case BOOL, U8, I8 -> 255;
      default -> USUAL_LABELS - 1;
    };
  }

  /** Every label that either map has, in ascending order, 0 included. */
  public List<Label> labels() {
    return new ArrayList<>(labels.values());
  }

  /** One label; with no voxels when neither map has it. */
  public Label label(int value) {
    return labels.getOrDefault(value, new Label(value, 0, 0, 0));
  }

  /** Dice of one label; NaN when neither map has it. */
  public double dice(int value) {
    return label(value).dice();
  }

  /** Intersection over union of one label; NaN when neither map has it. */
  public double intersectionOverUnion(int value) {
    return label(value).intersectionOverUnion();
  }

  /** Dice of every label but 0 that either map has, in ascending order. */
  public SortedMap<Integer, Double> diceByLabel() {
    SortedMap<Integer, Double> dice = new TreeMap<>();
    for (Label label : labels.values()) {
      if (label.value() != 0) {
        dice.put(label.value(), label.dice());
      }
    }
    return dice;
  }

  /** Whether some label but 0 is in both maps: if not, they hardly belong together. */
  public boolean hasCommonLabel() {
    return labels.values().stream()
        .anyMatch(label -> label.value() != 0 && label.inFirst() > 0 && label.inSecond() > 0);
  }

  /** Mean Dice over every label but 0 that either map has; NaN when there is none. */
  public double meanDice() {
    return mean(diceByLabel().values().stream().mapToDouble(Double::doubleValue).toArray());
  }

  /** Mean Dice over these labels; one that neither map has does not count. */
  public double meanDice(int... values) {
    double[] dice = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      dice[i] = dice(values[i]);
    }
    return mean(dice);
  }

  private static double mean(double[] values) {
    double sum = 0;
    int count = 0;
    for (double value : values) {
      if (!Double.isNaN(value)) {
        sum += value;
        count++;
      }
    }
    return count == 0 ? Double.NaN : sum / count;
  }

  @Override
  public String toString() {
    return "mean Dice " + meanDice() + " over " + diceByLabel().size() + " labels";
  }
}
