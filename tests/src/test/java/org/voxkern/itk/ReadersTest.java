package org.voxkern.itk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.voxkern.AffineMap;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Image;
import org.voxkern.Images;
import org.voxkern.Scope;
import org.voxkern.testing.Requirement;

/** Real files of every format, whole and broken. */
class ReadersTest {
  @Test
  void everyFileReadsOrSaysWhyNot() throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.walk(Requirement.dataSet("readers"))) {
      files = all.filter(Files::isRegularFile).sorted().toList();
    }
    int read = 0;
    try (Context context = Context.create()) {
      for (Path file : files) {
        try (Scope scope = Scope.open(context)) {
          ImageIo.read(context, file);
          read++;
        } catch (ImageIoException exception) {
          String message = exception.getMessage();
          assertTrue(message.contains(file.getFileName().toString()), message);
          assertEquals(1, message.lines().count(), message);
        }
      }
    }
    assertTrue(read >= 200, "only " + read + " of " + files.size() + " files could be read");
  }

  @Test
  void everyAxisOrderHoldsTheSameBrain() throws IOException {
    Path folder = Requirement.dataSet("readers").resolve("orientations");
    try (Context context = Context.create();
        Stream<Path> all = Files.list(folder)) {
      Image reference = ImageIo.read(context, folder.resolve("LPS.nii.gz"), ElementType.F32);
      float[] expected = reference.data().toFloatArray();
      List<Path> files = all.sorted().toList();
      assertEquals(24, files.size());
      for (Path file : files) {
        try (Scope scope = Scope.open(context)) {
          Image image = ImageIo.read(context, file, ElementType.F32);
          float[] reoriented = onto(reference, image);
          assertArrayEquals(expected, reoriented, 0f, file.getFileName().toString());
        }
      }
    }
  }

  @Test
  void everyAxisOrderReorientsToTheSameImage() throws IOException {
    Path folder = Requirement.dataSet("readers").resolve("orientations");
    try (Context context = Context.create();
        Stream<Path> all = Files.list(folder)) {
      List<Path> files = all.sorted().toList();
      assertEquals(24, files.size());
      Image reference = ImageIo.read(context, folder.resolve("LPS.nii.gz"));
      for (Path file : files) {
        String name = file.getFileName().toString();
        try (Scope scope = Scope.open(context)) {
          Image image = ImageIo.read(context, file);
          Image upright = Images.reorient(image, "LPS");
          assertEquals(reference.type(), upright.type(), name);
          assertArrayEquals(bytes(reference), bytes(upright), name);
          // The files store their geometry in f32.
          assertTrue(upright.geometry().matches(reference.geometry(), 1e-3), name);
          // And back.
          Image back = Images.reorient(upright, directions(image));
          assertArrayEquals(bytes(image), bytes(back), name);
          assertTrue(back.geometry().matches(image.geometry(), 1e-3), name);
        }
      }
    }
  }

  /** Towards where each axis of an image runs. */
  private static String directions(Image image) {
    double[] direction = image.geometry().direction();
    StringBuilder letters = new StringBuilder();
    for (int axis = 0; axis < 3; axis++) {
      for (int row = 0; row < 3; row++) {
        double cosine = direction[3 * row + axis];
        if (Math.abs(cosine) > 0.8) {
          letters.append((cosine > 0 ? "LPS" : "RAI").charAt(row));
        }
      }
    }
    return letters.toString();
  }

  private static byte[] bytes(Image image) {
    byte[] bytes = new byte[(int) image.data().byteCount()];
    image.data().buffer().get(bytes);
    return bytes;
  }

  /** The values at the reference's voxels, each of which is a voxel of the image as well. */
  private static float[] onto(Image reference, Image image) {
    int[] size = reference.geometry().size();
    int[] from = image.geometry().size();
    AffineMap map =
        image.geometry().physicalToIndex().after(reference.geometry().indexToPhysical());
    float[] values = image.data().toFloatArray();
    float[] result = new float[values.length];
    int voxel = 0;
    for (int z = 0; z < size[2]; z++) {
      for (int y = 0; y < size[1]; y++) {
        for (int x = 0; x < size[0]; x++) {
          double[] index = map.apply(x, y, z);
          int i = (int) Math.round(index[0]);
          int j = (int) Math.round(index[1]);
          int k = (int) Math.round(index[2]);
          assertEquals(0, Math.abs(index[0] - i) + Math.abs(index[1] - j), 1e-3);
          result[voxel++] = values[(k * from[1] + j) * from[0] + i];
        }
      }
    }
    return result;
  }

  @Test
  void niftiAndNrrdOfOneImageAgree() throws IOException {
    Path folder = Requirement.dataSet("multimodal-flair-lesion");
    try (Context context = Context.create()) {
      Image nifti = ImageIo.read(context, folder.resolve("FLAIR.nii.gz"), ElementType.F32);
      Image nrrd = ImageIo.read(context, folder.resolve("FLAIR.nrrd"), ElementType.F32);
      assertTrue(nifti.geometry().matches(nrrd.geometry(), 1e-3));
      assertArrayEquals(nifti.data().toFloatArray(), nrrd.data().toFloatArray());
    }
  }

  @Test
  void dicomSeriesIsOneSortedVolume() throws IOException {
    Path folder = Requirement.dataSet("readers").resolve("torchio-dicom-series");
    List<DicomSeries> series = DicomSeries.list(folder);
    assertEquals(1, series.size());
    assertEquals(17, series.get(0).fileCount());
    ImageInfo info = ImageIo.info(folder);
    assertArrayEquals(new int[] {88, 128, 17}, info.geometry().size());
    assertArrayEquals(new double[] {2, 2, 2}, info.geometry().spacing(), 1e-6);
    assertEquals(-24.707, info.geometry().origin()[2], 1e-6);
  }
}
