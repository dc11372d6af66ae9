package org.voxkern.cases;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.voxkern.Shape;

/** One line of {@code tests/cases/<op>.txt}: the operation's name, then key=value words. */
public final class CaseLine {
  private final String text;
  private final String operation;
  private final Map<String, String> values = new LinkedHashMap<>();
  private final Set<String> read = new HashSet<>();

  public CaseLine(String text) {
    this.text = text;
    String[] words = text.split(" ");
    operation = words[0];
    for (String word : Arrays.asList(words).subList(1, words.length)) {
      int equals = word.indexOf('=');
      if (equals <= 0) {
        throw new IllegalArgumentException("'" + word + "' is not key=value");
      }
      if (values.put(word.substring(0, equals), word.substring(equals + 1)) != null) {
        throw new IllegalArgumentException("'" + word + "' gives its key twice");
      }
    }
    read.add("seed");
    // For the native runner.
    read.add("emulated");
  }

  public String text() {
    return text;
  }

  public String operation() {
    return operation;
  }

  public long seed() {
    return integer("seed", 1);
  }

  public boolean has(String key) {
    read.add(key);
    return values.containsKey(key);
  }

  public String word(String key, String otherwise) {
    return has(key) ? values.get(key) : otherwise;
  }

  public long integer(String key, long otherwise) {
    return (long) number(key, otherwise);
  }

  public double number(String key, double otherwise) {
    return numbers(key, 1, otherwise)[0];
  }

  /** "1,2.5,-3"; one number stands for all {@code count}. */
  public double[] numbers(String key, int count, double otherwise) {
    if (!has(key)) {
      double[] all = new double[count];
      Arrays.fill(all, otherwise);
      return all;
    }
    double[] numbers =
        Arrays.stream(values.get(key).split(",")).mapToDouble(Double::parseDouble).toArray();
    if (numbers.length == 1 && count > 1) {
      double one = numbers[0];
      numbers = new double[count];
      Arrays.fill(numbers, one);
    }
    if (numbers.length != count) {
      throw new IllegalArgumentException(
          key + "=" + values.get(key) + ": expected 1 or " + count + " numbers");
    }
    return numbers;
  }

  /** "yes" or "no". */
  public boolean flag(String key, boolean otherwise) {
    String value = word(key, otherwise ? "yes" : "no");
    if (!value.equals("yes") && !value.equals("no")) {
      throw new IllegalArgumentException(key + "=" + value + ": expected yes or no");
    }
    return value.equals("yes");
  }

  /** "9x7x5" is width, height, depth; the result is slowest first: (5, 7, 9). */
  public Shape shape(String key) {
    return shape(key, "");
  }

  public Shape shape(String key, String otherwise) {
    String sizes = word(key, otherwise);
    if (sizes.isEmpty()) {
      throw new IllegalArgumentException("the case line lacks " + key + "=");
    }
    String[] parts = sizes.split("x");
    long[] slowestFirst = new long[parts.length];
    for (int i = 0; i < parts.length; i++) {
      slowestFirst[parts.length - 1 - i] = Long.parseLong(parts[i]);
    }
    return Shape.of(slowestFirst);
  }

  /**
   * Keys that nobody asked for: a typing error in the table, or an adapter that lacks something.
   */
  public List<String> unread() {
    List<String> keys = new ArrayList<>(values.keySet());
    keys.removeAll(read);
    return keys;
  }

  /** True when every word of the filter is a word of this line. */
  public boolean matches(String filter) {
    List<String> words = Arrays.asList(text.split(" "));
    return filter.isBlank() || words.containsAll(Arrays.asList(filter.trim().split("\\s+")));
  }
}
