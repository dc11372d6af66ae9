package org.voxkern.oracle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.voxkern.AffineMap;
import org.voxkern.Context;
import org.voxkern.DisplacementField;
import org.voxkern.Image;
import org.voxkern.Tensor;
import org.voxkern.itk.ImageIo;
import org.voxkern.itk.ResampleImageFilter.Interpolator;
import org.voxkern.itk.TransformIo;
import org.voxkern.itk.baseline.ItkOracle;
import org.voxkern.itk.baseline.ItkOracle.Mapping;
import org.voxkern.op.Warp3d.Interpolation;
import org.voxkern.testing.Requirement;
import org.voxkern.testing.SplitMix64;
import org.voxkern.transform.AffineTransform;
import org.voxkern.transform.BSplineTransform;
import org.voxkern.transform.CompositeTransform;
import org.voxkern.transform.DisplacementFieldTransform;
import org.voxkern.transform.Euler3DTransform;
import org.voxkern.transform.LinearTransform;
import org.voxkern.transform.Similarity3DTransform;
import org.voxkern.transform.Transform;
import org.voxkern.transform.TranslationTransform;
import org.voxkern.transform.VersorRigid3DTransform;

/**
 * What we write of a transform or a field, ITK reads and applies as we do, and the reverse: points
 * within 1e-3 mm, images within 1e-4 of the intensity range.
 */
class TransformFilesOracleTest {
  private static final double TOLERANCE_MM = 1e-3;
  private static final double[] CENTER = {11.5, -27.25, 38.125};

  private static final TranslationTransform TRANSLATION = TranslationTransform.of(3.7, -5.1, 8.3);
  private static final Euler3DTransform EULER =
      Euler3DTransform.fromParameters(new double[] {0.31, -0.17, 0.43, 5.3, -2.9, 4.1}, CENTER);
  private static final AffineTransform AFFINE = AffineTransform.of(Scene.AFFINE, CENTER);

  @TempDir Path folder;

  @BeforeAll
  static void itk() {
    Requirement.itkBaseline();
  }

  static Stream<Arguments> transforms() {
    return Stream.of(
        named("translation", TRANSLATION),
        named("Euler", EULER),
        named(
            "versor",
            VersorRigid3DTransform.fromParameters(
                new double[] {0.12, -0.21, 0.17, -4.3, 6.1, 2.7}, CENTER)),
        named(
            "similarity",
            Similarity3DTransform.fromParameters(
                new double[] {-0.09, 0.14, 0.22, 3.1, -5.7, 1.9, 1.13}, CENTER)),
        named("affine", AFFINE),
        named("B-spline", spline()),
        named("composite", CompositeTransform.of(EULER, AFFINE, TRANSLATION)),
        named("composite with a B-spline", CompositeTransform.of(AFFINE, spline())));
  }

  private static Arguments named(String name, Transform transform) {
    return Arguments.of(Named.of(name, transform));
  }

  /** Coefficients of up to 6 mm on a grid over the fixed image. */
  private static BSplineTransform spline() {
    SplitMix64 random = new SplitMix64(11, "coefficients");
    var grid = BSplineTransform.controlGrid(Scene.FIXED, 4, 5, 3);
    double[] coefficients = new double[(int) (3 * grid.voxelCount())];
    for (int i = 0; i < coefficients.length; i++) {
      coefficients[i] = random.uniform(-6, 6);
    }
    return new BSplineTransform(grid, coefficients);
  }

  /** Points within the fixed grid, and some around it. */
  private static double[][] points() {
    SplitMix64 random = new SplitMix64(12, "points");
    double[][] points = new double[200][];
    for (int i = 0; i < points.length; i++) {
      double[] index = new double[3];
      for (int axis = 0; axis < 3; axis++) {
        index[axis] = random.uniform(-0.2, 1.2) * Scene.FIXED.size(axis);
      }
      points[i] = Scene.FIXED.indexToPhysical().apply(index);
    }
    return points;
  }

  @ParameterizedTest
  @MethodSource("transforms")
  void itkAppliesWhatWeWrite(Transform transform) {
    Path file = folder.resolve("ours.tfm");
    TransformIo.write(transform, file);
    Mapping mapping = new Mapping(file, null);
    checkPoints(transform.applyAll(points()), ItkOracle.points(mapping, points()));
    try (Context context = Context.create()) {
      Image moving = Scene.image(context, Scene.MOVING, v -> v, 6);
      checkImage(transform, mapping, moving);
    }
  }

  @ParameterizedTest
  @MethodSource("transforms")
  void weReadWhatItkWrites(Transform transform) throws IOException {
    Path file = folder.resolve("ours.tfm");
    TransformIo.write(transform, file);
    for (String suffix : new String[] {".tfm", ".mat"}) {
      if (suffix.equals(".mat") && transform instanceof CompositeTransform) {
        continue;
      }
      Path rewritten = folder.resolve("itk" + suffix);
      double[][] theirs =
          ItkOracle.points(new Mapping(file, null), new Mapping(rewritten, null), points());
      checkPoints(TransformIo.read(rewritten).applyAll(points()), theirs);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {".nii.gz", ".nii", ".nrrd", ".mha"})
  void itkAppliesTheFieldWeWrite(String suffix) {
    Path file = folder.resolve("field" + suffix);
    try (Context context = Context.create()) {
      DisplacementField field = Scene.field(context, Scene.FIXED, 7);
      ImageIo.write(field, file);
      Transform transform = new DisplacementFieldTransform(field);
      Mapping mapping = new Mapping(null, file);
      checkPoints(transform.applyAll(inside()), ItkOracle.points(mapping, inside()));
      Image moving = Scene.image(context, Scene.MOVING, v -> v, 7);
      checkImage(transform, mapping, moving);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {".nii.gz", ".nrrd", ".mha"})
  void weReadTheFieldItkWrites(String suffix) throws IOException {
    Path ours = folder.resolve("ours.nrrd");
    Path theirs = folder.resolve("itk" + suffix);
    try (Context context = Context.create()) {
      DisplacementField field = Scene.field(context, Scene.FIXED, 7);
      ImageIo.write(field, ours);
      double[][] mapped =
          ItkOracle.points(new Mapping(null, ours), new Mapping(null, theirs), inside());
      Transform read =
          new DisplacementFieldTransform(ImageIo.readDisplacementField(context, theirs));
      checkPoints(read.applyAll(inside()), mapped);
    }
  }

  /** As the results of a deformable registration are: the field first, then the linear part. */
  @Test
  void itkAppliesAFieldAndALinearTransform() {
    Path field = folder.resolve("displacement.nii.gz");
    Path linear = folder.resolve("transform.tfm");
    try (Context context = Context.create()) {
      DisplacementField displacement = Scene.field(context, Scene.FIXED, 5);
      ImageIo.write(displacement, field);
      TransformIo.write(AFFINE, linear);
      Transform whole = CompositeTransform.of(AFFINE, new DisplacementFieldTransform(displacement));
      Mapping mapping = new Mapping(linear, field);
      checkPoints(whole.applyAll(inside()), ItkOracle.points(mapping, inside()));
      Image moving = Scene.image(context, Scene.MOVING, v -> v, 8);
      Image warped =
          Scene.warp(moving, Scene.AFFINE, displacement, Scene.FIXED, Interpolation.LINEAR, -3);
      Image itk = ItkOracle.apply(moving, Scene.FIXED, mapping, Interpolator.LINEAR, -3);
      Agreement.check(warped, itk, moving, whole, false);
    }
  }

  /**
   * Points within the fixed grid, off its edge: beyond it a field is nothing, and rounding decides
   * on which side a point of the edge lies.
   */
  private static double[][] inside() {
    return Stream.of(points())
        .filter(
            point -> {
              double[] index = Scene.FIXED.physicalToIndex().apply(point);
              for (int axis = 0; axis < 3; axis++) {
                double low = index[axis] + 0.5;
                double high = Scene.FIXED.size(axis) - 0.5 - index[axis];
                if (Math.min(Math.abs(low), Math.abs(high)) < 1e-3) {
                  return false;
                }
              }
              return true;
            })
        .toArray(double[][]::new);
  }

  private static void checkPoints(double[][] ours, double[][] theirs) {
    assertEquals(ours.length, theirs.length);
    double largest = 0;
    for (int i = 0; i < ours.length; i++) {
      for (int axis = 0; axis < 3; axis++) {
        largest = Math.max(largest, Math.abs(ours[i][axis] - theirs[i][axis]));
      }
    }
    assertTrue(largest <= TOLERANCE_MM, "points differ by " + largest + " mm");
  }

  /** Voxkern's warp through a transform against ITK's resampling through the file of it. */
  private static void checkImage(Transform transform, Mapping mapping, Image moving) {
    AffineMap map = AffineMap.identity();
    DisplacementField field = null;
    if (transform instanceof DisplacementFieldTransform dense) {
      field = dense.field();
    } else if (transform instanceof LinearTransform linear) {
      map = linear.toAffineMap();
    } else {
      field = sampled(moving.context(), transform);
    }
    Image warped = Scene.warp(moving, map, field, Scene.FIXED, Interpolation.LINEAR, -3);
    Image itk = ItkOracle.apply(moving, Scene.FIXED, mapping, Interpolator.LINEAR, -3);
    Agreement.check(warped, itk, moving, transform, false);
  }

  private static DisplacementField sampled(Context context, Transform transform) {
    int count = (int) Scene.FIXED.voxelCount();
    float[] offsets = new float[3 * count];
    for (int i = 0; i < count; i++) {
      double[] from = Scene.point(Scene.FIXED, i);
      double[] to = transform.apply(from);
      for (int axis = 0; axis < 3; axis++) {
        offsets[axis * count + i] = (float) (to[axis] - from[axis]);
      }
    }
    return new DisplacementField(
        Tensor.of(context, offsets, Scene.FIXED.shape().prepend(3).toArray()), Scene.FIXED);
  }
}
