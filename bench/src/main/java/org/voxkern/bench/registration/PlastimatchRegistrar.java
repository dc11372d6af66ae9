package org.voxkern.bench.registration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.voxkern.Context;
import org.voxkern.itk.ImageIo;
import org.voxkern.itk.TransformIo;
import org.voxkern.transform.DisplacementFieldTransform;
import org.voxkern.transform.Transform;

/** plastimatch: ITK's Mattes mutual information for the linear stages, its own B-spline. */
record PlastimatchRegistrar() implements Registrar {
  private static final String LINEAR =
      """
      [STAGE]
      xform=align_center
      [STAGE]
      impl=itk
      xform=%s
      optim=rsg
      metric=mattes
      mattes_histogram_bins=32
      num_samples=50000
      max_its=200
      max_step=2
      min_step=0.001
      convergence_tol=1e-5
      res=4 4 4
      [STAGE]
      res=2 2 2
      [STAGE]
      res=1 1 1
      max_its=50
      """;

  private static final String DEFORMABLE =
      """
      [STAGE]
      impl=itk
      xform=rigid
      optim=rsg
      metric=mattes
      num_samples=50000
      max_its=100
      max_step=1
      min_step=0.001
      res=4 4 4
      [STAGE]
      xform=bspline
      impl=plastimatch
      threading=openmp
      optim=lbfgsb
      metric=mi
      mi_histogram_bins=32
      max_its=40
      grid_spac=40 40 40
      res=4 4 4
      regularization_lambda=0.0
      [STAGE]
      grid_spac=20 20 20
      res=2 2 2
      [STAGE]
      grid_spac=10 10 10
      res=1 1 1
      max_its=30
      """;

  @Override
  public String name() {
    return "plastimatch";
  }

  @Override
  public List<String> prepare(PairKind kind, Path fixed, Path moving, Path out) throws IOException {
    boolean dense = kind == PairKind.DEFORMABLE;
    String global =
        """
        [GLOBAL]
        fixed=%s
        moving=%s
        %s=%s
        """
            .formatted(fixed, moving, dense ? "vf_out" : "xform_out", output(kind, out));
    Path settings = out.resolve("settings.txt");
    Files.writeString(settings, global + (dense ? DEFORMABLE : LINEAR.formatted(kind.word())));
    return List.of("plastimatch", "register", settings.toString());
  }

  @Override
  public Map<String, String> environment() {
    String threads = String.valueOf(THREADS);
    return Map.of("OMP_NUM_THREADS", threads, "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS", threads);
  }

  @Override
  public Transform found(Context context, PairKind kind, Path out) throws IOException {
    Path file = output(kind, out);
    return kind == PairKind.DEFORMABLE
        ? new DisplacementFieldTransform(ImageIo.readDisplacementField(context, file))
        : TransformIo.read(file);
  }

  private static Path output(PairKind kind, Path out) {
    return out.resolve(kind == PairKind.DEFORMABLE ? "field.nii" : "transform.txt");
  }
}
