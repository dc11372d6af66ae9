package org.voxkern.study;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.voxkern.Device;
import org.voxkern.op.Warp3d.Interpolation;
import org.voxkern.registration.Registration;

/**
 * What to register, with what, and what to write.
 *
 * @param fixed image file or DICOM folder
 * @param moving image file or DICOM folder
 * @param out folder for the results
 * @param registration options of the method, without images, masks and listener
 * @param transformName for the records: "rigid", ...
 * @param measureName for the records: "mi", ...
 * @param broughtTogether whether images that lie apart are meant to be brought together first
 * @param initialTransform file of the linear transform to start from
 * @param fixedMask mask file on the fixed grid
 * @param movingMask mask file on the moving grid
 * @param labels label files of both images
 * @param points point lists of both images
 * @param interpolation of the warped image
 * @param threads 0 takes every core
 * @param device that registers; what comes before and after is the processor's
 * @param seed of the sampling
 * @param writeDisplacement whether to write the whole mapping as a field
 * @param writeReport whether to write the report
 * @param parameters every option as given, by name, for the records
 */
public record RegistrationRequest(
    Path fixed,
    Path moving,
    Path out,
    Registration.Builder registration,
    String transformName,
    String measureName,
    boolean broughtTogether,
    Optional<Path> initialTransform,
    Optional<Path> fixedMask,
    Optional<Path> movingMask,
    Optional<Pair> labels,
    Optional<Pair> points,
    Interpolation interpolation,
    int threads,
    Device device,
    long seed,
    boolean writeDisplacement,
    boolean writeReport,
    Map<String, String> parameters) {

  /** Two files that belong together. */
  public record Pair(Path fixed, Path moving) {}
}
