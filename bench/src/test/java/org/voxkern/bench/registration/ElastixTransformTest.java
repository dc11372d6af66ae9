package org.voxkern.bench.registration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Expected points are those that transformix 5.0.1 wrote for the same files. */
class ElastixTransformTest {
  private static final double PRINTED = 1e-6;
  private static final double[][] POINTS = {{1, 2, 3}, {5, 4, 6}, {-2, 1, 2}};
  private static final double[][] TURNED = {
    {-3.999425, -7.621760, 9.920693},
    {-1.468982, -5.319868, 14.079798},
    {-6.170630, -9.365762, 8.119492}
  };

  @TempDir Path folder;

  @Test
  void turnsAboutYThenXThenZ() throws IOException {
    assertMaps(euler("turn.txt", false), TURNED);
  }

  @Test
  void turnsAboutXThenYThenZWhereTheFileSaysSo() throws IOException {
    double[][] expected = {
      {-4.900839, -8.702886, 9.711238},
      {-2.554199, -6.253941, 13.894054},
      {-6.946689, -10.572395, 7.889307}
    };
    assertMaps(euler("turn.txt", true), expected);
  }

  @Test
  void affineComesAfterTheStageBefore() throws IOException {
    double[][] expected = {
      {-0.878869, -12.082739, 13.254258},
      {1.936530, -9.768759, 17.515529},
      {-3.318370, -13.789525, 11.458389}
    };
    assertMaps(affine("Compose"), expected);
  }

  @Test
  void splineLiesOnItsObliqueGrid() throws IOException {
    euler("TransformParameters.0.txt", false);
    String parameters =
        IntStream.range(0, 240)
            .mapToObj(i -> String.valueOf((i * 37 % 101) / 10.0 - 5))
            .collect(Collectors.joining(" "));
    Path file =
        write(
            "TransformParameters.1.txt",
            "BSplineTransform",
            parameters,
            "/elsewhere/TransformParameters.0.txt",
            "Compose",
            """
            (GridSize 5 4 4)
            (GridIndex 0 0 0)
            (GridSpacing 10 12 15)
            (GridOrigin -33.5 -1.5 -8)
            (GridDirection 0.8 0.6 0 0 0 1 0.6 -0.8 0)
            (BSplineTransformSplineOrder 3)
            (UseCyclicTransform "false")
            """);
    double[][] expected = {
      {-4.250653, -8.429090, 10.291630},
      {-2.175859, -6.158350, 14.046623},
      {-6.052089, -9.938916, 8.436404}
    };
    assertMaps(file, expected);
  }

  @Test
  void refusesToAddTransforms() throws IOException {
    Path file = affine("Add");
    var error = assertThrows(IllegalArgumentException.class, () -> ElastixTransform.read(file));
    assertTrue(error.getMessage().contains("expected Compose"), error.getMessage());
  }

  private Path affine(String combined) throws IOException {
    euler("TransformParameters.0.txt", false);
    return write(
        "TransformParameters.1.txt",
        "AffineTransform",
        "1.1 0.05 -0.02 0.03 0.9 0.04 -0.06 0.02 1.05 4 -3 2",
        "/elsewhere/TransformParameters.0.txt",
        combined,
        "(CenterOfRotationPoint 10 -20 5)\n");
  }

  private Path euler(String name, boolean zyx) throws IOException {
    return write(
        name,
        "EulerTransform",
        "0.3 -0.2 0.5 4 -3 2",
        "NoInitialTransform",
        "Compose",
        "(CenterOfRotationPoint 10 -20 5)\n(ComputeZYX \"" + zyx + "\")\n");
  }

  private Path write(
      String name, String kind, String parameters, String initial, String combined, String rest)
      throws IOException {
    String text =
        """
        (Transform "%s")
        (TransformParameters %s)
        (InitialTransformParametersFileName "%s")
        (HowToCombineTransforms "%s")

        // of this kind
        %s"""
            .formatted(kind, parameters, initial, combined, rest);
    return Files.writeString(folder.resolve(name), text);
  }

  private static void assertMaps(Path file, double[][] expected) throws IOException {
    double[][] mapped = ElastixTransform.read(file).applyAll(POINTS);
    for (int i = 0; i < POINTS.length; i++) {
      assertArrayEquals(expected[i], mapped[i], PRINTED);
    }
  }
}
