package org.voxkern.bench.registration;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.voxkern.Context;
import org.voxkern.bench.peer.Alternation;
import org.voxkern.bench.peer.MeasuredProcess;
import org.voxkern.transform.Transform;

/** Several programs on one pair, whole process against whole process, run by turns. */
final class Comparison {
  private final KnownTruthPair pair;
  private final Path folder;
  private final Consumer<String> progress;

  /**
   * One run of one program.
   *
   * @param errorMm to the known truth, from the files that it wrote
   */
  record Run(double seconds, double peakMb, double errorMm) {}

  /**
   * @param folder where each program gets a folder of its own
   * @param progress told of every run
   */
  Comparison(KnownTruthPair pair, Path folder, Consumer<String> progress) {
    this.pair = pair;
    this.folder = folder;
    this.progress = progress;
  }

  /** The runs by the programs' names, in the order given. */
  Map<String, List<Run>> run(List<Registrar> registrars, int runs) throws Exception {
    Map<String, Callable<Run>> contenders = new LinkedHashMap<>();
    for (Registrar registrar : registrars) {
      contenders.put(registrar.name(), () -> run(registrar));
    }
    return Alternation.run(contenders, runs);
  }

  private Run run(Registrar registrar) throws IOException, InterruptedException {
    // A run must not find what the one before wrote.
    Path out = Folders.empty(folder.resolve(registrar.name()));
    List<String> command = registrar.prepare(pair.kind(), pair.fixed(), pair.moving(), out);
    MeasuredProcess process = MeasuredProcess.run(command, registrar.environment());
    Run run = new Run(process.seconds(), process.peakMb(), error(registrar, out));
    progress.accept(
        String.format(
            Locale.ROOT,
            "%s: %s %.2f s, %.0f MB, %.4f mm",
            pair.kind().word(),
            registrar.name(),
            run.seconds,
            run.peakMb,
            run.errorMm));
    return run;
  }

  private double error(Registrar registrar, Path out) throws IOException {
    try (Context context = Context.builder().build()) {
      Transform found = registrar.found(context, pair.kind(), out);
      return pair.points().meanErrorMm(pair.truth(), found);
    }
  }
}
