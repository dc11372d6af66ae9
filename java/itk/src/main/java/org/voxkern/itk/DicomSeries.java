package org.voxkern.itk;

import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Image;
import org.voxkern.itk.internal.VoxkernItk;

/**
 * One series of the DICOM files in a folder.
 *
 * <p>Reading sorts the slices along their normal and stacks them; slices that are not evenly spaced
 * are refused, since one may be missing. {@link ImageIo#read(Context, Path)} of a folder takes its
 * largest series, and refuses where two are as large as each other.
 *
 * @param folder where the files are
 * @param identifier series instance UID, with GDCM's details where one series holds several volumes
 * @param fileCount files of the series
 * @param description what the scanner called it; may be empty
 */
public record DicomSeries(Path folder, String identifier, int fileCount, String description) {

  /**
   * The series in a folder, the largest first; none where it has no DICOM images.
   *
   * @throws NoSuchFileException if there is no such folder
   */
  public static List<DicomSeries> list(Path folder) throws NoSuchFileException {
    ItkLibrary.require();
    try (BytePointer name = ItkLibrary.nativePath(folder)) {
      ItkLibrary.check(VoxkernItk.vki_dicom_series(name), folder);
    }
    List<DicomSeries> series = new ArrayList<>();
    VoxkernItk.vki_text()
        .getString()
        .lines()
        .forEach(
            line -> {
              String[] fields = line.split("\t", 3);
              series.add(
                  new DicomSeries(folder, fields[0], Integer.parseInt(fields[1]), fields[2]));
            });
    return series;
  }

  public Image read(Context context) throws NoSuchFileException {
    return read(context, null);
  }

  /**
   * @param type the element type wanted; null for the stored one
   */
  public Image read(Context context, ElementType type) throws NoSuchFileException {
    try (ImageReader reader = ImageReader.openSeries(folder, identifier)) {
      return reader.read(context, type);
    }
  }

  public ImageInfo info() throws NoSuchFileException {
    try (ImageReader reader = ImageReader.openSeries(folder, identifier)) {
      return reader.info();
    }
  }
}
