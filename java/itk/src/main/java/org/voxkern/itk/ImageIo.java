package org.voxkern.itk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.bytedeco.javacpp.BytePointer;
import org.voxkern.Context;
import org.voxkern.DisplacementField;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Scope;
import org.voxkern.Tensor;
import org.voxkern.file.FileReplacement;
import org.voxkern.itk.internal.VoxkernItk;
import org.voxkern.itk.internal.vki_image_info;

/**
 * Reads and writes image files: NIfTI-1 and -2, NRRD, MetaImage, MGH, DICOM, TIFF, PNG, JPEG, BMP.
 *
 * <p>Geometry is ITK's (mm, LPS). A 2D file becomes a volume of depth 1, components become a tensor
 * axis before the spatial ones, and time the axis before that: (D, H, W), (C, D, H, W) or (T, C, D,
 * H, W). A folder is read as a DICOM series, see {@link DicomSeries}. Thread-safe.
 */
public final class ImageIo {
  private ImageIo() {}

  /**
   * Reads an image as it is stored, with the file's own intensity scaling applied.
   *
   * @throws NoSuchFileException if there is no such file or folder
   * @throws ImageIoException if the file is broken or of an unknown format
   */
  public static Image read(Context context, Path path) throws NoSuchFileException {
    return read(context, path, null);
  }

  /**
   * Reads an image as {@code type}, converting on the way. Floating point becomes an integer by
   * rounding to the nearest, ties to even; what the type cannot hold is clamped; NaN becomes 0.
   *
   * @param type the element type wanted; null for the stored one
   */
  public static Image read(Context context, Path path, ElementType type)
      throws NoSuchFileException {
    try (ImageReader reader = ImageReader.open(path)) {
      return reader.read(context, type);
    }
  }

  /** Reads what the header says, not the voxels. */
  public static ImageInfo info(Path path) throws NoSuchFileException {
    try (ImageReader reader = ImageReader.open(path)) {
      return reader.info();
    }
  }

  /**
   * Reads an ITK vector image of three components as displacements in mm, LPS, on its grid.
   *
   * @throws ImageIoException if it has another number of components, or a time axis
   */
  public static DisplacementField readDisplacementField(Context context, Path path)
      throws NoSuchFileException {
    Image image = read(context, path, ElementType.F32);
    if (image.components() != 3 || image.frames() != 1) {
      image.data().close();
      throw new ImageIoException(
          path
              + ": a displacement field has 3 components and one time point, not "
              + image.components()
              + " and "
              + image.frames());
    }
    return new DisplacementField(image.data(), image.geometry());
  }

  /**
   * Writes an image; the suffix chooses the format: .nii, .nii.gz, .nrrd, .nhdr, .mha, .mhd, .mgh,
   * .mgz, .tif, .png, .jpg, .bmp. Several components are written as a vector image, three or four
   * of type {@link ElementType#U8} as colours. The file appears at once when it is complete: a
   * failure leaves nothing, and an older file of that name as it was.
   *
   * @throws ImageIoException if it cannot be written
   * @throws IllegalArgumentException if the suffix or the element type has no file format
   */
  public static void write(Image image, Path path) {
    ItkLibrary.require();
    checkWritable(image, path);
    try (FileReplacement replacement = FileReplacement.of(path);
        vki_image_info info = describe(image);
        BytePointer target = ItkLibrary.nativePath(replacement.target());
        Scope way = Scope.open(image.context().host())) {
      boolean host = image.context().device().isHost();
      Tensor data = host ? image.data() : image.data().copyTo(way.context());
      int status =
          VoxkernItk.vki_write_image(
              target,
              info,
              ItkLibrary.Address.of(data),
              data.byteCount(),
              image.context().threads());
      checkWritten(status, path, replacement.target());
      replacement.commit();
    } catch (IOException exception) {
      throw new ImageIoException(path + " cannot be written: " + exception, exception);
    }
  }

  /** Writes a displacement field as an ITK vector image: mm, LPS, components x, y, z. */
  public static void write(DisplacementField field, Path path) {
    write(field.toImage(), path);
  }

  private static void checkWritten(int status, Path path, Path target) throws IOException {
    // The file was being written in a folder of its own, which is nobody's business.
    try {
      ItkLibrary.check(status, path);
    } catch (ImageIoException exception) {
      throw new ImageIoException(exception.getMessage().replace(target.toString(), "" + path));
    } catch (IllegalArgumentException exception) {
      throw new IllegalArgumentException(
          exception.getMessage().replace(target.toString(), "" + path), exception);
    }
  }

  private static void checkWritable(Image image, Path path) {
    if (image.type() == ElementType.F16 || image.type() == ElementType.BF16) {
      throw new IllegalArgumentException(
          path + ": no image format holds " + image.type() + "; convert the image to F32 first");
    }
    Path folder = path.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new ImageIoException(path + ": the folder " + folder + " does not exist");
    }
    if (Files.isDirectory(path)) {
      throw new ImageIoException(path + ": is a folder");
    }
  }

  static vki_image_info describe(Image image) {
    Geometry geometry = image.geometry();
    vki_image_info info = new vki_image_info();
    info.element_type(image.type().ordinal());
    info.components(image.components());
    info.pixel_kind(kindOf(image).ordinal());
    info.dimension(image.frames() > 1 ? 4 : 3);
    double[] origin = geometry.origin();
    double[] direction = geometry.direction();
    for (int axis = 0; axis < 3; axis++) {
      info.size(axis, geometry.size(axis));
      info.spacing(axis, geometry.spacing(axis));
      info.origin(axis, origin[axis]);
    }
    info.size(3, image.frames());
    info.spacing(3, 0);
    for (int i = 0; i < 9; i++) {
      info.direction(i, direction[i]);
    }
    return info;
  }

  private static PixelKind kindOf(Image image) {
    int components = image.components();
    if (components == 1) {
      return PixelKind.SCALAR;
    }
    if (image.type() == ElementType.U8 && (components == 3 || components == 4)) {
      return components == 3 ? PixelKind.RGB : PixelKind.RGBA;
    }
    return PixelKind.VECTOR;
  }
}
