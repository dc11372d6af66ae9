package org.voxkern.study;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Tensor;
import org.voxkern.itk.ImageIo;

/** Everything that cannot be registered: exit code 2, one line that says why, no output. */
@TestInstance(Lifecycle.PER_CLASS)
class BadInputTest {
  private static final int NIFTI_PIXDIM_X = 80;

  @TempDir static Path folder;
  private Path good;
  private Path other;

  @BeforeAll
  void writeGoodImages() {
    try (Context context = Context.create()) {
      good =
          Phantom.write(
              Phantom.image(context, Phantom.grid(), 0, 0, 0),
              folder.resolve("good.nii.gz"),
              ElementType.I16);
      other =
          Phantom.write(
              Phantom.image(context, Phantom.grid(), 2, -1, 1),
              folder.resolve("other.nii.gz"),
              ElementType.I16);
    }
  }

  @Test
  void missingFile() {
    Path missing = folder.resolve("missing.nii.gz");
    refuses("missing.nii.gz", good, missing);
    refuses("missing.nii.gz", missing, good);
    refuses("missing.nii.gz", good, other, "--fixed-mask", missing);
  }

  @Test
  void textFileNamedNifti() throws IOException {
    Path text = Files.writeString(folder.resolve("text.nii"), "this is no image\n".repeat(40));
    refuses("text.nii", good, text);
  }

  @Test
  void emptyFile() throws IOException {
    refuses("empty.nii.gz", good, Files.createFile(folder.resolve("empty.nii.gz")));
  }

  @Test
  void truncatedGzip() throws IOException {
    byte[] whole = Files.readAllBytes(good);
    Path half = folder.resolve("half.nii.gz");
    Files.write(half, Arrays.copyOf(whole, whole.length / 2));
    refuses("half.nii.gz", good, half);
    refuses("half.nii.gz", half, good);
  }

  @Test
  void twoDimensionalImage() {
    Geometry flat = Geometry.of(new int[] {32, 32, 1}, new double[] {1, 1, 1});
    Path png = folder.resolve("flat.png");
    Path nifti = folder.resolve("flat.nii.gz");
    try (Context context = Context.create()) {
      Image image = new Image(Tensor.of(context, new byte[32 * 32], 1, 32, 32), flat);
      ImageIo.write(image, png);
      ImageIo.write(image, nifti);
    }
    refuses("2D", good, png);
    refuses("2D", nifti, good);
  }

  @Test
  void severalValuesAVoxel() {
    Path vectors = folder.resolve("vectors.nii.gz");
    try (Context context = Context.create()) {
      Geometry grid = Geometry.of(new int[] {8, 8, 8}, new double[] {1, 1, 1});
      ImageIo.write(new Image(Tensor.of(context, new float[3 * 512], 3, 8, 8, 8), grid), vectors);
    }
    refuses("vectors.nii.gz", good, vectors);
  }

  @Test
  void zeroSpacing() throws IOException {
    Path plain = folder.resolve("spacing.nii");
    try (Context context = Context.create()) {
      Phantom.write(Phantom.image(context, Phantom.grid(), 0, 0, 0), plain, ElementType.I16);
    }
    byte[] bytes = Files.readAllBytes(plain);
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat(NIFTI_PIXDIM_X, 0);
    Files.write(plain, bytes);
    refuses("spacing", good, plain);
  }

  @Test
  void notANumber() {
    refuses("NaN", good, altered("nan.nii.gz", Float.NaN));
    refuses("infinit", altered("infinite.nii.gz", Float.POSITIVE_INFINITY), good);
  }

  @Test
  void constantImage() {
    Path constant = folder.resolve("constant.nii.gz");
    try (Context context = Context.create()) {
      Geometry grid = Phantom.grid();
      float[] values = new float[(int) grid.voxelCount()];
      Arrays.fill(values, 5);
      ImageIo.write(
          new Image(Tensor.of(context, values, grid.size(2), grid.size(1), grid.size(0)), grid),
          constant);
    }
    refuses("contrast", good, constant);
    refuses("contrast", constant, good);
  }

  @Test
  void maskThatExcludesEverything() {
    Path empty = zeros("mask.nii.gz", Phantom.grid());
    refuses("mask", good, other, "--fixed-mask", empty);
    refuses("mask", good, other, "--moving-mask", empty);
  }

  @Test
  void maskOnAnotherGrid() {
    Geometry grid = Geometry.of(new int[] {10, 10, 10}, new double[] {1, 1, 1});
    refuses("grid", good, other, "--fixed-mask", zeros("small-mask.nii.gz", grid));
  }

  @Test
  void imagesThatDoNotOverlap() {
    Path far = folder.resolve("far.nii.gz");
    Geometry grid = Phantom.grid();
    Geometry away =
        Geometry.of(grid.size(), grid.spacing(), new double[] {5000, 0, 0}, grid.direction());
    try (Context context = Context.create()) {
      Image image = Phantom.image(context, grid, 0, 0, 0);
      ImageIo.write(new Image(image.data(), away), far);
    }
    refuses("overlap", good, far, "--init", "identity");
  }

  @Test
  void mismatchedLabels() {
    Path labels = folder.resolve("labels.nii.gz");
    Path strange = folder.resolve("strange-labels.nii.gz");
    Geometry grid = Phantom.grid();
    try (Context context = Context.create()) {
      Image image = Phantom.labels(context, grid, 0, 0, 0);
      ImageIo.write(image, labels);
      byte[] values = image.data().toByteArray();
      for (int i = 0; i < values.length; i++) {
        values[i] = (byte) (values[i] == 0 ? 0 : values[i] + 50);
      }
      ImageIo.write(
          new Image(Tensor.of(context, values, grid.size(2), grid.size(1), grid.size(0)), grid),
          strange);
    }
    Geometry small = Geometry.of(new int[] {10, 10, 10}, new double[] {1, 1, 1});
    Path smallLabels = zeros("small-labels.nii.gz", small);
    refuses("grid", good, other, "--fixed-labels", labels, "--moving-labels", smallLabels);
    refuses("label", good, other, "--fixed-labels", labels, "--moving-labels", strange);
    refuses("--moving-labels", good, other, "--fixed-labels", labels);
  }

  @Test
  void mismatchedPoints() throws IOException {
    Path two = Files.writeString(folder.resolve("two.csv"), "x,y,z\n1,2,3\n4,5,6\n");
    Path one = Files.writeString(folder.resolve("one.csv"), "x,y,z\n1,2,3\n");
    Path text = Files.writeString(folder.resolve("text.csv"), "x,y,z\n1,2,three\n");
    refuses("points", good, other, "--fixed-points", two, "--moving-points", one);
    refuses("text.csv", good, other, "--fixed-points", text, "--moving-points", one);
    refuses("--fixed-points", good, other, "--moving-points", one);
  }

  @Test
  void wrongOptions() {
    refuses("--wrong", good, other, "--wrong");
    refuses("spline", good, other, "--transform", "spline");
    refuses("threads", good, other, "--threads", "-3");
    refuses("gpu", good, other, "--device", "gpu");
    refuses("sampling", good, other, "--sampling", "1.5");
    refuses("bins", good, other, "--bins", "few");
    refuses("demons", good, other, "--model", "demons");
    refuses("updateSmoothing", good, other, "--update-smoothing", "-1");
    refuses("stepVoxels", good, other, "--step", "0");
    assertEquals(Main.BAD_INPUT, CommandLineResult.of("regster", good, other).code());
    assertEquals(Main.BAD_INPUT, CommandLineResult.of("register", good, other).code());
  }

  @Test
  void outputFolderThatIsAFile() throws IOException {
    Path file = Files.writeString(folder.resolve("a-file"), "x");
    CommandLineResult result =
        CommandLineResult.of("register", good, other, "--transform", "rigid", "--out", file);
    assertEquals(Main.BAD_INPUT, result.code());
    assertEquals("x", Files.readString(file));
  }

  @Test
  void stackTraceOnDemand() {
    Path missing = folder.resolve("missing.nii.gz");
    CommandLineResult result =
        CommandLineResult.of("register", good, missing, "--out", folder, "--stacktrace");
    assertEquals(Main.BAD_INPUT, result.code());
    assertTrue(result.err().contains("\tat org.voxkern"), result.err());
  }

  @Test
  void otherCommands() {
    Path missing = folder.resolve("missing.nii.gz");
    for (CommandLineResult result :
        List.of(
            CommandLineResult.of("info", missing),
            CommandLineResult.of("info", folder),
            CommandLineResult.of("transform", missing, "-t", missing, "-o", missing),
            CommandLineResult.of("transform", good, "-t", good, "-o", folder.resolve("x.nii.gz")),
            CommandLineResult.of("demo", "--templates", folder, "--out", folder.resolve("d")))) {
      assertEquals(Main.BAD_INPUT, result.code(), result.err());
      assertEquals(1, result.err().lines().count(), result.err());
    }
    assertFalse(Files.exists(folder.resolve("x.nii.gz")));
  }

  private void refuses(String word, Object... arguments) {
    Path out = folder.resolve("out-" + System.nanoTime());
    List<Object> all = new ArrayList<>(List.of("register"));
    all.addAll(Arrays.asList(arguments));
    all.addAll(List.of("--out", out));
    CommandLineResult result = CommandLineResult.of(all.toArray());
    assertAll(
        () -> assertEquals(Main.BAD_INPUT, result.code(), result.err()),
        () -> assertEquals(1, result.err().lines().count(), result.err()),
        () -> assertTrue(result.err().startsWith("voxkern: "), result.err()),
        () ->
            assertTrue(
                result.err().toLowerCase().contains(word.toLowerCase()),
                word + " expected in: " + result.err()),
        () -> assertFalse(Files.exists(out), "output left behind"));
  }

  private Path altered(String name, float value) {
    Path file = folder.resolve(name);
    try (Context context = Context.create()) {
      Image image = Phantom.image(context, Phantom.grid(), 0, 0, 0);
      image.data().buffer().putFloat(4 * 1234, value);
      ImageIo.write(image, file);
    }
    return file;
  }

  private Path zeros(String name, Geometry grid) {
    Path file = folder.resolve(name);
    try (Context context = Context.create()) {
      ImageIo.write(new Image(Tensor.zeros(context, ElementType.U8, grid.shape()), grid), file);
    }
    return file;
  }
}
