package org.voxkern.bench.registration;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.voxkern.bench.peer.Alternation;
import org.voxkern.bench.peer.Root;
import org.voxkern.bench.report.BarChart;
import org.voxkern.bench.report.Json;
import org.voxkern.bench.report.Machine;
import org.voxkern.bench.report.TextTable;
import org.voxkern.study.BadInputException;
import org.voxkern.study.report.Numbers;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code voxkern bench overlap}. */
@Command(
    name = "overlap",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    description = {
      "Register one person's T2-like scan to another's T1-like one, beside elastix.",
      "The scans are painted on SynthSeg's label maps; the labels' overlap says how well."
    })
public final class OverlapCommand implements Callable<Integer> {
  private static final double SPEED_TARGET = 5;
  private static final String[][] PAIRS = {{"01", "02"}, {"03", "04"}};

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "Folder with synthseg/training_seg_0{1,2,3,4}.nii.gz and labels-table.txt.")
  Path data;

  @Option(
      names = "--runs",
      paramLabel = "N",
      defaultValue = "1",
      description = "Runs of each program (default: ${DEFAULT-VALUE}).")
  int runs;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "DIR",
      defaultValue = "voxkern-bench/overlap",
      description = "Folder for images and results (default: ${DEFAULT-VALUE}).")
  Path out;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "7",
      description = "Of textures, bias fields and noise (default: ${DEFAULT-VALUE}).")
  long seed;

  @Override
  public Integer call() throws Exception {
    if (runs < 1) {
      throw new BadInputException("--runs " + runs + ": expected at least 1");
    }
    SynthSegMaps maps = new SynthSegMaps(data);
    int[] scored = maps.scoredLabels();
    Path launcher = Root.launcher();
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("machine", Machine.describe());
    content.put("seed", seed);
    content.put("threads", Registrar.THREADS);
    TextTable table =
        new TextTable(
            "pair",
            "Dice before",
            "voxkern",
            "elastix",
            "s",
            "elastix s",
            "ratio",
            "target",
            "MB",
            "elastix MB");
    List<String> names = new ArrayList<>();
    Map<String, List<Double>> bars = new LinkedHashMap<>();
    bars.put("voxkern", new ArrayList<>());
    bars.put("elastix", new ArrayList<>());
    for (String[] two : PAIRS) {
      String name = two[0] + "-" + two[1];
      OverlapPair pair =
          new OverlapPair(
              maps.file(two[0]), maps.file(two[1]), out.toAbsolutePath().resolve(name), scored);
      pair.paint(seed);
      double before = pair.diceBefore(launcher);
      Map<String, Callable<OverlapPair.Run>> contenders = new LinkedHashMap<>();
      contenders.put("voxkern", () -> pair.voxkern(launcher));
      contenders.put("elastix", pair::elastix);
      Map<String, List<OverlapPair.Run>> results = Alternation.run(contenders, runs);
      OverlapPair.Run ours = median(results.get("voxkern"));
      OverlapPair.Run theirs = median(results.get("elastix"));
      table.row(
          name,
          Numbers.fixed(before, 4),
          Numbers.fixed(ours.dice(), 4),
          Numbers.fixed(theirs.dice(), 4),
          Numbers.fixed(ours.seconds(), 2),
          Numbers.fixed(theirs.seconds(), 2),
          Numbers.fixed(theirs.seconds() / ours.seconds(), 1) + "x",
          ">= " + Numbers.fixed(SPEED_TARGET, 0) + "x",
          Numbers.fixed(ours.peakMb(), 0),
          Numbers.fixed(theirs.peakMb(), 0));
      names.add(name);
      bars.get("voxkern").add(ours.seconds());
      bars.get("elastix").add(theirs.seconds());
      content.put(
          name, Map.of("dice_before", before, "voxkern", toMap(ours), "elastix", toMap(theirs)));
    }
    System.out.printf(
        "%nmean Dice of %d labels (target: at least elastix's), medians of %d whole runs%n%s",
        scored.length, runs, table);
    Files.createDirectories(out);
    Json.write(out.resolve("overlap.json"), content);
    BarChart.write(
        out.resolve("overlap.png"), "Inter-subject registration", "seconds", names, bars, false);
    return 0;
  }

  private static OverlapPair.Run median(List<OverlapPair.Run> runs) {
    return new OverlapPair.Run(
        Alternation.median(runs, OverlapPair.Run::seconds),
        Alternation.median(runs, OverlapPair.Run::peakMb),
        Alternation.median(runs, OverlapPair.Run::dice));
  }

  private static Map<String, Object> toMap(OverlapPair.Run run) {
    return Map.of("seconds", run.seconds(), "peak_mb", run.peakMb(), "dice", run.dice());
  }
}
