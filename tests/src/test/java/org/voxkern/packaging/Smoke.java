package org.voxkern.packaging;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.voxkern.Context;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Scope;
import org.voxkern.Tensor;
import org.voxkern.itk.ImageIo;
import org.voxkern.op.Ssd;

/**
 * A small program that {@link PackagingTest} starts in a JVM of its own, with our jars and nothing
 * else: one operation, one image written and read; prints the shared libraries that it loaded.
 */
final class Smoke {
  private Smoke() {}

  public static void main(String[] arguments) throws Exception {
    try (Context context = Context.create();
        Scope scope = Scope.open(context)) {
      Tensor fixed = Tensor.of(scope.context(), new float[] {1, 2, 3, 4, 5, 6, 7, 8}, 2, 2, 2);
      Tensor warped = Tensor.of(context, new float[] {1, 2, 3, 4, 5, 6, 7, 10}, 2, 2, 2);
      Path file = Path.of(arguments[0], "image.nii.gz");
      ImageIo.write(
          new Image(warped, Geometry.of(new int[] {2, 2, 2}, new double[] {1, 1.5, 2})), file);
      Image read = ImageIo.read(context, file);
      System.out.println("ssd " + Ssd.value(fixed, read.data(), null));
    }
    try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
      TreeSet<String> libraries = new TreeSet<>();
      maps.filter(line -> line.matches(".*/[^/]*\\.so(\\.[0-9.]+)?$"))
          .forEach(line -> libraries.add(line.substring(line.indexOf('/'))));
      libraries.forEach(library -> System.out.println("library " + library));
    }
  }
}
