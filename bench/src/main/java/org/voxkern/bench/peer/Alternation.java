package org.voxkern.bench.peer;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;

/**
 * Runs contenders in turn, each in processes of its own, in forward order in one round and in
 * reverse in the next: what the machine does meanwhile, and what a contender leaves behind (heat,
 * caches), falls on all of them alike.
 */
public final class Alternation {
  private Alternation() {}

  /** The results of each contender, one a round. */
  public static <R> Map<String, List<R>> run(Map<String, Callable<R>> contenders, int rounds)
      throws Exception {
    Map<String, List<R>> results = new LinkedHashMap<>();
    contenders.keySet().forEach(name -> results.put(name, new ArrayList<>()));
    List<String> order = new ArrayList<>(contenders.keySet());
    for (int round = 0; round < rounds; round++) {
      for (String name : order) {
        results.get(name).add(contenders.get(name).call());
      }
      Collections.reverse(order);
    }
    return results;
  }

  /** The median over the rounds. */
  public static <R> double median(List<R> results, ToDoubleFunction<R> number) {
    double[] sorted = results.stream().mapToDouble(number).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
