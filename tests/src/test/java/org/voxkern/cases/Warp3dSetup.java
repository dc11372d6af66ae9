package org.voxkern.cases;

import java.util.Locale;
import org.voxkern.AffineMap;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.op.Warp3d;
import org.voxkern.testing.SplitMix64;

/** What the warp3d operations take, from one case line; the counterpart of warp3d_case.cpp. */
final class Warp3dSetup {
  final Case test;
  final Shape moving;
  final Shape output;
  final long channels;
  final long points;
  final Warp3d.Interpolation interpolation;
  final double[] map;
  final Input displacement;
  final Input list;
  private final double[] displacementMap;
  private final double fill;

  Warp3dSetup(Case test) {
    this.test = test;
    CaseLine line = test.line();
    moving = line.shape("shape");
    output = line.shape("out", line.word("shape", ""));
    channels = line.integer("channels", 0);
    points = line.integer("points", -1);
    String word = line.word("interpolation", "linear");
    interpolation =
        word.equals("cubic")
            ? Warp3d.Interpolation.CUBIC_B_SPLINE
            : Warp3d.Interpolation.valueOf(word.toUpperCase(Locale.ROOT));
    fill = line.word("fill", "0").equals("nan") ? Double.NaN : line.number("fill", 0);
    map = test.affine("index_map", output, line.number("amount", 0.2), line.number("shift", 1.5));
    for (int row = 0; row < 3; row++) {
      // About the middle of the output, taken to the middle of the moving image.
      map[4 * row + 3] += 0.5 * (moving.size(2 - row) - output.size(2 - row));
    }
    displacementMap =
        line.has("displacement_map")
            ? line.numbers("displacement_map", 9, 0)
            : new double[] {1, 0, 0, 0, 1, 0, 0, 0, 1};
    list = points >= 0 ? random("points", Shape.of(3, points), 2) : null;
    for (int i = 0; list != null && i < list.count(); i++) {
      // -2 to 2 becomes a little more than the output grid.
      int axis = (int) (2 - i / points);
      list.set(i, 0.5 * (output.size(axis) - 1) * (1 + 0.6 * list.get(i)));
    }
    double reach = line.number("displacement", 0);
    displacement = reach > 0 ? random("displacement", domain(3), reach) : null;
    if (displacement != null && line.flag("nan_displacement", false)) {
      displacement.set(0, Double.NaN);
    }
  }

  /** Uniform, of the type positions have. */
  private Input random(String name, Shape shape, double reach) {
    ElementType type = test.type() == ElementType.F64 ? ElementType.F64 : ElementType.F32;
    Input input = test.input(name, type, shape);
    SplitMix64 numbers = new SplitMix64(test.line().seed(), name);
    for (int i = 0; i < input.count(); i++) {
      input.set(i, numbers.uniform(-reach, reach));
    }
    return input;
  }

  /** The output's shape with a size in front; none for 0. */
  Shape domain(long front) {
    Shape shape = points >= 0 ? Shape.of(points) : output;
    return front > 0 ? shape.prepend(front) : shape;
  }

  Shape image() {
    return channels > 0 ? moving.prepend(channels) : moving;
  }

  Input movingImage() {
    boolean whole = test.type() != ElementType.F32 && test.type() != ElementType.F64;
    Input input;
    if (whole) {
      input = test.integers("moving", image(), 0, 100);
    } else if (test.line().word("image", "random").equals("smooth")) {
      input = test.smooth("moving", image(), 4, -100, 100);
    } else {
      input = test.uniform("moving", image(), -100, 100);
    }
    return test.spoil(input);
  }

  Warp3d.Builder builder() {
    return Warp3d.builder()
        .interpolation(interpolation)
        .border(
            Warp3d.Border.valueOf(test.line().word("border", "constant").toUpperCase(Locale.ROOT)))
        .fill(fill)
        .indexMap(AffineMap.of(map))
        .displacementMap(displacementMap);
  }
}
