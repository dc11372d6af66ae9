package org.voxkern.bench.registration;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.voxkern.Context;
import org.voxkern.itk.ImageIo;
import org.voxkern.itk.TransformIo;
import org.voxkern.transform.DisplacementFieldTransform;
import org.voxkern.transform.Transform;

/** {@code ./voxkern register} with its default options. */
record VoxkernRegistrar(Path launcher) implements Registrar {
  @Override
  public String name() {
    return "voxkern";
  }

  @Override
  public List<String> prepare(PairKind kind, Path fixed, Path moving, Path out) {
    return List.of(
        launcher.toString(),
        "register",
        fixed.toString(),
        moving.toString(),
        "--transform",
        kind.word(),
        "--out",
        out.toString(),
        "--threads",
        String.valueOf(THREADS),
        "--no-report",
        "--quiet");
  }

  @Override
  public Transform found(Context context, PairKind kind, Path out) throws IOException {
    return kind == PairKind.DEFORMABLE
        ? new DisplacementFieldTransform(ImageIo.readDisplacementField(context, displacement(out)))
        : TransformIo.read(out.resolve("transform.tfm"));
  }

  static Path displacement(Path out) {
    return out.resolve("displacement.nii.gz");
  }
}
