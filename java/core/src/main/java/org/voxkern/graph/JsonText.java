package org.voxkern.graph;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Reads the JSON of a header whose structure is known: objects, strings and lists of whole numbers.
 * Java has no JSON reader, and the core takes no dependency for one header.
 */
final class JsonText {
  private static final int HEX = 16;
  private static final int HEX_DIGITS = 4;

  /** No shape is longer, and a hostile list may not cost more than its length. */
  private static final int MOST_INTEGERS = 64;

  private final String text;
  private int at;

  JsonText(String text) {
    this.text = text;
  }

  /** Reads an object; {@code property} is told each key, and reads the value. */
  void object(Consumer<String> property) {
    expect('{');
    Set<String> seen = new HashSet<>();
    if (take('}')) {
      return;
    }
    do {
      String key = string();
      if (!seen.add(key)) {
        throw wrong("a second property \"" + key + "\"");
      }
      expect(':');
      property.accept(key);
    } while (take(','));
    expect('}');
  }

  String string() {
    expect('"');
    StringBuilder result = new StringBuilder();
    for (char next = next(); next != '"'; next = next()) {
      if (next < ' ') {
        throw wrong("a control character in a string");
      }
      result.append(next == '\\' ? escaped() : next);
    }
    return result.toString();
  }

  private char next() {
    if (at == text.length()) {
      throw wrong("the end within a string");
    }
    return text.charAt(at++);
  }

  private char escaped() {
    char kind = next();
    return switch (kind) {
      case '"', '\\', '/' -> kind;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> {
        int code = 0;
        for (int i = 0; i < HEX_DIGITS; i++) {
          int digit = Character.digit(next(), HEX);
          if (digit < 0) {
            throw wrong("no hexadecimal digit after \\u");
          }
          code = HEX * code + digit;
        }
        yield (char) code;
      }
      default -> throw wrong("the unknown escape \\" + kind);
    };
  }

  /** A list of numbers that are not negative. */
  long[] integers() {
    expect('[');
    long[] values = new long[0];
    if (take(']')) {
      return values;
    }
    do {
      if (values.length == MOST_INTEGERS) {
        throw wrong("more than " + MOST_INTEGERS + " numbers in a list");
      }
      values = Arrays.copyOf(values, values.length + 1);
      values[values.length - 1] = integer();
    } while (take(','));
    expect(']');
    return values;
  }

  private long integer() {
    space();
    int begin = at;
    while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
      at++;
    }
    try {
      return Long.parseLong(text.substring(begin, at));
    } catch (NumberFormatException failure) {
      throw wrong("no whole number from 0 to " + Long.MAX_VALUE);
    }
  }

  void requireEnd() {
    space();
    if (at < text.length()) {
      throw wrong("text after the object");
    }
  }

  private void expect(char wanted) {
    if (!take(wanted)) {
      throw wrong("no '" + wanted + "'");
    }
  }

  private boolean take(char wanted) {
    space();
    boolean here = at < text.length() && text.charAt(at) == wanted;
    at += here ? 1 : 0;
    return here;
  }

  private void space() {
    while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }

  private IllegalArgumentException wrong(String what) {
    return new IllegalArgumentException("the JSON header has " + what + " at character " + at);
  }

  /** Appends a string in quotes. */
  static StringBuilder quote(StringBuilder target, String value) {
    target.append('"');
    for (int i = 0; i < value.length(); i++) {
      char next = value.charAt(i);
      switch (next) {
        case '"', '\\' -> target.append('\\').append(next);
        case '\n' -> target.append("\\n");
        case '\r' -> target.append("\\r");
        case '\t' -> target.append("\\t");
        default -> {
          if (next < ' ') {
            target.append(String.format("\\u%04x", (int) next));
          } else {
            target.append(next);
          }
        }
      }
    }
    return target.append('"');
  }
}
