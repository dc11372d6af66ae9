package org.voxkern.study;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.voxkern.Context;
import org.voxkern.DisplacementField;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.itk.ImageIo;
import org.voxkern.transform.DisplacementFieldTransform;

/** {@code voxkern register} from files to files, and what reads its files back. */
@TestInstance(Lifecycle.PER_CLASS)
class RegisterCommandTest {
  private static final double[] SHIFT = {4, -3, 2.5};
  private static final Set<String> FILES =
      Set.of(
          "warped.nii.gz",
          "transform.tfm",
          "displacement.nii.gz",
          "result.json",
          "report.html",
          "report.png");

  @TempDir static Path folder;
  private Path fixed;
  private Path moving;
  private Path fixedLabels;
  private Path movingLabels;
  private Path fixedPoints;
  private Path movingPoints;

  @BeforeAll
  void writeImages() throws IOException {
    Geometry grid = Phantom.grid();
    try (Context context = Context.create()) {
      fixed =
          Phantom.write(
              Phantom.image(context, grid, 0, 0, 0),
              folder.resolve("fixed.nii.gz"),
              ElementType.I16);
      moving =
          Phantom.write(
              Phantom.image(context, grid, SHIFT),
              folder.resolve("moving.nii.gz"),
              ElementType.I16);
      fixedLabels = folder.resolve("fixed-labels.nii.gz");
      movingLabels = folder.resolve("moving-labels.nii.gz");
      ImageIo.write(Phantom.labels(context, grid, 0, 0, 0), fixedLabels);
      ImageIo.write(Phantom.labels(context, grid, SHIFT), movingLabels);
    }
    fixedPoints = folder.resolve("fixed.csv");
    movingPoints = folder.resolve("moving.csv");
    double[][] points = {{0, 0, 0}, {10, 5, -6}, {-12, 14, 8}, {6, -15, 11}};
    Files.writeString(fixedPoints, csv(points, 0, 0, 0));
    Files.writeString(movingPoints, csv(points, SHIFT));
  }

  private static String csv(double[][] points, double... shift) {
    return "x_mm,y_mm,z_mm\n"
        + Arrays.stream(points)
            .map(p -> (p[0] + shift[0]) + "," + (p[1] + shift[1]) + "," + (p[2] + shift[2]))
            .collect(Collectors.joining("\n"))
        + "\n";
  }

  @Test
  void writesEveryFileAndEveryKey() throws IOException {
    Path out = register("all", "--transform", "rigid", "--metric", "mi");
    assertEquals(FILES, names(out));

    Map<String, Object> result = JsonMap.read(out.resolve("result.json"));
    assertEquals("mi", JsonMap.at(result, "metric.name"));
    for (String key :
        List.of(
            "metric.before",
            "metric.after",
            "seconds.read",
            "seconds.linear",
            "seconds.deformable",
            "seconds.write",
            "seconds.total",
            "peak_memory_mb",
            "tre_mm.before.mean",
            "tre_mm.before.median",
            "tre_mm.before.p95",
            "tre_mm.after.mean",
            "tre_mm.after.median",
            "tre_mm.after.p95",
            "dice.before.mean",
            "dice.after.mean",
            "jacobian.nonpositive_fraction",
            "jacobian.sd_log",
            "seed")) {
      assertTrue(JsonMap.at(result, key) instanceof Number, key);
    }
    assertTrue(number(result, "metric.after") > number(result, "metric.before"));
    assertEquals(Math.sqrt(16 + 9 + 6.25), number(result, "tre_mm.before.mean"), 1e-9);
    assertTrue(number(result, "tre_mm.after.mean") < 0.2, "the shift is found");
    assertTrue(number(result, "dice.after.mean") > number(result, "dice.before.mean"));
    assertEquals(5, ((Map<?, ?>) JsonMap.at(result, "dice.after.labels")).size());
    assertEquals(0, number(result, "jacobian.nonpositive_fraction"));
    assertFalse(((List<?>) result.get("stop_reason")).isEmpty());
    assertTrue(String.valueOf(result.get("device")).contains("thread"));
    assertFalse(String.valueOf(result.get("version")).isBlank());
  }

  @Test
  void displacementIsTheWholeMappingAndWarpedLiesOnTheFixedGrid() throws IOException {
    Path out = register("field", "--transform", "rigid");
    try (Context context = Context.create()) {
      DisplacementField field =
          ImageIo.readDisplacementField(context, out.resolve("displacement.nii.gz"));
      assertTrue(field.geometry().matches(Phantom.grid(), 1e-3));
      double[] mapped = new DisplacementFieldTransform(field).apply(3, -4, 5);
      assertArrayEquals(new double[] {3 + SHIFT[0], -4 + SHIFT[1], 5 + SHIFT[2]}, mapped, 0.2);
      assertTrue(
          ImageIo.info(out.resolve("warped.nii.gz")).geometry().matches(Phantom.grid(), 1e-3));
      assertEquals(ElementType.I16, ImageIo.info(out.resolve("warped.nii.gz")).type());
    }
  }

  @Test
  void reportNeedsNoOtherFile() throws IOException {
    Path out = register("report", "--transform", "translation");
    String html = Files.readString(out.resolve("report.html"));
    assertFalse(html.contains("{{"), "a place was not filled");
    assertFalse(html.matches("(?s).*(src|href)=\"(?!data:).*"), "another file is needed");
    for (String part : List.of("axial", "coronal", "sagittal", "deformed grid", "Dice")) {
      assertTrue(html.contains(part), part);
    }
    assertTrue(ImageIO.read(out.resolve("report.png").toFile()).getWidth() > 1000);
  }

  @Test
  void deformableHasTheSameBitsForAnyThreads() throws IOException {
    Path one = register("one", "--transform", "deformable", "--threads", "1", "--no-report");
    Path two = register("two", "--transform", "deformable", "--threads", "2", "--no-report");
    assertArrayEquals(
        Files.readAllBytes(one.resolve("displacement.nii.gz")),
        Files.readAllBytes(two.resolve("displacement.nii.gz")));
    assertFalse(Files.exists(one.resolve("report.html")));
    Map<String, Object> result = JsonMap.read(one.resolve("result.json"));
    assertTrue(number(result, "seconds.deformable") > 0);
    assertEquals(0, number(result, "jacobian.nonpositive_fraction"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"bspline", "bspline-velocity", "velocity", "greedy"})
  void everyModelFindsTheShift(String model) throws IOException {
    Path out =
        register(
            model,
            "--transform",
            "deformable",
            "--model",
            model,
            "--bending",
            "20",
            "--update-smoothing",
            "2.5",
            "--field-smoothing",
            "0.6",
            "--step",
            "0.4",
            "--no-report");
    Map<String, Object> result = JsonMap.read(out.resolve("result.json"));
    assertTrue(number(result, "metric.after") > number(result, "metric.before"));
    assertTrue(number(result, "dice.after.mean") > number(result, "dice.before.mean"));
    assertTrue(number(result, "tre_mm.after.mean") < 1, "the shift is found");
    assertEquals(0, number(result, "jacobian.nonpositive_fraction"));
  }

  @Test
  void printsJson() throws IOException {
    Path out = folder.resolve("json");
    CommandLineResult result =
        CommandLineResult.of(
            "register", fixed, moving, "--out", out, "--transform", "rigid", "--json");
    assertEquals(0, result.code(), result.err());
    assertEquals("", result.err());
    assertEquals(Files.readString(out.resolve("result.json")), result.out());
  }

  @Test
  void overwritesAnOlderRunAndLeavesOtherFilesAlone() throws IOException {
    Path out = Files.createDirectories(folder.resolve("again"));
    Files.writeString(out.resolve("notes.txt"), "mine");
    Files.writeString(out.resolve("result.json"), "old");
    register("again", "--transform", "translation");
    assertEquals("mine", Files.readString(out.resolve("notes.txt")));
    assertTrue(Files.readString(out.resolve("result.json")).startsWith("{"));
  }

  @Test
  void appliesItsTransforms() throws IOException {
    Path out = register("apply", "--transform", "rigid");
    for (String transform : List.of("transform.tfm", "displacement.nii.gz")) {
      Path points = folder.resolve("mapped.csv");
      succeeds("transform", fixedPoints, "-t", out.resolve(transform), "-o", points);
      double[] first = firstPoint(points);
      assertArrayEquals(SHIFT, first, 0.2, transform);

      succeeds("transform", points, "-t", out.resolve(transform), "-o", points, "--inverse");
      assertArrayEquals(new double[3], firstPoint(points), 2e-3, transform + " inverse");

      Path labels = folder.resolve("labels-warped.nii.gz");
      succeeds(
          "transform",
          movingLabels,
          "-t",
          out.resolve(transform),
          "-o",
          labels,
          "--labels",
          "--reference",
          fixed);
      assertEquals(ElementType.U8, ImageIo.info(labels).type());
    }
  }

  @Test
  void showsFilesAndDevices() {
    String info = succeeds("info", fixed).out();
    assertTrue(info.contains("72 x 80 x 48"), info);
    assertTrue(info.contains("LPS"), info);
    assertTrue(info.contains("i16"), info);
    String devices = succeeds("devices").out();
    assertTrue(devices.contains("warp3d"), devices);
    assertTrue(devices.matches("(?s).*\ncuda +\\S.*"), devices);
    assertTrue(succeeds("version").out().contains("voxkern"));
    String help = succeeds("--help").out();
    for (String command :
        List.of("demo", "test", "register", "transform", "info", "devices", "bench")) {
      assertTrue(help.contains(command), command);
    }
    assertTrue(succeeds("register", "--help").out().contains("--fixed-points"));
  }

  private static CommandLineResult succeeds(Object... arguments) {
    CommandLineResult result = CommandLineResult.of(arguments);
    assertEquals(0, result.code(), result.err());
    return result;
  }

  private Path register(String name, Object... options) {
    Path out = folder.resolve(name);
    List<Object> all =
        new ArrayList<>(
            List.of(
                "register",
                fixed,
                moving,
                "--out",
                out,
                "--fixed-labels",
                fixedLabels,
                "--moving-labels",
                movingLabels,
                "--fixed-points",
                fixedPoints,
                "--moving-points",
                movingPoints));
    all.addAll(Arrays.asList(options));
    succeeds(all.toArray());
    return out;
  }

  private static double number(Map<String, Object> result, String path) {
    return ((Number) JsonMap.at(result, path)).doubleValue();
  }

  private static double[] firstPoint(Path csv) throws IOException {
    String line = Files.readAllLines(csv).get(1);
    return Arrays.stream(line.split(",")).mapToDouble(Double::parseDouble).toArray();
  }

  private static Set<String> names(Path out) throws IOException {
    try (Stream<Path> files = Files.list(out)) {
      return files
          .map(file -> file.getFileName().toString())
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }
}
