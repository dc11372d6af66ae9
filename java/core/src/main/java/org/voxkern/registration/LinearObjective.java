package org.voxkern.registration;

import org.voxkern.AffineMap;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Tensor;
import org.voxkern.op.Statistics;
import org.voxkern.op.Warp3d;
import org.voxkern.transform.LinearTransform;

/**
 * Loss of a linear transform on one level, as a function of scaled parameters: a change of one unit
 * moves the fixed image's points by 1 mm (root mean square).
 */
final class LinearObjective implements Objective {
  private final Samples fixed;
  private final Pyramid.Level moving;
  private final Similarity similarity;
  private final boolean largerIsBetter;
  private final LinearTransform family;
  private final double[] scales;
  private final Tensor warped;
  private final Tensor inside;
  private Tensor upstream;

  /**
   * @param family says which parameters there are; its own are the scales' reference point
   */
  LinearObjective(
      Samples fixed,
      Pyramid.Level moving,
      Similarity similarity,
      boolean largerIsBetter,
      LinearTransform family) {
    this.fixed = fixed;
    this.moving = moving;
    this.similarity = similarity;
    this.largerIsBetter = largerIsBetter;
    this.family = family;
    scales = scales(family, fixed.geometry().indexToPhysical(), fixed.geometry().size());
    Context context = fixed.values().context();
    // F64 on the reference backend, where the gradient can be held to finite differences.
    ElementType type = fixed.values().type();
    warped = Tensor.uninitialized(context, type, fixed.values().shape());
    inside = Tensor.uninitialized(context, ElementType.U8, fixed.values().shape());
  }

  double[] scaled(LinearTransform transform) {
    double[] x = transform.parameters();
    for (int i = 0; i < x.length; i++) {
      x[i] *= scales[i];
    }
    return x;
  }

  LinearTransform transform(double[] x) {
    double[] parameters = x.clone();
    for (int i = 0; i < x.length; i++) {
      parameters[i] /= scales[i];
    }
    return family.withParameters(parameters);
  }

  /** The measure itself, in its own sign. */
  double measure(LinearTransform transform) {
    return measure(sampler(transform.toAffineMap()), null);
  }

  @Override
  public double evaluate(double[] x, double[] gradient) {
    LinearTransform transform = transform(x);
    Warp3d sampler = sampler(transform.toAffineMap());
    double sign = largerIsBetter ? -1 : 1;
    if (upstream == null) {
      Tensor values = fixed.values();
      upstream = Tensor.uninitialized(values.context(), values.type(), values.shape());
    }
    double loss = sign * measure(sampler, upstream);
    double[] byIndexMap =
        sampler.gradientLinear(moving.image(), null, fixed.points(), inside, upstream);
    double[] byTransform = chain(byIndexMap);
    double[] byParameters = transform.parameterGradient(byTransform);
    for (int p = 0; p < gradient.length; p++) {
      gradient[p] = sign * byParameters[p] / scales[p];
    }
    return loss;
  }

  /** Part of the fixed values that met the moving image in the last evaluation. */
  double overlap() {
    return Statistics.of(inside, null).mean();
  }

  private double measure(Warp3d sampler, Tensor gradient) {
    sampler.apply(moving.image(), moving.mask(), null, fixed.points(), warped, inside);
    return similarity.measure(fixed.values(), warped, inside, gradient);
  }

  private Warp3d sampler(AffineMap transform) {
    AffineMap indexMap =
        moving
            .geometry()
            .physicalToIndex()
            .after(transform)
            .after(fixed.geometry().indexToPhysical());
    return Warp3d.builder().indexMap(indexMap).domainMask(fixed.mask()).build();
  }

  /** dL/d[A|t] of the transform, from dL/d[index map] = P [A|t] F. */
  private double[] chain(double[] byIndexMap) {
    double[] p = moving.geometry().physicalToIndex().toArray();
    double[] f = fixed.geometry().indexToPhysical().toArray();
    double[] left = new double[12];
    for (int row = 0; row < 3; row++) {
      for (int column = 0; column < 4; column++) {
        for (int k = 0; k < 3; k++) {
          left[4 * row + column] += p[4 * k + row] * byIndexMap[4 * k + column];
        }
      }
    }
    double[] result = new double[12];
    for (int row = 0; row < 3; row++) {
      for (int column = 0; column < 3; column++) {
        double sum = left[4 * row + 3] * f[4 * column + 3];
        for (int k = 0; k < 3; k++) {
          sum += left[4 * row + k] * f[4 * column + k];
        }
        result[4 * row + column] = sum;
      }
      result[4 * row + 3] = left[4 * row + 3];
    }
    return result;
  }

  /** Root mean square of the points' motion, in mm, for a unit change of each parameter. */
  private static double[] scales(LinearTransform family, AffineMap indexToPhysical, int[] size) {
    double[][] jacobian = family.parameterJacobian();
    double[] scales = new double[family.parameters().length];
    for (int p = 0; p < scales.length; p++) {
      double sum = 0;
      for (int sample = 0; sample < 27; sample++) {
        double[] point =
            indexToPhysical.apply(
                (sample % 3 + 0.5) / 3 * (size[0] - 1),
                (sample / 3 % 3 + 0.5) / 3 * (size[1] - 1),
                (sample / 9 + 0.5) / 3 * (size[2] - 1));
        for (int row = 0; row < 3; row++) {
          double motion =
              jacobian[4 * row][p] * point[0]
                  + jacobian[4 * row + 1][p] * point[1]
                  + jacobian[4 * row + 2][p] * point[2]
                  + jacobian[4 * row + 3][p];
          sum += motion * motion;
        }
      }
      scales[p] = Math.max(1e-12, Math.sqrt(sum / 27));
    }
    return scales;
  }
}
