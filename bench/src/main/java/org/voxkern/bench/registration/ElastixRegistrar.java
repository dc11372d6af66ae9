package org.voxkern.bench.registration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.voxkern.Context;
import org.voxkern.transform.Transform;

/** elastix, with a random sampler of 2048 points; the stages of each kind one after the other. */
record ElastixRegistrar() implements Registrar {
  @Override
  public String name() {
    return "elastix";
  }

  @Override
  public List<String> prepare(PairKind kind, Path fixed, Path moving, Path out) throws IOException {
    return command(stages(kind), fixed, moving, out);
  }

  @Override
  public Transform found(Context context, PairKind kind, Path out) throws IOException {
    return ElastixTransform.read(found(out, stages(kind).size()));
  }

  /** A run of some stages, each starting from what the one before found. */
  static List<String> command(List<ElastixStage> stages, Path fixed, Path moving, Path out)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of("elastix", "-f", fixed.toString(), "-m", moving.toString(), "-out"));
    command.add(out.toString());
    command.add("-threads");
    command.add(String.valueOf(THREADS));
    for (ElastixStage stage : stages) {
      Path file = out.resolve(stage.name().toLowerCase(java.util.Locale.ROOT) + ".txt");
      Files.writeString(file, stage.parameters());
      command.add("-p");
      command.add(file.toString());
    }
    return command;
  }

  /** The transform that a run of so many stages ended with. */
  static Path found(Path out, int stages) {
    return out.resolve("TransformParameters." + (stages - 1) + ".txt");
  }

  private static List<ElastixStage> stages(PairKind kind) {
    return switch (kind) {
      case RIGID -> List.of(ElastixStage.RIGID);
      case AFFINE -> List.of(ElastixStage.RIGID, ElastixStage.AFFINE);
      case DEFORMABLE -> List.of(ElastixStage.RIGID, ElastixStage.B_SPLINE);
    };
  }
}
