package org.voxkern.bench.registration;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.voxkern.bench.peer.Alternation;
import org.voxkern.bench.report.TextTable;
import org.voxkern.study.report.Numbers;

/**
 * What the programs did on one pair: medians, ratios to ours, and what we aim at.
 *
 * @param runs by the programs' names, ours first
 */
record PairReport(KnownTruthPair pair, InMemory inMemory, Map<String, List<Comparison.Run>> runs) {
  private static final String OURS = "voxkern";
  private static final String MEMORY_PEER = "elastix";

  double seconds(String name) {
    return Alternation.median(runs.get(name), Comparison.Run::seconds);
  }

  double peakMb(String name) {
    return Alternation.median(runs.get(name), Comparison.Run::peakMb);
  }

  double errorMm(String name) {
    return Alternation.median(runs.get(name), Comparison.Run::errorMm);
  }

  /** For the terminal. */
  String table() {
    Targets targets = Targets.of(pair.kind());
    TextTable table =
        new TextTable("program", "seconds", "ratio", "target", "peak MB", "error mm", "target");
    for (String name : runs.keySet()) {
      boolean ours = name.equals(OURS);
      Double speed = targets.speed().get(name);
      table.row(
          name,
          Numbers.fixed(seconds(name), 2),
          ours ? "" : Numbers.fixed(seconds(name) / seconds(OURS), 1) + "x",
          speed == null ? "" : ">= " + Numbers.fixed(speed, 1) + "x",
          Numbers.fixed(peakMb(name), 0),
          Numbers.fixed(errorMm(name), 4),
          ours ? "<= " + Numbers.fixed(targets.errorMm(), 2) : "");
    }
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%n%s: %.1f mm to find, medians of %d whole runs, %d threads%n%s",
            pair.kind().word(),
            pair.errorBeforeMm(),
            runs.get(OURS).size(),
            Registrar.THREADS,
            table));
    text.append(inMemoryLine(targets));
    if (runs.containsKey(MEMORY_PEER)) {
      text.append(
          String.format(
              Locale.ROOT,
              "peak memory %.2f of %s's (target: <= 1)%n",
              peakMb(OURS) / peakMb(MEMORY_PEER),
              MEMORY_PEER));
    }
    return text.toString();
  }

  private String inMemoryLine(Targets targets) {
    String linear =
        String.format(
            Locale.ROOT, "images in memory: linear %.0f ms", 1000 * inMemory.linearSeconds());
    if (pair.kind() == PairKind.DEFORMABLE) {
      return String.format(
          Locale.ROOT, "%s, deformable %.0f ms%n", linear, 1000 * inMemory.deformableSeconds());
    }
    return String.format(
        Locale.ROOT, "%s (target: <= %.0f)%n", linear, 1000 * targets.inMemorySeconds());
  }

  /** For the JSON file. */
  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("error_before_mm", pair.errorBeforeMm());
    Map<String, Object> programs = new LinkedHashMap<>();
    runs.forEach((name, own) -> programs.put(name, program(name, own)));
    map.put("programs", programs);
    map.put(
        "in_memory",
        Map.of(
            "linear_seconds", inMemory.linearSeconds(),
            "deformable_seconds", inMemory.deformableSeconds()));
    Targets targets = Targets.of(pair.kind());
    Map<String, Object> aims = new LinkedHashMap<>();
    aims.put("error_mm", targets.errorMm());
    aims.put("in_memory_seconds", targets.inMemorySeconds());
    aims.put("speed_over", targets.speed());
    map.put("targets", aims);
    return map;
  }

  private Map<String, Object> program(String name, List<Comparison.Run> own) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("seconds", seconds(name));
    map.put("ratio_to_voxkern", seconds(name) / seconds(OURS));
    map.put("peak_mb", peakMb(name));
    map.put("error_mm", errorMm(name));
    map.put("seconds_of_each_run", own.stream().map(Comparison.Run::seconds).toList());
    map.put("error_mm_of_each_run", own.stream().map(Comparison.Run::errorMm).toList());
    return map;
  }
}
