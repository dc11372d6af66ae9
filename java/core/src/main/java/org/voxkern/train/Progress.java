package org.voxkern.train;

import java.util.Map;
import java.util.function.Function;

/**
 * How far a training has come.
 *
 * @param step steps done
 * @param bestScore of the validation, NaN where there was none
 * @param withoutBetter validations since then
 */
record Progress(long step, double bestScore, long withoutBetter) {
  private static final String STEP = "step";
  private static final String BEST_SCORE = "best score";
  private static final String WITHOUT_BETTER = "validations without better";

  Map<String, String> text() {
    return Map.of(
        STEP, Long.toString(step),
        BEST_SCORE, Double.toString(bestScore),
        WITHOUT_BETTER, Long.toString(withoutBetter));
  }

  /**
   * @throws IllegalArgumentException if a number is missing or none, naming it
   */
  static Progress parse(Map<String, String> text) {
    return new Progress(
        number(text, STEP, Progress::count),
        number(text, BEST_SCORE, Double::valueOf),
        number(text, WITHOUT_BETTER, Progress::count));
  }

  private static Long count(String text) {
    long count = Long.parseLong(text);
    if (count < 0) {
      throw new NumberFormatException();
    }
    return count;
  }

  private static <T> T number(Map<String, String> text, String name, Function<String, T> parse) {
    try {
      return parse.apply(String.valueOf(text.get(name)));
    } catch (NumberFormatException failure) {
      throw new IllegalArgumentException(
          "its " + name + " is " + text.get(name) + ", expected a number", failure);
    }
  }
}
