package org.voxkern.transform;

import java.nio.FloatBuffer;
import org.voxkern.AffineMap;
import org.voxkern.DisplacementField;
import org.voxkern.Geometry;
import org.voxkern.Tensor;

/**
 * x &rarr; x + u(x), u a displacement field in mm, interpolated linearly.
 *
 * <p>As in ITK: the field reaches half a voxel beyond its outermost voxel centres, where it has the
 * value of its border, and beyond that the point stays where it is. The field is not copied; after
 * its tensor is closed the transform throws {@link IllegalStateException}.
 */
public final class DisplacementFieldTransform implements Transform {
  private final DisplacementField field;
  private final AffineMap physicalToIndex;
  private final int width;
  private final int height;
  private final int depth;
  private final FloatBuffer[] components = new FloatBuffer[3];

  /**
   * @throws UnsupportedOperationException if one component of the field takes 2 GiB or more
   */
  public DisplacementFieldTransform(DisplacementField field) {
    this.field = field;
    Geometry geometry = field.geometry();
    physicalToIndex = geometry.physicalToIndex();
    width = geometry.size(0);
    height = geometry.size(1);
    depth = geometry.size(2);
    long bytes = geometry.voxelCount() * Float.BYTES;
    if (bytes > Integer.MAX_VALUE) {
      throw new UnsupportedOperationException(
          "a displacement component of " + bytes + " bytes: expected less than 2 GiB");
    }
    Tensor tensor = field.displacementMm();
    for (int c = 0; c < 3; c++) {
      components[c] = tensor.contents(c * bytes, (int) bytes).asFloatBuffer();
    }
  }

  public DisplacementField field() {
    return field;
  }

  @Override
  public double[] apply(double... point) {
    if (field.displacementMm().isClosed()) {
      throw new IllegalStateException("the tensor of this displacement field is closed");
    }
    double[] result = {point[0], point[1], point[2]};
    double[] index = physicalToIndex.apply(point);
    // Written so that a NaN is outside.
    boolean inside =
        index[0] >= -0.5
            && index[0] < width - 0.5
            && index[1] >= -0.5
            && index[1] < height - 0.5
            && index[2] >= -0.5
            && index[2] < depth - 0.5;
    if (!inside) {
      return result;
    }
    double x = Math.max(0, Math.min(width - 1.0, index[0]));
    double y = Math.max(0, Math.min(height - 1.0, index[1]));
    double z = Math.max(0, Math.min(depth - 1.0, index[2]));
    int x0 = (int) x;
    int y0 = (int) y;
    int z0 = (int) z;
    int stepX = x0 + 1 < width ? 1 : 0;
    int stepY = y0 + 1 < height ? width : 0;
    int stepZ = z0 + 1 < depth ? width * height : 0;
    int first = (z0 * height + y0) * width + x0;
    x -= x0;
    y -= y0;
    z -= z0;
    for (int c = 0; c < 3; c++) {
      FloatBuffer u = components[c];
      double near = bilinear(u, first, stepX, stepY, x, y);
      double far = stepZ == 0 ? near : bilinear(u, first + stepZ, stepX, stepY, x, y);
      result[c] += near + z * (far - near);
    }
    return result;
  }

  private static double bilinear(FloatBuffer u, int at, int stepX, int stepY, double x, double y) {
    double a = u.get(at);
    double b = u.get(at + stepX);
    double c = u.get(at + stepY);
    double d = u.get(at + stepX + stepY);
    double top = a + x * (b - a);
    double bottom = c + x * (d - c);
    return top + y * (bottom - top);
  }

  @Override
  public String toString() {
    return "DisplacementFieldTransform on " + field.geometry();
  }
}
