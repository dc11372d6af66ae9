package org.voxkern.models;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** An object of a JSON file, read with messages that name what is missing. */
final class Settings {
  private final String name;
  private final Map<?, ?> values;

  private Settings(String name, Map<?, ?> values) {
    this.name = name;
    this.values = values;
  }

  static Settings of(String name, Object value) {
    if (value instanceof Map<?, ?> map) {
      return new Settings(name, map);
    }
    throw new IllegalArgumentException(name + " is " + brief(value) + ", expected an object");
  }

  private static String brief(Object value) {
    String text = String.valueOf(value);
    return text.length() > 60 ? text.substring(0, 60) + "..." : text;
  }

  boolean has(String key) {
    return values.get(key) != null;
  }

  private IllegalArgumentException wrong(String key, String expected) {
    return new IllegalArgumentException(
        name + " has " + key + " " + brief(values.get(key)) + ", expected " + expected);
  }

  Settings object(String key) {
    return of("'" + key + "' of " + name, values.get(key));
  }

  String string(String key) {
    if (values.get(key) instanceof String text) {
      return text;
    }
    throw wrong(key, "a text");
  }

  String string(String key, String otherwise) {
    return has(key) ? string(key) : otherwise;
  }

  double number(String key, double otherwise) {
    if (!has(key)) {
      return otherwise;
    }
    if (values.get(key) instanceof Number number) {
      return number.doubleValue();
    }
    throw wrong(key, "a number");
  }

  long integer(String key) {
    double value = number(key, Double.NaN);
    if (value != Math.rint(value) || Math.abs(value) > 1L << 53) {
      throw wrong(key, "a whole number");
    }
    return (long) value;
  }

  boolean flag(String key, boolean otherwise) {
    if (!has(key)) {
      return otherwise;
    }
    if (values.get(key) instanceof Boolean flag) {
      return flag;
    }
    throw wrong(key, "true or false");
  }

  List<?> list(String key) {
    if (values.get(key) instanceof List<?> list) {
      return list;
    }
    throw wrong(key, "a list");
  }

  List<Settings> objects(String key) {
    List<Settings> objects = new ArrayList<>();
    for (Object value : list(key)) {
      objects.add(of("an element of '" + key + "' of " + name, value));
    }
    return objects;
  }

  /** Numbers along the three axes of space; one number stands for all. */
  long[] space(String key, long otherwise) {
    if (!has(key)) {
      return new long[] {otherwise, otherwise, otherwise};
    }
    if (values.get(key) instanceof Number) {
      long value = integer(key);
      return new long[] {value, value, value};
    }
    long[] numbers = integers(key);
    if (numbers.length != 3) {
      throw wrong(key, "three whole numbers");
    }
    return numbers;
  }

  long[] integers(String key) {
    List<?> list = list(key);
    long[] numbers = new long[list.size()];
    for (int i = 0; i < numbers.length; i++) {
      if (!(list.get(i) instanceof Number number) || number.doubleValue() != number.longValue()) {
        throw wrong(key, "whole numbers");
      }
      numbers[i] = ((Number) list.get(i)).longValue();
    }
    return numbers;
  }
}
