package org.voxkern.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Image;
import org.voxkern.Images;
import org.voxkern.IndexBox;
import org.voxkern.Scope;
import org.voxkern.itk.ImageIo;
import org.voxkern.registration.Phantom;
import org.voxkern.testing.Requirement;

/** Images of a device context: files by way of the host, and what is done to them. */
class DeviceImageTest {
  @TempDir Path folder;

  @Test
  void filesComeAndGo() throws Exception {
    try (Context device = Context.builder().device(Requirement.cudaEmulated()).threads(1).build();
        Context host = Context.create();
        Scope on = Scope.open(device);
        Scope off = Scope.open(host)) {
      Image image = Phantom.image(host, Phantom.fixedGrid(), p -> p, false);
      Path first = folder.resolve("first.nii");
      Path second = folder.resolve("second.nii");
      ImageIo.write(image, first);
      Image there = ImageIo.read(device, first, ElementType.F32);
      assertEquals(device, there.context());
      ImageIo.write(there, second);
      float[] expected = image.data().toFloatArray();
      assertArrayEquals(expected, there.data().toFloatArray());
      assertArrayEquals(
          expected, ImageIo.read(host, second, ElementType.F32).data().toFloatArray());
    }
  }

  @Test
  void cropsAndTurns() {
    try (Context device = Context.builder().device(Requirement.cudaEmulated()).threads(1).build();
        Context host = Context.create();
        Scope on = Scope.open(device);
        Scope off = Scope.open(host)) {
      Image image = Phantom.image(host, Phantom.movingGrid(), p -> p, false);
      Image there = image.copyTo(device);
      IndexBox box = new IndexBox(new int[] {3, 5, 7}, new int[] {20, 11, 13});
      assertArrayEquals(
          Images.crop(image, box).data().toFloatArray(),
          Images.crop(there, box).data().toFloatArray());
      assertArrayEquals(
          Images.reorient(image, "RAS").data().toFloatArray(),
          Images.reorient(there, "RAS").data().toFloatArray());
    }
  }
}
