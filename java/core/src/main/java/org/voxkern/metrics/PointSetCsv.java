package org.voxkern.metrics;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Point sets as comma-separated values. */
final class PointSetCsv {
  private PointSetCsv() {}

  /** Which column holds what; -1 for no ids. */
  private record Columns(int x, int y, int z, int id, int count) {}

  static PointSet read(Path file) {
    List<double[]> points = new ArrayList<>();
    List<String> ids = new ArrayList<>();
    Columns columns = null;
    int number = 0;
    for (String line : lines(file)) {
      number++;
      String text = number == 1 && line.startsWith("\uFEFF") ? line.substring(1) : line;
      if (text.isBlank() || text.startsWith("#")) {
        continue;
      }
      String[] cells = text.split(",", -1);
      for (int i = 0; i < cells.length; i++) {
        cells[i] = unquoted(cells[i].strip());
      }
      if (columns == null) {
        columns = header(file, number, cells);
        if (columns != null) {
          continue;
        }
        columns = withoutHeader(file, number, cells);
      }
      if (cells.length != columns.count()) {
        throw wrong(file, number, cells.length + " values, expected " + columns.count());
      }
      points.add(
          new double[] {
            coordinate(file, number, cells[columns.x()]),
            coordinate(file, number, cells[columns.y()]),
            coordinate(file, number, cells[columns.z()])
          });
      if (columns.id() >= 0) {
        ids.add(cells[columns.id()]);
      }
    }
    if (points.isEmpty()) {
      throw new IllegalArgumentException(file + ": no points, expected lines of x,y,z in mm LPS");
    }
    return new PointSet(points.toArray(new double[0][]), ids);
  }

  static void write(PointSet points, Path file) {
    boolean named = !points.ids().isEmpty();
    StringBuilder text = new StringBuilder(named ? "id,x_mm,y_mm,z_mm\n" : "x_mm,y_mm,z_mm\n");
    for (int i = 0; i < points.size(); i++) {
      double[] p = points.point(i);
      if (named) {
        text.append(points.ids().get(i)).append(',');
      }
      text.append(String.format(Locale.ROOT, "%.6f,%.6f,%.6f\n", p[0], p[1], p[2]));
    }
    try {
      Files.writeString(file, text);
    } catch (IOException exception) {
      throw new UncheckedIOException(file + ": cannot be written", exception);
    }
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (MalformedInputException exception) {
      throw new IllegalArgumentException(file + ": not a text file", exception);
    } catch (IOException exception) {
      throw new UncheckedIOException(file + ": cannot be read", exception);
    }
  }

  /** The columns that a header names; null when the line is no header. */
  private static Columns header(Path file, int number, String[] cells) {
    boolean words = true;
    for (String cell : cells) {
      words &= !isNumber(cell);
    }
    if (!words) {
      return null;
    }
    int[] found = {-1, -1, -1, -1};
    for (int i = 0; i < cells.length; i++) {
      String name = cells[i].toLowerCase(Locale.ROOT);
      int axis = name.isEmpty() ? -1 : "xyz".indexOf(name.charAt(0));
      if (name.equals("id") || name.equals("label") || name.equals("name")) {
        found[3] = i;
      } else if (axis >= 0 && found[axis] < 0) {
        found[axis] = i;
      }
    }
    if (found[0] < 0 || found[1] < 0 || found[2] < 0) {
      throw wrong(
          file, number, "the header \"" + String.join(",", cells) + "\", expected x, y and z");
    }
    return new Columns(found[0], found[1], found[2], found[3], cells.length);
  }

  private static Columns withoutHeader(Path file, int number, String[] cells) {
    return switch (cells.length) {
      case 3 -> new Columns(0, 1, 2, -1, 3);
      case 4 -> new Columns(1, 2, 3, 0, 4);
      default -> throw wrong(file, number, cells.length + " values, expected x,y,z or id,x,y,z");
    };
  }

  private static double coordinate(Path file, int number, String cell) {
    double value = isNumber(cell) ? Double.parseDouble(cell) : Double.NaN;
    if (!Double.isFinite(value)) {
      throw wrong(file, number, "\"" + cell + "\", expected a number of mm");
    }
    return value;
  }

  private static boolean isNumber(String cell) {
    // parseDouble also takes Java's own suffixes, as in "1f".
    if (cell.isEmpty() || "fFdD".indexOf(cell.charAt(cell.length() - 1)) >= 0) {
      return false;
    }
    try {
      Double.parseDouble(cell);
      return true;
    } catch (NumberFormatException exception) {
      return false;
    }
  }

  private static String unquoted(String cell) {
    boolean quoted = cell.length() > 1 && cell.startsWith("\"") && cell.endsWith("\"");
    return quoted ? cell.substring(1, cell.length() - 1) : cell;
  }

  private static IllegalArgumentException wrong(Path file, int number, String what) {
    return new IllegalArgumentException(file + ", line " + number + ": " + what);
  }
}
