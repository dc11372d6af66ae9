package org.voxkern.bench.wholenetwork;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.voxkern.Context;
import org.voxkern.Scope;
import org.voxkern.Tuning;
import org.voxkern.bench.report.TextTable;
import org.voxkern.study.report.Numbers;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code voxkern bench tuning}. */
@Command(
    name = "tuning",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    description =
        "Measure every implementation of the networks' convolutions, beside the one that the model"
            + " of their cost chooses.")
public final class TuningCommand implements Callable<Integer> {
  @Option(names = "--threads", defaultValue = "2", description = "Default: ${DEFAULT-VALUE}.")
  int threads;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      defaultValue = "../shared/data",
      description =
          "Folder of the data sets; without meshnet in it that network is left out (default:"
              + " ${DEFAULT-VALUE}).")
  Path data;

  @Option(
      names = "--file",
      paramLabel = "FILE",
      description = "Read before, if it exists, and written after, for Context.Builder.tuning.")
  Path file;

  @Override
  public Integer call() throws Exception {
    try (Tuning tuning = file == null ? Tuning.measure() : Tuning.extend(file)) {
      for (WholeNetwork network : WholeNetwork.all(data)) {
        System.err.println(network.name());
        try (Context context = Context.builder().threads(threads).tuning(tuning).build();
            Scope scope = Scope.open(context)) {
          network.graph().compile(context, network.weights(context), network.shapes());
        }
      }
      TextTable table =
          new TextTable("problem", "modelled", "ms", "fastest", "ms", "modelled / fastest");
      double modelled = 0;
      double fastest = 0;
      for (Tuning.Entry entry : tuning.entries()) {
        modelled += entry.modelledSeconds();
        fastest += entry.seconds();
        table.row(
            entry.problem(),
            entry.modelled(),
            Numbers.fixed(1e3 * entry.modelledSeconds(), 2),
            entry.implementation(),
            Numbers.fixed(1e3 * entry.seconds(), 2),
            Numbers.fixed(entry.modelledSeconds() / entry.seconds(), 2));
      }
      System.out.print("\nconvolutions of the networks, " + threads + " threads\n" + table);
      System.out.printf("all of them: %.3f of the modelled time%n", fastest / modelled);
      if (file != null) {
        tuning.write(file);
      }
    }
    return 0;
  }
}
