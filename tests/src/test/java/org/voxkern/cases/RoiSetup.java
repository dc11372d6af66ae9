package org.voxkern.cases;

import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.op.RoiAlign;

/** The boxes and shapes of a case line of roi_align; the counterpart of {@code RoiCase} in C++. */
final class RoiSetup {
  final Shape features;
  final Shape bins;
  final Input boxes;
  final Input images;
  private final RoiAlign.Mode mode;
  private final boolean halfPixel;
  private final long sampling;
  private final double[] scale;

  RoiSetup(Case test) {
    CaseLine line = test.line();
    mode = line.word("mode", "average").equals("max") ? RoiAlign.Mode.MAX : RoiAlign.Mode.AVERAGE;
    halfPixel = line.flag("half", true);
    sampling = line.integer("sampling", 0);
    scale = line.numbers("scale", 3, 1);
    Shape shape = line.shape("shape");
    long batch = line.integer("n", 1);
    long channels = line.integer("c", 1);
    int count = (int) line.integer("boxes", 4);
    int values = (int) line.integer("values", 6);
    String kind = line.word("kind", "any");
    features = shape.prepend(channels).prepend(batch);
    bins = line.shape("out").prepend(channels).prepend(count);
    boxes = test.uniform("boxes", Shape.of(count, values), -0.2, 1.2);
    for (int i = 0; i < boxes.count(); i++) {
      int axis = 2 - i % (values / 2);
      double size = shape.size(axis) / scale[2 - axis];
      boolean second = i % values >= values / 2;
      double value = boxes.get(i);
      value =
          switch (kind) {
            case "ordered" -> second ? 0.6 + 0.5 * value : 0.1 + 0.4 * value;
            case "huge" -> second ? 1e30 : -1e30;
            case "nan" -> Double.NaN;
            default -> value;
          };
      boxes.set(i, value * size);
    }
    images = test.input("images", ElementType.I64, Shape.of(count));
    long image = line.integer("image", -1);
    for (int i = 0; i < count; i++) {
      images.set(i, image >= 0 ? image : i % Math.max(batch, 1));
    }
  }

  RoiAlign roiAlign() {
    return RoiAlign.builder()
        .mode(mode)
        .halfPixel(halfPixel)
        .samplingRatio(sampling)
        .spatialScale(scale[2], scale[1], scale[0])
        .build();
  }
}
