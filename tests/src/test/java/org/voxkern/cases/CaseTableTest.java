package org.voxkern.cases;

import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.List;
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
    return cases(null);
  }

  /** On the host, or on a device. */
  static Stream<DynamicNode> cases(Device device) {
    String filter = System.getProperty("voxkern.case", "").trim();
    List<DynamicNode> tables =
        CaseTables.all().entrySet().stream()
            .map(
                table ->
                    (DynamicNode)
                        dynamicContainer(
                            table.getKey(),
                            table.getValue().stream()
                                .filter(line -> new CaseLine(line).matches(filter))
                                .map(line -> test(line, device))))
            .toList();
    boolean listed =
        CaseTables.all().values().stream()
            .flatMap(List::stream)
            .anyMatch(line -> new CaseLine(line).matches(filter));
    return listed ? tables.stream() : Stream.of(test(filter, device));
  }

  static DynamicTest test(String line, Device device) {
    return dynamicTest(
        line,
        () -> {
          Case test = new Case(new CaseLine(line), device);
          CaseAdapter.of(test.line().operation()).run(test);
          test.finish();
        });
  }
}
