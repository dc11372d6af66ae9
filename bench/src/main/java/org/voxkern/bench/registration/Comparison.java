package org.voxkern.bench.registration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.voxkern.Context;
import org.voxkern.transform.Transform;

/** Several programs on one pair, whole process against whole process, run by turns. */
final class Comparison {
  private final KnownTruthPair pair;
  private final Path folder;
  private final Consumer<String> progress;

  /**
   * One program's runs.
   *
   * @param errorsMm of each run, from the files that it wrote
   */
  record Runs(List<MeasuredProcess> processes, List<Double> errorsMm) {
    double seconds() {
      return Median.of(processes.stream().map(MeasuredProcess::seconds).toList());
    }

    double peakMb() {
      return Median.of(processes.stream().map(MeasuredProcess::peakMb).toList());
    }

    double errorMm() {
      return Median.of(errorsMm);
    }
  }

  /**
   * @param folder where each program gets a folder of its own
   * @param progress told of every run
   */
  Comparison(KnownTruthPair pair, Path folder, Consumer<String> progress) {
    this.pair = pair;
    this.folder = folder;
    this.progress = progress;
  }

  /** By the programs' names, in their order. */
  Map<String, Runs> run(List<Registrar> registrars, int runs)
      throws IOException, InterruptedException {
    Map<String, Runs> all = new LinkedHashMap<>();
    for (int run = 0; run < runs; run++) {
      for (Registrar registrar : registrars) {
        Runs own =
            all.computeIfAbsent(
                registrar.name(), name -> new Runs(new ArrayList<>(), new ArrayList<>()));
        Path out = Folders.empty(folder.resolve(registrar.name()));
        MeasuredProcess process = run(registrar, out);
        double error = error(registrar, out);
        own.processes.add(process);
        own.errorsMm.add(error);
        progress.accept(
            String.format(
                java.util.Locale.ROOT,
                "%s, run %d: %-12s %7.2f s %7.0f MB  %.4f mm",
                pair.kind().word(),
                run + 1,
                registrar.name(),
                process.seconds(),
                process.peakMb(),
                error));
      }
    }
    return all;
  }

  private MeasuredProcess run(Registrar registrar, Path out)
      throws IOException, InterruptedException {
    List<String> command = registrar.prepare(pair.kind(), pair.fixed(), pair.moving(), out);
    Path log = Files.createDirectories(folder).resolve(registrar.name() + ".log");
    return MeasuredProcess.run(command, registrar.environment(), log);
  }

  private double error(Registrar registrar, Path out) throws IOException {
    try (Context context = Context.builder().build()) {
      Transform found = registrar.found(context, pair.kind(), out);
      return pair.points().meanErrorMm(pair.truth(), found);
    }
  }
}
