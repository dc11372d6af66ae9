package org.voxkern.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.voxkern.testing.Requirement;
import org.voxkern.transform.TranslationTransform;

/** Point files, and errors at points. */
class PointSetTest {
  @TempDir Path folder;

  @Test
  void headersAndIdsAreOptional() throws IOException {
    double[][] expected = {{1.5, -2, 3e2}, {4, 5, 6}};
    assertArrayEquals(expected, read("x_mm,y_mm,z_mm\n1.5,-2,3e2\n4,5,6\n").toArray());
    assertArrayEquals(expected, read("1.5,-2,300\n\n# no more\n4,5,6").toArray());
    PointSet swapped = read("id, Z ,Y,X\r\nfirst,3e2,-2,1.5\r\n\"second\",6,5,4\r\n");
    assertArrayEquals(expected, swapped.toArray());
    assertEquals(List.of("first", "second"), swapped.ids());
    PointSet numbered = read("7,1.5,-2,300\n8,4,5,6\n");
    assertArrayEquals(expected, numbered.toArray());
    assertEquals(List.of("7", "8"), numbered.ids());
    assertArrayEquals(expected, read("\uFEFFx,y,z\n1.5,-2,300\n4,5,6\n").toArray());
  }

  @Test
  void writingAndReadingGivesTheSame() throws IOException {
    PointSet points = read("id,x,y,z\na,1.25,-2.5,1000.125\nb,0,0,0\n");
    Path file = folder.resolve("copy.csv");
    points.writeCsv(file);
    PointSet copy = PointSet.readCsv(file);
    assertArrayEquals(points.toArray(), copy.toArray());
    assertEquals(points.ids(), copy.ids());
    PointSet.of(new double[] {1, 2, 3}).writeCsv(file);
    assertEquals("x_mm,y_mm,z_mm\n1.000000,2.000000,3.000000\n", Files.readString(file));
  }

  @Test
  void errorsNameFileAndLine() {
    assertMessage("points.csv, line 2: 2 values, expected 3", "x,y,z\n1,2\n");
    assertMessage("points.csv, line 3: \"abc\", expected a number", "x,y,z\n1,2,3\n1,abc,3\n");
    assertMessage("points.csv, line 1: \"nan\", expected a number", "1,2,nan\n");
    assertMessage("points.csv, line 1: the header", "i,j,k\n1,2,3\n");
    assertMessage("points.csv, line 1: 5 values", "1,2,3,4,5\n");
    assertMessage("points.csv: no points", "x,y,z\n");
    assertMessage("points.csv: no points", "");
    Path missing = folder.resolve("missing.csv");
    String message =
        assertThrows(java.io.UncheckedIOException.class, () -> PointSet.readCsv(missing))
            .getMessage();
    assertTrue(message.contains("missing.csv"), message);
  }

  @Test
  void binaryFileIsRefused() throws IOException {
    Path file = folder.resolve("points.csv");
    Files.write(file, new byte[] {(byte) 0x89, 'P', 'N', 'G', (byte) 0xFF, 0, 1});
    assertThrows(IllegalArgumentException.class, () -> PointSet.readCsv(file));
  }

  @Test
  void errorsOfPoints() {
    PointSet fixed = PointSet.of(new double[] {0, 0, 0}, new double[] {1, 1, 1}, new double[3]);
    PointSet moving =
        PointSet.of(new double[] {3, 4, 0}, new double[] {1, 1, 2}, new double[] {0, 12, 5});
    TargetRegistrationError error =
        TargetRegistrationError.of(TranslationTransform.identity(), fixed, moving);
    assertArrayEquals(new double[] {5, 1, 13}, error.all());
    assertEquals(19 / 3.0, error.mean(), 1e-15);
    assertEquals(5, error.median());
    assertEquals(5 + 0.9 * 8, error.p95(), 1e-12);
    assertEquals(13, error.max());
    assertEquals(3, error.count());
    TargetRegistrationError moved =
        TargetRegistrationError.of(TranslationTransform.of(3, 4, 0), fixed, moving);
    assertEquals(0, moved.all()[0]);
    assertThrows(
        IllegalArgumentException.class,
        () ->
            TargetRegistrationError.of(
                TranslationTransform.identity(), fixed, PointSet.of(new double[3])));
  }

  @Test
  void landmarksOfARealPatient() {
    Path data = Requirement.dataSet("lung-ct");
    PointSet fixed = PointSet.readCsv(data.resolve("fixed_landmarks_lps_mm.csv"));
    PointSet moving = PointSet.readCsv(data.resolve("moving_landmarks_lps_mm.csv"));
    assertEquals(25, fixed.size());
    TargetRegistrationError error =
        TargetRegistrationError.of(TranslationTransform.identity(), fixed, moving);
    assertEquals(35.11, error.mean(), 0.005);
  }

  private PointSet read(String text) throws IOException {
    Path file = folder.resolve("points.csv");
    Files.writeString(file, text);
    return PointSet.readCsv(file);
  }

  private void assertMessage(String part, String text) {
    String message = assertThrows(IllegalArgumentException.class, () -> read(text)).getMessage();
    assertTrue(message.contains(part), message);
    assertTrue(!message.contains("\n"), message);
  }
}
