package org.voxkern.registration;

import java.util.List;

/**
 * What happened on one pyramid level of one stage.
 *
 * @param stage "rigid", "affine", "deformable", ...
 * @param level counting down to 0, the finest
 * @param shrinkFactors of this level along x, y, z
 * @param values the similarity measure after each iteration, in its own sign
 * @param stopReason why it ended: "converged", "iteration limit", "no descent", ...
 * @param seconds wall time
 */
public record LevelReport(
    String stage,
    int level,
    List<Integer> shrinkFactors,
    List<Double> values,
    String stopReason,
    double seconds) {}
