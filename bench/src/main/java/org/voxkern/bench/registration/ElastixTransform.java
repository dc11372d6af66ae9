package org.voxkern.bench.registration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.voxkern.Geometry;
import org.voxkern.transform.BSplineTransform;
import org.voxkern.transform.CompositeTransform;
import org.voxkern.transform.LinearTransform;
import org.voxkern.transform.Transform;

/**
 * Reads the transform files of elastix, TransformParameters.N.txt: Euler, affine and cubic B-spline
 * transforms of 3D images, composed with the transform of the stage before.
 */
final class ElastixTransform {
  private static final Pattern LINE = Pattern.compile("\\s*\\((\\S+)\\s+(.*)\\)\\s*");
  private static final Pattern VALUE = Pattern.compile("\"([^\"]*)\"|(\\S+)");
  private static final String NO_INITIAL = "NoInitialTransform";

  private final Path file;
  private final Map<String, List<String>> entries = new LinkedHashMap<>();

  private ElastixTransform(Path file) throws IOException {
    this.file = file;
    for (String line : Files.readAllLines(file)) {
      Matcher entry = LINE.matcher(line);
      if (entry.matches()) {
        List<String> values =
            VALUE
                .matcher(entry.group(2))
                .results()
                .map(value -> value.group(1) != null ? value.group(1) : value.group(2))
                .toList();
        entries.put(entry.group(1), values);
      }
    }
  }

  /**
   * @throws IllegalArgumentException if the file holds another transform, or lacks an entry
   */
  static Transform read(Path file) throws IOException {
    ElastixTransform stored = new ElastixTransform(file);
    Transform own = stored.own();
    String initial = stored.text("InitialTransformParametersFileName");
    if (initial.equals(NO_INITIAL)) {
      return own;
    }
    String combined = stored.text("HowToCombineTransforms");
    if (!combined.equals("Compose")) {
      throw stored.bad("HowToCombineTransforms is " + combined + ": expected Compose");
    }
    // The one of the stage before acts first. It lies beside, wherever the folder has gone since.
    Path before = file.resolveSibling(Path.of(initial).getFileName());
    return CompositeTransform.of(own, read(before));
  }

  private Transform own() {
    String kind = text("Transform");
    return switch (kind) {
      case "EulerTransform" -> {
        double[] fixed = Arrays.copyOf(numbers("CenterOfRotationPoint"), 4);
        fixed[3] = text("ComputeZYX").equals("true") ? 1 : 0;
        yield LinearTransform.ofItk("Euler3DTransform", numbers("TransformParameters"), fixed);
      }
      case "AffineTransform" ->
          LinearTransform.ofItk(
              "AffineTransform", numbers("TransformParameters"), numbers("CenterOfRotationPoint"));
      case "BSplineTransform", "RecursiveBSplineTransform" -> spline();
      default -> throw bad("Transform is " + kind + ": expected Euler, affine or B-spline");
    };
  }

  private Transform spline() {
    if (numbers("BSplineTransformSplineOrder")[0] != 3) {
      throw bad("BSplineTransformSplineOrder is not 3");
    }
    int[] size = Arrays.stream(numbers("GridSize")).mapToInt(value -> (int) value).toArray();
    double[] stored = numbers("GridDirection");
    double[] direction = new double[9];
    for (int i = 0; i < 9; i++) {
      // Column by column in the file.
      direction[i] = stored[3 * (i % 3) + i / 3];
    }
    Geometry grid = Geometry.of(size, numbers("GridSpacing"), numbers("GridOrigin"), direction);
    double[] first = grid.indexToPhysical().apply(numbers("GridIndex"));
    return new BSplineTransform(
        Geometry.of(size, grid.spacing(), first, direction), numbers("TransformParameters"));
  }

  private double[] numbers(String key) {
    return values(key).stream().mapToDouble(Double::parseDouble).toArray();
  }

  private String text(String key) {
    return values(key).get(0);
  }

  private List<String> values(String key) {
    List<String> values = entries.get(key);
    if (values == null || values.isEmpty()) {
      throw bad("has no (" + key + " ...)");
    }
    return values;
  }

  private IllegalArgumentException bad(String what) {
    return new IllegalArgumentException(file + ": " + what);
  }
}
