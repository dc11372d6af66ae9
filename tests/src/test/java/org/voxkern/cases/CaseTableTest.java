package org.voxkern.cases;

import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.voxkern.Device;

/**
 * Every case line, full stack. {@code -Dvoxkern.case='ssd shape=9x7x5'} runs the lines with these
 * words, or this line when no table holds it.
 */
class CaseTableTest {
  @TestFactory
  Stream<DynamicNode> cases() {
    return cases(null, 1);
  }

  /** On the host, or on a device: every n-th line of each operation, or all that are asked for. */
  static Stream<DynamicNode> cases(Device device, int every) {
    String filter = System.getProperty("voxkern.case", "").trim();
    Map<String, Integer> seen = new HashMap<>();
    Predicate<CaseLine> wanted =
        filter.isEmpty()
            ? line -> seen.merge(line.operation(), 1, Integer::sum) % every == 1 % every
            : line -> line.matches(filter);
    Map<String, List<String>> tables = new LinkedHashMap<>();
    CaseTables.all()
        .forEach(
            (name, lines) ->
                tables.put(
                    name, lines.stream().filter(line -> wanted.test(new CaseLine(line))).toList()));
    if (tables.values().stream().allMatch(List::isEmpty)) {
      return Stream.of(test(filter, device));
    }
    return tables.entrySet().stream()
        .map(
            table ->
                dynamicContainer(
                    table.getKey(), table.getValue().stream().map(line -> test(line, device))));
  }

  private static DynamicTest test(String line, Device device) {
    return dynamicTest(
        line,
        () -> {
          Case test = new Case(new CaseLine(line), device);
          CaseAdapter.of(test.line().operation()).run(test);
          test.finish();
        });
  }
}
