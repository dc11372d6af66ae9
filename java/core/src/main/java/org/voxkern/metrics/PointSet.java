package org.voxkern.metrics;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.voxkern.transform.Transform;

/** Points in mm LPS, in a fixed order, each with an optional id. Immutable. */
public final class PointSet {
  private final double[][] points;
  private final List<String> ids;

  /**
   * @param points x, y, z of each, mm LPS
   * @param ids as many as there are points, or none
   */
  PointSet(double[][] points, List<String> ids) {
    this.points = new double[points.length][];
    for (int i = 0; i < points.length; i++) {
      if (points[i].length != 3) {
        throw new IllegalArgumentException(
            "point " + i + " has " + points[i].length + " coordinates, expected 3");
      }
      this.points[i] = points[i].clone();
    }
    this.ids = List.copyOf(ids);
  }

  /**
   * @param points x, y, z of each, mm LPS
   */
  public static PointSet of(double[]... points) {
    return new PointSet(points, List.of());
  }

  /**
   * Reads comma-separated values: x, y, z in mm LPS, a point a line. A first line of words is a
   * header: columns whose names begin with x, y and z are the coordinates, one named id, label or
   * name holds the ids. Without a header there are three columns, or four of which the first is the
   * id. Blank lines and those that begin with # are passed over.
   *
   * @throws java.io.UncheckedIOException if the file cannot be read
   * @throws IllegalArgumentException naming the file and the line that is wrong
   */
  public static PointSet readCsv(Path file) {
    return PointSetCsv.read(file);
  }

  /**
   * Writes x_mm, y_mm, z_mm, and the ids in a first column when there are any.
   *
   * @throws java.io.UncheckedIOException if the file cannot be written
   */
  public void writeCsv(Path file) {
    PointSetCsv.write(this, file);
  }

  public int size() {
    return points.length;
  }

  /** x, y, z in mm LPS. */
  public double[] point(int index) {
    return points[index].clone();
  }

  /** One a point, or none at all. */
  public List<String> ids() {
    return ids;
  }

  /** x, y, z of each point, mm LPS. */
  public double[][] toArray() {
    List<double[]> copies = new ArrayList<>();
    for (double[] point : points) {
      copies.add(point.clone());
    }
    return copies.toArray(new double[0][]);
  }

  /** Every point where a transform brings it, with its id. */
  public PointSet map(Transform transform) {
    return new PointSet(transform.applyAll(points), ids);
  }

  @Override
  public String toString() {
    return points.length + " points";
  }
}
