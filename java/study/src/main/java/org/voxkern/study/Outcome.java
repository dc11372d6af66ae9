package org.voxkern.study;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.voxkern.Geometry;
import org.voxkern.registration.LevelReport;

/**
 * What a registration run found, in numbers: what {@code result.json} and the report say.
 *
 * @param fixed the fixed image
 * @param moving the moving image
 * @param transform "rigid", "affine", ...
 * @param measure name of the similarity measure
 * @param measureValue its value under the starting transform and under the one found
 * @param seconds wall time by step, in the order done
 * @param peakMemoryMb most resident memory of the process
 * @param pointErrors distances at the points given
 * @param overlap Dice on the labels given
 * @param jacobian of the whole mapping
 * @param linear the linear part, [A | t] row by row, mm LPS
 * @param levels every level of every stage
 * @param device backend, instruction set and threads
 * @param seed of the sampling
 * @param version of Voxkern
 * @param parameters the options that the run took, by name
 */
public record Outcome(
    Input fixed,
    Input moving,
    String transform,
    String measure,
    Change<Double> measureValue,
    Map<String, Double> seconds,
    double peakMemoryMb,
    Optional<Change<PointErrors>> pointErrors,
    Optional<Change<Overlap>> overlap,
    Jacobian jacobian,
    double[] linear,
    List<LevelReport> levels,
    String device,
    long seed,
    String version,
    Map<String, String> parameters) {

  /** Before registration, as the files' headers place the images, and after. */
  public record Change<T>(T before, T after) {}

  /** An input image: its path as given, its grid, and its element type in words. */
  public record Input(String path, Geometry geometry, String type) {}

  /** Distances in mm between mapped fixed points and moving points. */
  public record PointErrors(double mean, double median, double p95, int count) {}

  /** Dice by label, in ascending order, and its mean. */
  public record Overlap(double mean, Map<Integer, Double> labels) {}

  /** Local change of volume: where it folds, and how much it varies. */
  public record Jacobian(double nonpositiveFraction, double sdLog, double min, double max) {}
}
