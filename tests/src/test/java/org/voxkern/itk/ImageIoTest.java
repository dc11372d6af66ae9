package org.voxkern.itk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.voxkern.AffineMap;
import org.voxkern.Context;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Tensor;
import org.voxkern.transform.AffineTransform;
import org.voxkern.transform.CompositeTransform;
import org.voxkern.transform.Euler3DTransform;
import org.voxkern.transform.Transform;

/** What is written reads back; what is broken says so and leaves nothing behind. */
class ImageIoTest {
  private static final Geometry OBLIQUE =
      Geometry.of(
          new int[] {9, 7, 5},
          new double[] {1, 1.2, 3},
          new double[] {-20, 31.5, 7.25},
          Euler3DTransform.fromParameters(new double[] {0.2, -0.3, 0.5, 0, 0, 0}, new double[3])
              .toAffineMap()
              .matrix());

  @TempDir Path folder;

  private static float[] ramp(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (Math.sin(i) * 100);
    }
    return values;
  }

  @ParameterizedTest
  @ValueSource(strings = {".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd", ".mgh", ".mgz"})
  void volumeReadsBack(String suffix) throws IOException {
    Path path = folder.resolve("image" + suffix);
    try (Context context = Context.create()) {
      float[] values = ramp(9 * 7 * 5);
      ImageIo.write(new Image(Tensor.of(context, values, 5, 7, 9), OBLIQUE), path);
      Image image = ImageIo.read(context, path);
      assertArrayEquals(values, image.data().toFloatArray());
      assertTrue(image.geometry().matches(OBLIQUE, 1e-4), image.geometry().toString());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {".nii", ".nii.gz", ".nrrd", ".mha"})
  void vectorsReadBack(String suffix) throws IOException {
    Path path = folder.resolve("field" + suffix);
    try (Context context = Context.create()) {
      float[] values = ramp(3 * 9 * 7 * 5);
      ImageIo.write(new Image(Tensor.of(context, values, 3, 5, 7, 9), OBLIQUE), path);
      assertArrayEquals(
          values, ImageIo.readDisplacementField(context, path).displacementMm().toFloatArray());
    }
  }

  /** Noise does not shrink, so it is stored; zeros shrink; both in one file. */
  @Test
  void whatDoesNotShrinkReadsBack() throws IOException {
    Path path = folder.resolve("noise.nii.gz");
    int[] size = {201, 131, 97};
    float[] values = new float[size[0] * size[1] * size[2]];
    java.util.Random random = new java.util.Random(3);
    for (int i = 0; i < values.length / 2; i++) {
      values[i] = Float.intBitsToFloat(random.nextInt() & 0xbfffffff);
    }
    try (Context context = Context.create()) {
      Geometry grid = Geometry.of(size, new double[] {1, 1, 1});
      ImageIo.write(new Image(Tensor.of(context, values, size[2], size[1], size[0]), grid), path);
      assertArrayEquals(values, ImageIo.read(context, path).data().toFloatArray());
    }
    // As another program reads it.
    try (var stream = new java.util.zip.GZIPInputStream(Files.newInputStream(path))) {
      byte[] bytes = stream.readAllBytes();
      assertEquals(352 + 4L * values.length, bytes.length);
    }
    long stored = 2L * values.length;
    assertTrue(Files.size(path) > stored && Files.size(path) < 1.1 * stored, "half is stored");
  }

  @Test
  void bytesDoNotDependOnThreads() throws IOException {
    Geometry grid = Geometry.of(new int[] {200, 130, 90}, new double[] {1, 1, 1});
    byte[][] written = new byte[2][];
    for (int threads = 1; threads <= 2; threads++) {
      Path path = folder.resolve("threads" + threads + ".nii.gz");
      try (Context context = Context.builder().threads(threads).build()) {
        Tensor data = Tensor.of(context, ramp(200 * 130 * 90), 90, 130, 200);
        ImageIo.write(new Image(data, grid), path);
      }
      written[threads - 1] = Files.readAllBytes(path);
    }
    assertArrayEquals(written[0], written[1]);
  }

  @Test
  void brokenFilesAreRefused() throws IOException {
    try (Context context = Context.create()) {
      Path whole = folder.resolve("whole.nii.gz");
      ImageIo.write(new Image(Tensor.of(context, ramp(9 * 7 * 5), 5, 7, 9), OBLIQUE), whole);
      byte[] bytes = Files.readAllBytes(whole);
      Path truncated = Files.write(folder.resolve("t.nii.gz"), Arrays.copyOf(bytes, 600));
      bytes[bytes.length - 6] ^= 1;
      Path damaged = Files.write(folder.resolve("d.nii.gz"), bytes);
      Path text = Files.writeString(folder.resolve("text.nii"), "no image\n".repeat(100));
      Path plain = folder.resolve("plain.nii");
      ImageIo.write(ImageIo.read(context, whole), plain);
      byte[] header = Files.readAllBytes(plain);
      ByteBuffer.wrap(header).order(ByteOrder.nativeOrder()).putFloat(88, 0f);
      Path spacing = Files.write(folder.resolve("spacing.nii"), header);
      for (Path path : List.of(truncated, damaged, text, spacing)) {
        ImageIoException exception =
            assertThrows(ImageIoException.class, () -> ImageIo.read(context, path));
        assertEquals(1, exception.getMessage().lines().count(), exception.getMessage());
        assertTrue(exception.getMessage().startsWith(path.toString()), exception.getMessage());
      }
      Path missing = folder.resolve("missing.nii");
      assertThrows(NoSuchFileException.class, () -> ImageIo.read(context, missing));
    }
  }

  @Test
  void failedWriteLeavesNothing() throws IOException {
    try (Context context = Context.create()) {
      Image volume = new Image(Tensor.of(context, ramp(9 * 7 * 5), 5, 7, 9), OBLIQUE);
      assertThrows(
          ImageIoException.class, () -> ImageIo.write(volume, folder.resolve("volume.png")));
      assertThrows(
          IllegalArgumentException.class, () -> ImageIo.write(volume, folder.resolve("a.xyz")));
      try (Stream<Path> left = Files.list(folder)) {
        assertEquals(0, left.count());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {".tfm", ".txt", ".mat"})
  void transformsReadBack(String suffix) throws IOException {
    Path path = folder.resolve("transform" + suffix);
    Transform rigid =
        Euler3DTransform.fromParameters(
            new double[] {0.1, 0.2, -0.3, 4, 5, 6}, new double[] {7, -8, 9});
    Transform affine =
        AffineTransform.of(AffineMap.of(1.1, 0.1, 0, 4, -0.1, 0.9, 0, 5, 0, 0.2, 1.2, 6), 1, 2, 3);
    TransformIo.write(rigid, path);
    assertEquals(rigid, TransformIo.read(path));
    if (!suffix.equals(".mat")) {
      Transform both = CompositeTransform.of(rigid, affine);
      TransformIo.write(both, path);
      assertArrayEquals(both.apply(1, 2, 3), TransformIo.read(path).apply(1, 2, 3));
    }
  }

  @Test
  void itkResamplesALinearRampExactly() {
    try (Context context = Context.create()) {
      Geometry grid = Geometry.of(new int[] {20, 20, 20}, new double[] {1, 1.5, 2});
      float[] values = new float[8000];
      for (int i = 0; i < values.length; i++) {
        double[] p = grid.indexToPhysical().apply(i % 20, i / 20 % 20, i / 400);
        values[i] = (float) (p[0] + 2 * p[1] - p[2]);
      }
      Geometry inner =
          Geometry.of(
              new int[] {5, 5, 5},
              new double[] {1, 1, 1},
              new double[] {6, 8, 12},
              OBLIQUE.direction());
      AffineMap map = AffineMap.translation(0.3, 0.7, -0.4);
      float[] result =
          ResampleImageFilter.onto(inner)
              .transform(map)
              .execute(new Image(Tensor.of(context, values, 20, 20, 20), grid))
              .data()
              .toFloatArray();
      for (int i = 0; i < result.length; i++) {
        double[] p = map.apply(inner.indexToPhysical().apply(i % 5, i / 5 % 5, i / 25));
        assertEquals(p[0] + 2 * p[1] - p[2], result[i], 1e-4);
      }
    }
  }
}
