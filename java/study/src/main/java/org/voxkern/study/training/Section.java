package org.voxkern.study.training;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.voxkern.study.BadInputException;
import org.voxkern.study.InputFiles;
import org.voxkern.study.JsonMap;

/** An object of a recipe. Every complaint names the file, the place in it, and what is expected. */
final class Section {
  private final String place;
  private final Map<?, ?> values;

  private Section(String place, Map<?, ?> values) {
    this.place = place;
    this.values = values;
  }

  /**
   * @throws BadInputException if the file cannot be read, or is no JSON object
   */
  static Section read(Path file) {
    InputFiles.requirePresent(file);
    try {
      return new Section(file + ": ", JsonMap.read(file));
    } catch (IOException failure) {
      throw new BadInputException(file + ": " + failure.getMessage(), failure);
    }
  }

  BadInputException complaint(String key, String what) {
    return new BadInputException(place + key + ": " + what);
  }

  private BadInputException unexpected(String key, String expected) {
    return complaint(key, "is " + quoted(values.get(key)) + ", expected " + expected);
  }

  private static String quoted(Object value) {
    return value instanceof String ? "'" + value + "'" : String.valueOf(value);
  }

  /**
   * @throws BadInputException if a key is none of these, naming it
   */
  void requireOnly(String... known) {
    Set<String> names = new TreeSet<>(Arrays.asList(known));
    for (Object key : values.keySet()) {
      if (!names.contains(String.valueOf(key))) {
        throw complaint(String.valueOf(key), "is unknown, expected " + String.join(", ", names));
      }
    }
  }

  boolean has(String key) {
    return values.get(key) != null;
  }

  private void requirePresent(String key, String expected) {
    if (!has(key)) {
      throw complaint(key, "is missing, expected " + expected);
    }
  }

  /** A part, empty where it is not there. */
  Section section(String key) {
    if (!has(key)) {
      return new Section(place + key + ".", Map.of());
    }
    if (values.get(key) instanceof Map<?, ?> map) {
      return new Section(place + key + ".", map);
    }
    throw unexpected(key, "an object");
  }

  /** Parts in a row, none where they are not there. */
  List<Section> sections(String key) {
    List<Section> sections = new ArrayList<>();
    for (Object value : list(key, "a list of objects")) {
      if (!(value instanceof Map<?, ?> map)) {
        throw unexpected(key, "a list of objects");
      }
      sections.add(new Section(place + key + "[" + sections.size() + "].", map));
    }
    return sections;
  }

  private List<?> list(String key, String expected) {
    if (!has(key)) {
      return List.of();
    }
    if (values.get(key) instanceof List<?> list) {
      return list;
    }
    throw unexpected(key, expected);
  }

  String text(String key) {
    requirePresent(key, "a text");
    if (values.get(key) instanceof String text && !text.isBlank()) {
      return text;
    }
    throw unexpected(key, "a text");
  }

  /** One of these words; the first where there is none. */
  String word(String key, String... allowed) {
    if (!has(key)) {
      return allowed[0];
    }
    if (Arrays.asList(allowed).contains(values.get(key))) {
      return (String) values.get(key);
    }
    throw unexpected(key, "one of " + String.join(", ", allowed));
  }

  boolean flag(String key) {
    if (!has(key)) {
      return false;
    }
    if (values.get(key) instanceof Boolean flag) {
      return flag;
    }
    throw unexpected(key, "true or false");
  }

  double number(String key) {
    requirePresent(key, "a number");
    if (values.get(key) instanceof Number number && Double.isFinite(number.doubleValue())) {
      return number.doubleValue();
    }
    throw unexpected(key, "a number");
  }

  double number(String key, double otherwise) {
    return has(key) ? number(key) : otherwise;
  }

  long whole(String key, long least) {
    requirePresent(key, "a whole number of " + least + " or more");
    if ((values.get(key) instanceof Integer || values.get(key) instanceof Long)
        && ((Number) values.get(key)).longValue() >= least) {
      return ((Number) values.get(key)).longValue();
    }
    throw unexpected(key, "a whole number of " + least + " or more");
  }

  long whole(String key, long least, long otherwise) {
    return has(key) ? whole(key, least) : otherwise;
  }

  /** As many whole numbers as given, or any number where that is 0. */
  int[] wholes(String key, int count, long least) {
    String expected =
        (count == 0 ? "" : count + " ") + "whole numbers of " + least + " or more, as a list";
    requirePresent(key, expected);
    int[] numbers = wholes(list(key, expected), least);
    if (numbers == null || numbers.length == 0 || count > 0 && numbers.length != count) {
      throw unexpected(key, expected);
    }
    return numbers;
  }

  /** Null if one is none. */
  private static int[] wholes(List<?> list, long least) {
    int[] numbers = new int[list.size()];
    for (int i = 0; i < numbers.length; i++) {
      if (!(list.get(i) instanceof Integer number) || number < least) {
        return null;
      }
      numbers[i] = number;
    }
    return numbers;
  }

  /** Lists of whole numbers. */
  List<int[]> wholeLists(String key) {
    String expected = "lists of whole numbers, as a list";
    requirePresent(key, expected);
    List<int[]> lists = new ArrayList<>();
    for (Object value : list(key, expected)) {
      int[] numbers = value instanceof List<?> list ? wholes(list, Integer.MIN_VALUE) : null;
      if (numbers == null || numbers.length == 0) {
        throw unexpected(key, expected);
      }
      lists.add(numbers);
    }
    return lists;
  }

  /** As many numbers above 0 as given. */
  double[] positives(String key, int count) {
    String expected = count + " numbers above 0, as a list";
    List<?> list = list(key, expected);
    double[] numbers = new double[list.size()];
    for (int i = 0; i < numbers.length; i++) {
      if (!(list.get(i) instanceof Number number) || !(number.doubleValue() > 0)) {
        throw unexpected(key, expected);
      }
      numbers[i] = number.doubleValue();
    }
    if (numbers.length != count) {
      throw unexpected(key, expected);
    }
    return numbers;
  }

  /** One text, or several as a list. */
  List<String> texts(String key) {
    String expected = "a text, or texts as a list";
    requirePresent(key, expected);
    if (values.get(key) instanceof String) {
      return List.of(text(key));
    }
    List<String> texts = new ArrayList<>();
    for (Object value : list(key, expected)) {
      if (!(value instanceof String text) || text.isBlank()) {
        throw unexpected(key, expected);
      }
      texts.add(text);
    }
    if (texts.isEmpty()) {
      throw unexpected(key, expected);
    }
    return texts;
  }

  /** What is made of this part, whose complaints are then about it. */
  <T> T made(String key, java.util.function.Supplier<T> making) {
    try {
      return making.get();
    } catch (BadInputException failure) {
      throw failure;
    } catch (IllegalArgumentException failure) {
      throw new BadInputException(place + key + ": " + failure.getMessage(), failure);
    }
  }
}
