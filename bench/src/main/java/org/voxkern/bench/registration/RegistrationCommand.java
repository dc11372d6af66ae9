package org.voxkern.bench.registration;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code voxkern bench registration}. */
@Command(
    name = "registration",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    description = {
      "Register a real head scan to itself after a known transform, beside the peers:",
      "seconds and peak memory of the whole processes, and the error to the known truth."
    })
public final class RegistrationCommand implements Callable<Integer> {
  /** Which programs the comparison is with. */
  enum Peer {
    elastix,
    plastimatch
  }

  @Option(
      names = "--kind",
      paramLabel = "KIND",
      defaultValue = "all",
      description = "rigid, affine, deformable or all (default: ${DEFAULT-VALUE}).")
  String kind;

  @Option(
      names = "--runs",
      paramLabel = "N",
      defaultValue = "3",
      description = "Runs of each program (default: ${DEFAULT-VALUE}).")
  int runs;

  @Option(
      names = "--peers",
      paramLabel = "NAMES",
      split = ",",
      defaultValue = "elastix,plastimatch",
      description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  List<Peer> peers;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "DIR",
      defaultValue = "voxkern-bench/registration",
      description = "Folder for images and results (default: ${DEFAULT-VALUE}).")
  Path out;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "7",
      description = "Of the deformation, bias field and noise (default: ${DEFAULT-VALUE}).")
  long seed;

  @Override
  public Integer call() throws Exception {
    for (PairKind each : PairKind.values()) {
      if (kind.equals("all") || kind.equals(each.word())) {
        compare(each);
      }
    }
    return 0;
  }

  private void compare(PairKind each) throws IOException, InterruptedException {
    Path folder = out.toAbsolutePath().resolve(each.word());
    KnownTruthPair pair = KnownTruthPair.make(each, folder, seed);
    System.out.printf("%s: %.2f mm before%n", each.word(), pair.errorBeforeMm());
    List<Registrar> registrars = new ArrayList<>();
    registrars.add(
        new VoxkernRegistrar(Path.of(System.getProperty("voxkern.root")).resolve("voxkern")));
    for (Peer peer : peers) {
      registrars.add(
          switch (peer) {
            case elastix -> new ElastixRegistrar();
            case plastimatch -> new PlastimatchRegistrar();
          });
    }
    InMemory memory = InMemory.measure(pair, 5);
    System.out.println(memory);
    Map<String, Comparison.Runs> all =
        new Comparison(pair, folder, System.out::println).run(registrars, runs);
    all.forEach(
        (name, own) ->
            System.out.printf(
                "%-12s %7.2f s %7.0f MB %.4f mm%n",
                name, own.seconds(), own.peakMb(), own.errorMm()));
  }
}
