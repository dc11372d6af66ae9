package org.voxkern.bench.registration;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.voxkern.Context;
import org.voxkern.itk.TransformIo;
import org.voxkern.transform.Transform;

/**
 * ITK's ImageRegistrationMethodv4 with Mattes mutual information on 1 % of the voxels: 32 bins,
 * regular-step gradient descent with scales from physical shift, three levels.
 *
 * @param program the baseline program of the native build
 */
record ItkRegistrar(Path program) implements Registrar {
  @Override
  public String name() {
    return "itk";
  }

  @Override
  public boolean canDo(PairKind kind) {
    return kind != PairKind.DEFORMABLE;
  }

  @Override
  public List<String> prepare(PairKind kind, Path fixed, Path moving, Path out) {
    return List.of(
        program.toString(),
        "linear",
        "fixed=" + fixed,
        "moving=" + moving,
        "out=" + out.resolve("transform.tfm"),
        "transform=" + kind.word(),
        "init=geometry",
        "sampling=0.01",
        "threads=" + THREADS);
  }

  @Override
  public Transform found(Context context, PairKind kind, Path out) throws IOException {
    return TransformIo.read(out.resolve("transform.tfm"));
  }
}
