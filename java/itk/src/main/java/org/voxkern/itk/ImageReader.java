package org.voxkern.itk;

import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.bytedeco.javacpp.BytePointer;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Scope;
import org.voxkern.Tensor;
import org.voxkern.itk.internal.VoxkernItk;
import org.voxkern.itk.internal.vki_image_info;
import org.voxkern.itk.internal.vki_reader;

/** An open image file or DICOM series. */
final class ImageReader implements AutoCloseable {
  private static final ElementType[] TYPES = ElementType.values();
  private static final PixelKind[] KINDS = PixelKind.values();

  private final Path path;
  private final vki_reader handle;
  private final ImageInfo info;

  private ImageReader(Path path, vki_reader handle) throws NoSuchFileException {
    this.path = path;
    this.handle = handle;
    try (vki_image_info header = new vki_image_info()) {
      ItkLibrary.check(VoxkernItk.vki_reader_info(handle, header), path);
      info = translate(header, VoxkernItk.vki_reader_format(handle).getString());
    }
  }

  static ImageReader open(Path path) throws NoSuchFileException {
    ItkLibrary.require();
    if (Files.isDirectory(path)) {
      return openSeries(path, "");
    }
    vki_reader handle = new vki_reader();
    try (BytePointer name = ItkLibrary.nativePath(path)) {
      ItkLibrary.check(VoxkernItk.vki_reader_open(name, handle), path);
    }
    return wrap(path, handle);
  }

  static ImageReader openSeries(Path folder, String series) throws NoSuchFileException {
    ItkLibrary.require();
    vki_reader handle = new vki_reader();
    try (BytePointer name = ItkLibrary.nativePath(folder);
        BytePointer identifier = new BytePointer(series)) {
      ItkLibrary.check(VoxkernItk.vki_reader_open_series(name, identifier, handle), folder);
    }
    return wrap(folder, handle);
  }

  private static ImageReader wrap(Path path, vki_reader handle) throws NoSuchFileException {
    try {
      return new ImageReader(path, handle);
    } catch (RuntimeException | Error failure) {
      VoxkernItk.vki_reader_close(handle);
      throw failure;
    }
  }

  ImageInfo info() {
    return info;
  }

  /** Reads the voxels straight into a new tensor; on a CUDA device by way of the host. */
  Image read(Context context, ElementType type) throws NoSuchFileException {
    if (!context.device().isHost()) {
      try (Scope way = Scope.open(context.host())) {
        return read(way.context(), type).copyTo(context);
      }
    }
    ElementType wanted = type == null ? info.type() : type;
    if (wanted == ElementType.F16 || wanted == ElementType.BF16) {
      throw new IllegalArgumentException("images are not read as " + wanted + "; read F32");
    }
    Tensor data = Tensor.uninitialized(context, wanted, info.shape());
    try {
      int status =
          VoxkernItk.vki_reader_read(
              handle, wanted.ordinal(), ItkLibrary.Address.of(data), data.byteCount());
      ItkLibrary.check(status, path);
      return new Image(data, info.geometry());
    } catch (RuntimeException | Error | NoSuchFileException failure) {
      data.close();
      throw failure;
    }
  }

  @Override
  public void close() {
    VoxkernItk.vki_reader_close(handle);
  }

  private static ImageInfo translate(vki_image_info header, String format) {
    int[] size = new int[3];
    double[] spacing = new double[3];
    double[] origin = new double[3];
    double[] direction = new double[9];
    for (int axis = 0; axis < 3; axis++) {
      size[axis] = Math.toIntExact(header.size(axis));
      spacing[axis] = header.spacing(axis);
      origin[axis] = header.origin(axis);
    }
    for (int i = 0; i < 9; i++) {
      direction[i] = header.direction(i);
    }
    return new ImageInfo(
        format,
        header.dimension(),
        TYPES[header.element_type()],
        KINDS[header.pixel_kind()],
        header.components(),
        Math.toIntExact(header.size(3)),
        header.spacing(3),
        Geometry.of(size, spacing, origin, direction));
  }
}
