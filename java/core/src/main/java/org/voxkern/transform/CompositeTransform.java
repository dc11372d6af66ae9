package org.voxkern.transform;

import java.util.ArrayList;
import java.util.List;
import org.voxkern.AffineMap;

/**
 * Several transforms one after the other, in ITK's order: the one that was added last is applied
 * first, T0(T1(... Tn(x))).
 *
 * <p>So a deformation found on top of a linear transform, with the linear one applied to what the
 * deformation gives, is {@code CompositeTransform.of(linear, deformation)}.
 */
public final class CompositeTransform implements Transform {
  private final List<Transform> transforms;

  private CompositeTransform(List<Transform> transforms) {
    this.transforms = List.copyOf(transforms);
  }

  /** The last one is applied first. With none, the identity. */
  public static CompositeTransform of(Transform... transforms) {
    return new CompositeTransform(List.of(transforms));
  }

  /** With one more transform, which is applied before those here. */
  public CompositeTransform add(Transform transform) {
    List<Transform> all = new ArrayList<>(transforms);
    all.add(transform);
    return new CompositeTransform(all);
  }

  /** In the order in which they were added: the last one is applied first. */
  public List<Transform> transforms() {
    return transforms;
  }

  @Override
  public double[] apply(double... point) {
    double[] result = point.clone();
    for (int i = transforms.size() - 1; i >= 0; i--) {
      result = transforms.get(i).apply(result);
    }
    return result;
  }

  /** Whether every transform here is linear, those inside composites included. */
  public boolean isLinear() {
    for (Transform transform : transforms) {
      boolean linear =
          transform instanceof LinearTransform
              || transform instanceof CompositeTransform composite && composite.isLinear();
      if (!linear) {
        return false;
      }
    }
    return true;
  }

  /**
   * All of it as one map.
   *
   * @throws IllegalStateException if a transform is not linear
   */
  public AffineMap toAffineMap() {
    AffineMap map = AffineMap.identity();
    for (Transform transform : transforms) {
      if (transform instanceof LinearTransform linear) {
        map = map.after(linear.toAffineMap());
      } else if (transform instanceof CompositeTransform composite) {
        map = map.after(composite.toAffineMap());
      } else {
        throw new IllegalStateException(transform + " is not linear: expected linear ones only");
      }
    }
    return map;
  }

  @Override
  public String toString() {
    return "CompositeTransform " + transforms;
  }
}
