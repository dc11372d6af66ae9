package org.voxkern.study;

import java.nio.FloatBuffer;
import java.util.stream.IntStream;
import org.voxkern.Context;
import org.voxkern.DisplacementField;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Tensor;
import org.voxkern.transform.Transform;

/** Displacement fields of transforms that are given point by point. */
public final class TransformFields {
  private TransformFields() {}

  /** The offsets T(x) - x at every voxel of a grid. */
  public static DisplacementField of(Context context, Transform transform, Geometry grid) {
    Tensor field = Tensor.uninitialized(context, ElementType.F32, grid.shape().prepend(3));
    IntStream.range(0, grid.size(2)).parallel().forEach(z -> slice(field, transform, grid, z));
    return new DisplacementField(field, grid);
  }

  private static void slice(Tensor field, Transform transform, Geometry grid, int z) {
    int width = grid.size(0);
    int count = width * grid.size(1);
    FloatBuffer[] planes = new FloatBuffer[3];
    for (int axis = 0; axis < 3; axis++) {
      long first = axis * grid.voxelCount() + (long) z * count;
      planes[axis] = field.buffer(first * Float.BYTES, count * Float.BYTES).asFloatBuffer();
    }
    for (int i = 0; i < count; i++) {
      double[] from = grid.indexToPhysical().apply(i % width, i / width, z);
      double[] to = transform.apply(from);
      for (int axis = 0; axis < 3; axis++) {
        planes[axis].put(i, (float) (to[axis] - from[axis]));
      }
    }
  }
}
