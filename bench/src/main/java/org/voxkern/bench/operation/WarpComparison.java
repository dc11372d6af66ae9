package org.voxkern.bench.operation;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.voxkern.ElementType;
import org.voxkern.Image;
import org.voxkern.Tensor;
import org.voxkern.bench.peer.ChildProcess;
import org.voxkern.itk.ImageIo;
import org.voxkern.op.Warp3d;

/** Dense trilinear warp of a brain's 160 x 192 x 224 voxels beside ITK's WarpImageFilter. */
final class WarpComparison extends ItkComparison {
  private static final Workload BRAIN = Workload.of("brain:160x192x224");
  private static final int ITK_REPEATS = 5;
  private static final double TOLERANCE = 1e-4;

  private final Image moving;
  private final Image field;
  private final Tensor warped;

  WarpComparison() throws IOException {
    Inputs inputs = new Inputs(context, BRAIN);
    moving = new Image(inputs.head("moving"), inputs.grid());
    field = new Image(inputs.field("displacement", 4), inputs.grid());
    warped = inputs.output();
  }

  private void warp() {
    Warp3d.builder().build().apply(moving.data(), null, field.data(), null, warped, null);
  }

  @Override
  List<Result> run(int rounds, Peaks peaks) throws Exception {
    Path movingFile = write("moving", moving);
    Path fieldFile = write("field", field);
    Path out = file("warped.nrrd");
    Callable<ChildProcess> itk =
        () ->
            itk(
                "warp",
                "moving=" + movingFile,
                "field=" + fieldFile,
                "repeats=" + ITK_REPEATS,
                "out=" + out);
    itk.call();
    warp();
    compare(
        warped.toFloatArray(), ImageIo.read(context, out, ElementType.F32).data().toFloatArray());
    double[] seconds = medians(rounds, this::warp, itk, "seconds");
    double floor = Work.perVoxel(BRAIN, 16, 4).floorSeconds(peaks);
    return List.of(
        new Result(
            "dense trilinear warp",
            seconds[0],
            seconds[1],
            new Targets(15, 0, 3),
            BRAIN.voxels(),
            floor));
  }

  private static void compare(float[] ours, float[] theirs) {
    float largest = 0;
    for (float value : theirs) {
      largest = Math.max(largest, Math.abs(value));
    }
    int outside = 0;
    for (int i = 0; i < ours.length; i++) {
      outside += Math.abs(ours[i] - theirs[i]) <= TOLERANCE * largest ? 0 : 1;
    }
    // At the image's edge rounding decides which side a position is on.
    if (outside > ours.length / 10_000) {
      throw new IllegalStateException(
          outside + " of " + ours.length + " voxels differ from ITK's by more than " + TOLERANCE);
    }
  }
}
