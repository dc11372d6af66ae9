package org.voxkern.study;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.voxkern.Context;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Tensor;
import org.voxkern.itk.ImageIo;

/**
 * Registers two small made-up images from files to files and deletes everything again. The launcher
 * runs it once after a build, so that the classes a registration needs go into the archive from
 * which later runs start.
 */
public final class Rehearsal {
  private Rehearsal() {}

  public static void main(String[] arguments) throws IOException {
    Path folder = Files.createTempDirectory("voxkern-rehearsal-");
    int worst = 0;
    try {
      Path fixed = folder.resolve("fixed.nii.gz");
      Path moving = folder.resolve("moving.nii.gz");
      try (Context context = Context.create()) {
        ImageIo.write(image(context, 0), fixed);
        ImageIo.write(image(context, 1.5), moving);
      }
      for (String transform : List.of("rigid", "deformable")) {
        int code =
            Main.run(
                "register",
                fixed.toString(),
                moving.toString(),
                "--transform",
                transform,
                "--quiet",
                "--out",
                folder.resolve(transform).toString());
        worst = Math.max(worst, code);
      }
    } finally {
      try (Stream<Path> all = Files.walk(folder)) {
        for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
    System.exit(worst);
  }

  private static Image image(Context context, double shift) {
    int[] size = {60, 64, 56};
    float[] values = new float[size[0] * size[1] * size[2]];
    for (int i = 0; i < values.length; i++) {
      double x = i % size[0] - 30 - shift;
      double y = i / size[0] % size[1] - 32;
      double z = i / (size[0] * size[1]) - 28.0;
      double radius = Math.sqrt(x * x / 400 + y * y / 500 + z * z / 300);
      values[i] =
          (float)
              ((1 + Math.sin(0.4 * x) * Math.cos(0.3 * y + 0.2 * z))
                  / (1 + Math.exp(9 * (radius - 1))));
    }
    return new Image(
        Tensor.of(context, values, size[2], size[1], size[0]),
        Geometry.of(size, new double[] {1, 1, 1}));
  }
}
