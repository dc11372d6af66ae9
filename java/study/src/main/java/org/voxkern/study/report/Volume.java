package org.voxkern.study.report;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Tensor;

/**
 * One component of an image, read voxel by voxel or between voxels. A report looks at a few slices
 * only, so plain Java on the caller's thread serves better than a kernel over the whole grid.
 */
final class Volume {
  private static final int WINDOW_BITS = 30;

  private interface Element {
    float get(ByteBuffer window, int offset);
  }

  private final Geometry geometry;
  private final ByteBuffer[] windows;
  private final Element element;
  private final int elementBytes;
  private final long first;
  private final int width;
  private final int height;
  private final int depth;

  /** A component of an image without a time axis, or of its first frame. */
  Volume(Image image, int component) {
    Tensor data = image.data();
    geometry = image.geometry();
    width = geometry.size(0);
    height = geometry.size(1);
    depth = geometry.size(2);
    element = reader(data.type());
    elementBytes = data.type().bytes();
    first = component * geometry.voxelCount() * elementBytes;
    int count = (int) ((data.byteCount() + (1L << WINDOW_BITS) - 1) >>> WINDOW_BITS);
    windows = new ByteBuffer[count];
    for (int i = 0; i < count; i++) {
      long offset = (long) i << WINDOW_BITS;
      windows[i] =
          data.buffer(offset, (int) Math.min(1L << WINDOW_BITS, data.byteCount() - offset));
    }
  }

  Volume(Image image) {
    this(image, 0);
  }

  Geometry geometry() {
    return geometry;
  }

  float at(long voxel) {
    long offset = first + voxel * elementBytes;
    return element.get(
        windows[(int) (offset >>> WINDOW_BITS)], (int) (offset & ((1L << WINDOW_BITS) - 1)));
  }

  float at(int x, int y, int z) {
    return at(((long) z * height + y) * width + x);
  }

  /** Trilinear value at a continuous index; NaN beyond half a voxel outside the grid. */
  float atIndex(double ix, double iy, double iz) {
    if (outside(ix, width) || outside(iy, height) || outside(iz, depth)) {
      return Float.NaN;
    }
    double x = Math.max(0, Math.min(width - 1, ix));
    double y = Math.max(0, Math.min(height - 1, iy));
    double z = Math.max(0, Math.min(depth - 1, iz));
    int x0 = (int) x;
    int y0 = (int) y;
    int z0 = (int) z;
    int x1 = Math.min(x0 + 1, width - 1);
    int y1 = Math.min(y0 + 1, height - 1);
    int z1 = Math.min(z0 + 1, depth - 1);
    double fx = x - x0;
    double fy = y - y0;
    double near =
        mix(mix(at(x0, y0, z0), at(x1, y0, z0), fx), mix(at(x0, y1, z0), at(x1, y1, z0), fx), fy);
    double far =
        mix(mix(at(x0, y0, z1), at(x1, y0, z1), fx), mix(at(x0, y1, z1), at(x1, y1, z1), fx), fy);
    return (float) mix(near, far, z - z0);
  }

  /** The brightness below which the given parts of the finite voxels lie, from a sparse sample. */
  float[] percentiles(double... parts) {
    long count = geometry.voxelCount();
    long step = Math.max(1, count / 60_000);
    float[] values = new float[(int) ((count + step - 1) / step)];
    int used = 0;
    for (long voxel = 0; voxel < count; voxel += step) {
      float value = at(voxel);
      if (Float.isFinite(value)) {
        values[used++] = value;
      }
    }
    Arrays.sort(values, 0, used);
    float[] result = new float[parts.length];
    for (int i = 0; i < parts.length; i++) {
      result[i] = used == 0 ? 0 : values[(int) Math.round(parts[i] * (used - 1))];
    }
    return result;
  }

  private static boolean outside(double index, int size) {
    return !(index >= -0.5 && index <= size - 0.5);
  }

  private static double mix(double a, double b, double part) {
    return a + (b - a) * part;
  }

  private static Element reader(ElementType type) {
    return switch (type) {
      case BOOL, U8 -> (window, offset) -> window.get(offset) & 0xff;
      case I8 -> (window, offset) -> window.get(offset);
      case I16 -> (window, offset) -> window.getShort(offset);
      case U16 -> (window, offset) -> window.getShort(offset) & 0xffff;
      case I32 -> (window, offset) -> window.getInt(offset);
      case U32 -> (window, offset) -> window.getInt(offset) & 0xffffffffL;
      case I64, U64 -> (window, offset) -> window.getLong(offset);
      case F32 -> (window, offset) -> window.getFloat(offset);
      case F64 -> (window, offset) -> (float) window.getDouble(offset);
      case BF16, F16 -> throw new IllegalArgumentException("no pictures of " + type + " images");
    };
  }
}
