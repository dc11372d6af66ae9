package org.voxkern.cases;

import java.util.List;
import org.voxkern.Shape;
import org.voxkern.op.Resize;

/** What both operations take, from one case line; the same as in {@code resize_case.cpp}. */
final class ResizeSetup {
  final Resize operation;
  final Shape input;
  final Shape output;
  final Bound bound;

  ResizeSetup(CaseLine line) {
    Resize.Mode mode =
        Resize.Mode.values()[index(line, "mode", List.of("nearest", "linear", "cubic"))];
    bound = mode == Resize.Mode.NEAREST ? Bound.exact() : Bound.ofLargest(2e-6);
    double[] scale = line.numbers("scale", 3, 0);
    double[] begin = line.numbers("roi_begin", 3, 0);
    double[] end = line.numbers("roi_end", 3, 1);
    operation =
        Resize.builder(mode)
            .coordinates(
                Resize.Coordinates.values()[
                    index(
                        line,
                        "coordinates",
                        List.of("half", "symmetric", "pytorch", "align", "asymmetric", "crop"))])
            .rounding(
                Resize.Rounding.values()[
                    index(
                        line, "nearest", List.of("prefer_floor", "prefer_ceil", "floor", "ceil"))])
            .excludeOutside(line.flag("exclude", false))
            .antialias(line.flag("antialias", false))
            .cubicCoefficient(line.number("a", -0.75))
            .extrapolationValue(line.number("extrapolation", 0))
            .scale(scale[2], scale[1], scale[0])
            .roiBegin(begin[2], begin[1], begin[0])
            .roiEnd(end[2], end[1], end[0])
            .build();
    long n = line.integer("n", 1);
    long channels = line.integer("channels", 1);
    input = line.shape("shape").prepend(channels).prepend(n);
    output = line.shape("to").prepend(channels).prepend(n);
  }

  private static int index(CaseLine line, String key, List<String> words) {
    return words.indexOf(line.word(key, words.get(0)));
  }
}
