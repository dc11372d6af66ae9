package org.voxkern.bench.registration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Image;
import org.voxkern.itk.ImageIo;
import org.voxkern.study.InputFiles;

/** SynthSeg's label maps of four people, numbered 01 to 04. */
public final class SynthSegMaps {
  private final Path folder;

  /**
   * @param data the folder that holds {@code synthseg}
   */
  public SynthSegMaps(Path data) {
    folder = data.toAbsolutePath().resolve("synthseg");
  }

  /**
   * @throws org.voxkern.study.BadInputException if there is no such file
   */
  public Path file(String number) {
    Path file = folder.resolve("training_seg_" + number + ".nii.gz");
    InputFiles.requirePresent(file);
    return file;
  }

  /** I32, in the innermost scope. */
  public Image read(Context context, String number) {
    Path file = file(number);
    return InputFiles.attempt(file, () -> ImageIo.read(context, file, ElementType.I32));
  }

  /** The numbers that the lines of the table of labels begin with, but 0. */
  public int[] scoredLabels() throws IOException {
    Path table = folder.resolve("labels-table.txt");
    InputFiles.requirePresent(table);
    return Files.readAllLines(table).stream()
        .filter(line -> line.matches("\\d+\\s+\\S.*"))
        .mapToInt(line -> Integer.parseInt(line.split("\\s+")[0]))
        .filter(label -> label != 0)
        .toArray();
  }
}
