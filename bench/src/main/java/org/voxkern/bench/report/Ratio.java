package org.voxkern.bench.report;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How much faster than a peer on the same job in the same run.
 *
 * @param job what both did
 * @param peer the other program
 * @param ours our median seconds
 * @param theirs the peer's median seconds
 * @param mark the ratio aimed at; 0 where there is none
 */
public record Ratio(String job, String peer, double ours, double theirs, double mark) {

  public double value() {
    return theirs / ours;
  }

  /** One row a ratio, for the terminal. */
  public static String table(List<Ratio> ratios) {
    TextTable table = new TextTable("job", "ours ms", "peer", "peer ms", "ratio", "mark", "");
    for (Ratio ratio : ratios) {
      table.row(
          ratio.job,
          number(ratio.ours * 1e3),
          ratio.peer,
          number(ratio.theirs * 1e3),
          number(ratio.value()) + "x",
          ratio.mark == 0 ? "" : number(ratio.mark) + "x",
          ratio.mark == 0 ? "" : ratio.value() >= ratio.mark ? "met" : "MISSED");
    }
    return table.toString();
  }

  /** For the JSON file. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new java.util.LinkedHashMap<>();
    map.put("job", job);
    map.put("peer", peer);
    map.put("seconds", ours);
    map.put("peer_seconds", theirs);
    map.put("ratio", value());
    if (mark != 0) {
      map.put("mark", mark);
    }
    return map;
  }

  /** Three digits or more. */
  static String number(double value) {
    int digits = (int) Math.floor(Math.log10(Math.max(1e-9, Math.abs(value)))) + 1;
    return String.format(Locale.ROOT, "%." + Math.max(0, Math.min(6, 3 - digits)) + "f", value);
  }
}
