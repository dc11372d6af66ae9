package org.voxkern.itk;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * One transform as ITK's files hold it, and the two formats: Insight text, and Matlab level 4 with
 * a vector named as the type followed by a vector named {@code fixed}.
 */
record StoredTransform(String type, double[] parameters, double[] fixedParameters) {
  private static final String FIRST_LINE = "#Insight Transform File V1.0";
  private static final String FIXED = "fixed";
  private static final int MATLAB_HEADER_BYTES = 20;

  static List<StoredTransform> fromText(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    if (!text.startsWith("#Insight Transform File")) {
      throw new IllegalArgumentException("is not an ITK transform file");
    }
    List<StoredTransform> stored = new ArrayList<>();
    String type = null;
    double[] parameters = null;
    for (String line : text.split("\\R")) {
      int colon = line.indexOf(':');
      if (line.startsWith("#") || colon < 0) {
        if (!line.startsWith("#") && !line.isBlank()) {
          throw new IllegalArgumentException("the line \"" + shorten(line) + "\" is unexpected");
        }
        continue;
      }
      String value = line.substring(colon + 1).trim();
      switch (line.substring(0, colon).trim()) {
        case "Transform" -> {
          type = value;
          parameters = null;
          if (type.startsWith("CompositeTransform")) {
            // Nothing follows its name.
            stored.add(new StoredTransform(type, new double[0], new double[0]));
          }
        }
        case "Parameters" -> parameters = numbers(value);
        case "FixedParameters" -> {
          if (type == null || parameters == null) {
            throw new IllegalArgumentException("FixedParameters without a transform before them");
          }
          stored.add(new StoredTransform(type, parameters, numbers(value)));
          type = null;
        }
        default ->
            throw new IllegalArgumentException("the line \"" + shorten(line) + "\" is unexpected");
      }
    }
    if (type != null && !type.startsWith("CompositeTransform")) {
      throw new IllegalArgumentException("ends in the middle of " + type);
    }
    return stored;
  }

  static byte[] toText(List<StoredTransform> stored) {
    StringBuilder text = new StringBuilder(FIRST_LINE).append('\n');
    for (int i = 0; i < stored.size(); i++) {
      StoredTransform transform = stored.get(i);
      text.append("#Transform ").append(i).append('\n');
      text.append("Transform: ").append(transform.type).append('\n');
      if (transform.parameters.length > 0) {
        append(text.append("Parameters:"), transform.parameters);
        append(text.append("FixedParameters:"), transform.fixedParameters);
      }
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  static List<StoredTransform> fromMatlab(byte[] bytes) {
    List<StoredTransform> stored = new ArrayList<>();
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    String type = null;
    double[] parameters = null;
    while (buffer.hasRemaining()) {
      MatlabVector vector = readVector(buffer);
      if (type == null) {
        type = vector.name;
        parameters = vector.values;
        if (type.startsWith("CompositeTransform")) {
          stored.add(new StoredTransform(type, new double[0], new double[0]));
        }
      } else if (vector.name.equals(FIXED)) {
        if (!type.startsWith("CompositeTransform")) {
          stored.add(new StoredTransform(type, parameters, vector.values));
        }
        type = null;
      } else {
        throw new IllegalArgumentException(
            "holds " + vector.name + " where the fixed parameters of " + type + " were expected");
      }
    }
    if (type != null && !type.startsWith("CompositeTransform")) {
      throw new IllegalArgumentException("ends before the fixed parameters of " + type);
    }
    return stored;
  }

  static byte[] toMatlab(List<StoredTransform> stored) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (StoredTransform transform : stored) {
      bytes.writeBytes(vector(transform.type, transform.parameters));
      bytes.writeBytes(vector(FIXED, transform.fixedParameters));
    }
    return bytes.toByteArray();
  }

  private static void append(StringBuilder text, double[] values) {
    for (double value : values) {
      text.append(' ').append(value == Math.rint(value) ? plain(value) : Double.toString(value));
    }
    text.append('\n');
  }

  /** Whole numbers without a fraction, as ITK writes them. */
  private static String plain(double value) {
    return Math.abs(value) < 1e15 ? Long.toString((long) value) : Double.toString(value);
  }

  private static double[] numbers(String text) {
    String trimmed = text.trim();
    if (trimmed.isEmpty()) {
      return new double[0];
    }
    String[] words = trimmed.split("\\s+");
    double[] values = new double[words.length];
    for (int i = 0; i < words.length; i++) {
      try {
        values[i] = Double.parseDouble(words[i]);
      } catch (NumberFormatException exception) {
        throw new IllegalArgumentException("\"" + shorten(words[i]) + "\" is no number", exception);
      }
    }
    return values;
  }

  private static String shorten(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "...";
  }

  private record MatlabVector(String name, double[] values) {}

  /** Type is 1000 for big-endian plus 10 for single precision; matrices are not sparse or text. */
  private static MatlabVector readVector(ByteBuffer buffer) {
    if (buffer.remaining() < MATLAB_HEADER_BYTES) {
      throw new IllegalArgumentException("ends too early: the file is truncated");
    }
    buffer.order(ByteOrder.LITTLE_ENDIAN);
    int start = buffer.position();
    int type = buffer.getInt(start);
    if (type < 0 || type > 9999) {
      buffer.order(ByteOrder.BIG_ENDIAN);
      type = buffer.getInt(start);
    }
    int rows = buffer.getInt(start + 4);
    int columns = buffer.getInt(start + 8);
    int nameLength = buffer.getInt(start + 16);
    int precision = type / 10 % 10;
    boolean known = type >= 0 && type <= 1999 && type % 10 == 0 && precision <= 1;
    if (!known || rows < 0 || columns < 0 || nameLength < 1 || nameLength > 1000) {
      throw new IllegalArgumentException("is not an ITK transform file in Matlab format");
    }
    buffer.position(start + MATLAB_HEADER_BYTES);
    long count = (long) rows * columns;
    int bytes = precision == 1 ? Float.BYTES : Double.BYTES;
    if (buffer.remaining() < nameLength + count * bytes) {
      throw new IllegalArgumentException("ends too early: the file is truncated");
    }
    byte[] name = new byte[nameLength];
    buffer.get(name);
    double[] values = new double[(int) count];
    for (int i = 0; i < values.length; i++) {
      values[i] = precision == 1 ? buffer.getFloat() : buffer.getDouble();
    }
    // The name ends with a zero byte.
    String text = new String(name, 0, nameLength - 1, StandardCharsets.US_ASCII);
    return new MatlabVector(text, values);
  }

  private static byte[] vector(String name, double[] values) {
    byte[] text = name.getBytes(StandardCharsets.US_ASCII);
    ByteBuffer buffer =
        ByteBuffer.allocate(MATLAB_HEADER_BYTES + text.length + 1 + values.length * Double.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    buffer.putInt(0).putInt(values.length).putInt(1).putInt(0).putInt(text.length + 1);
    buffer.put(text).put((byte) 0);
    for (double value : values) {
      buffer.putDouble(value);
    }
    return buffer.array();
  }
}
