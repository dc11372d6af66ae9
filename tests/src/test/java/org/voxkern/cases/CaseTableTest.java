package org.voxkern.cases;

import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every case line, full stack. {@code -Dvoxkern.case='ssd shape=9x7x5'} runs the lines with these
 * words, or this line when no table holds it.
 */
class CaseTableTest {
  @TestFactory
  Stream<DynamicNode> cases() {
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
                                .map(this::test)))
            .toList();
    boolean listed =
        CaseTables.all().values().stream()
            .flatMap(List::stream)
            .anyMatch(line -> new CaseLine(line).matches(filter));
    return listed ? tables.stream() : Stream.of(test(filter));
  }

  private DynamicTest test(String line) {
    return dynamicTest(
        line,
        () -> {
          Case test = new Case(new CaseLine(line));
          CaseAdapter.of(test.line().operation()).run(test);
          test.finish();
        });
  }
}
