package org.voxkern.bench.operation;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.StringJoiner;
import org.voxkern.AffineMap;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Tensor;
import org.voxkern.bench.peer.ChildProcess;
import org.voxkern.op.Convert;
import org.voxkern.op.MutualInformation;
import org.voxkern.op.Statistics;
import org.voxkern.op.Warp3d;

/**
 * Mattes mutual information of an affine transform over every voxel of a fixed image of 6 million,
 * 32 bins: value alone, and value with the gradient by the twelve numbers of the transform. Ours is
 * the whole evaluation: warp, histogram, gradient by the warped image, gradient by the transform.
 */
final class MutualInformationComparison extends ItkComparison {
  private static final Workload FIXED = Workload.of("fixed:180x182x184");
  private static final int BINS = 32;
  private static final int ITK_REPEATS = 3;
  private static final double TOLERANCE = 1e-4;

  private final Image fixed;
  private final Image moving;
  private final AffineMap map;
  private final Tensor warped;
  private final Tensor inside;
  private final Tensor upstream;
  private final MutualInformation.Parameters parameters;

  MutualInformationComparison() throws IOException {
    Inputs inputs = new Inputs(context, FIXED);
    fixed = new Image(inputs.head("fixed"), inputs.grid());
    map = AffineMap.of(1.02, 0.03, -0.02, 2.5, -0.04, 0.98, 0.05, -3.5, 0.03, -0.06, 1.01, 4.5);
    moving = seen(fixed, map.inverse());
    warped = inputs.output();
    inside = Tensor.uninitialized(context, ElementType.U8, FIXED.shape());
    upstream = inputs.output();
    Statistics.Result f = Statistics.of(fixed.data(), null);
    Statistics.Result m = Statistics.of(moving.data(), null);
    parameters =
        new MutualInformation.Parameters(
            MutualInformation.Measure.MATTES,
            BINS,
            f.min(),
            f.max(),
            m.min(),
            m.max(),
            MutualInformation.OutsideRange.IGNORED);
  }

  /** The negative of an image on an oblique grid of 1 x 1 x 1.3 mm. */
  private static Image seen(Image image, AffineMap back) {
    double c = Math.cos(0.1);
    double s = Math.sin(0.1);
    Geometry grid =
        Geometry.of(
            new int[] {184, 186, 146},
            new double[] {1, 1, 1.3},
            new double[] {8, -9, -2},
            new double[] {c, -s, 0, s, c, 0, 0, 0, 1});
    Tensor values = Tensor.uninitialized(image.context(), ElementType.F32, grid.shape());
    Warp3d.builder()
        .indexMap(image.geometry().physicalToIndex().after(back).after(grid.indexToPhysical()))
        .border(Warp3d.Border.CLAMP)
        .build()
        .apply(image.data(), null, null, null, values, null);
    return new Image(Convert.to(values, ElementType.F32, -0.8, 1000), grid);
  }

  private Warp3d sampler() {
    return Warp3d.builder()
        .indexMap(
            moving
                .geometry()
                .physicalToIndex()
                .after(map)
                .after(fixed.geometry().indexToPhysical()))
        .build();
  }

  private double value() {
    sampler().apply(moving.data(), null, null, null, warped, inside);
    return MutualInformation.value(fixed.data(), warped, inside, parameters);
  }

  private double[] valueAndGradient() {
    Warp3d sampler = sampler();
    sampler.apply(moving.data(), null, null, null, warped, inside);
    MutualInformation.valueAndGradient(fixed.data(), warped, inside, parameters, upstream);
    return sampler.gradientLinear(moving.data(), null, null, inside, upstream);
  }

  /**
   * ITK takes the moving image's slope by central differences, so the derivatives agree in
   * direction and roughly in length.
   */
  private void compare(double[] byIndexMap, double[] itk) {
    // T = P^-1 M F^-1; the fixed grid's indices are its points, and L is a function of M = P T F.
    double[] p = moving.geometry().physicalToIndex().matrix();
    double product = 0;
    double ourSquare = 0;
    double itkSquare = 0;
    for (int row = 0; row < 3; row++) {
      for (int column = 0; column < 4; column++) {
        double ours = 0;
        for (int k = 0; k < 3; k++) {
          ours += p[3 * k + row] * byIndexMap[4 * k + column];
        }
        // ITK: the matrix row by row, then the translation.
        double theirs = column < 3 ? itk[3 * row + column] : itk[9 + row];
        product += ours * theirs;
        ourSquare += ours * ours;
        itkSquare += theirs * theirs;
      }
    }
    double cosine = product / Math.sqrt(ourSquare * itkSquare);
    double length = Math.sqrt(ourSquare / itkSquare);
    if (!(cosine > 0.98) || !(Math.abs(length - 1) < 0.2)) {
      throw new IllegalStateException(
          "the gradient's cosine with ITK's is " + cosine + ", its length " + length + " of ITK's");
    }
    System.err.printf("gradient: cosine with ITK's %.4f, length %.3f of ITK's%n", cosine, length);
  }

  @Override
  List<Result> run(int rounds, Peaks peaks) throws Exception {
    Path fixedFile = write("fixed", fixed);
    Path movingFile = write("moving", moving);
    StringJoiner numbers = new StringJoiner(",");
    for (double number : map.toArray()) {
      numbers.add(String.valueOf(number));
    }
    java.util.concurrent.Callable<ChildProcess> itk =
        () ->
            itk(
                "mattes",
                "fixed=" + fixedFile,
                "moving=" + movingFile,
                "map=" + numbers,
                "bins=" + BINS,
                "repeats=" + ITK_REPEATS);
    double theirs = -itk.call().value("value");
    double ours = value();
    if (!(Math.abs(ours - theirs) <= TOLERANCE * Math.abs(theirs))) {
      throw new IllegalStateException("the value is " + ours + ", ITK's is " + theirs);
    }
    compare(valueAndGradient(), itk.call().values().get("derivative"));
    long voxels = FIXED.voxels();
    double[] both = medians(rounds, this::valueAndGradient, itk, "seconds_value_and_derivative");
    double[] alone = medians(rounds, this::value, itk, "seconds_value");
    double floor = Work.perVoxel(FIXED, 8, 0).floorSeconds(peaks);
    return List.of(
        new Result(
            "MI value and gradient, affine",
            both[0],
            both[1],
            new Targets(30, 140e6, 0),
            voxels,
            floor),
        new Result("MI value", alone[0], alone[1], new Targets(15, 0, 0), voxels, floor));
  }
}
