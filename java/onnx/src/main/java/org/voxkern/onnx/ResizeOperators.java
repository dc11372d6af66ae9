package org.voxkern.onnx;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.voxkern.graph.Sampling;
import org.voxkern.graph.Size;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Value;
import org.voxkern.onnx.Operators.Mapper;
import org.voxkern.op.Resize;

/** Resize and what it was called before. */
final class ResizeOperators {
  private ResizeOperators() {}

  static void addTo(Map<String, Mapper> operators) {
    operators.put("Resize", ResizeOperators::resize);
    operators.put("Upsample", ResizeOperators::upsample);
  }

  /** What is asked for along z, y, x: scales, or sizes where they are not 0. */
  private record Request(double[] scales, long[] sizes) {}

  private static void upsample(NodeImport node) {
    Resize.Builder builder = builder(node, "nearest");
    asymmetric(builder).rounding(Resize.Rounding.FLOOR);
    double[] scales =
        node.attributes().has("scales")
            ? wide(node.attributes().numbers("scales"))
            : node.numbers(1);
    set(node, builder, new Request(inSpace(node, scales, allAxes(node), 1), null));
  }

  private static double[] wide(float[] values) {
    return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
  }

  private static int[] allAxes(NodeImport node) {
    return IntStream.range(0, node.rank(0)).toArray();
  }

  private static Resize.Builder builder(NodeImport node, String missing) {
    String mode = node.attributes().word("mode", missing, "nearest", "linear", "bilinear", "cubic");
    return Resize.builder(
        switch (mode) {
          case "nearest" -> Resize.Mode.NEAREST;
          case "cubic" -> Resize.Mode.CUBIC;
          default -> Resize.Mode.LINEAR;
        });
  }

  private static void resize(NodeImport node) {
    Attributes attributes = node.attributes();
    if (node.opset() < 11) {
      old(node);
      return;
    }
    Resize.Builder builder = settings(node);
    boolean crops =
        attributes
            .text("coordinate_transformation_mode", "half_pixel")
            .equals("tf_crop_and_resize");
    long[] given = attributes.integers("axes");
    int[] axes =
        given == null
            ? allAxes(node)
            : LongStream.of(given).mapToInt(axis -> node.axis(0, axis)).toArray();
    if (crops) {
      double[] region = node.numbers(1);
      double[] begin = inSpace(node, Arrays.copyOf(region, axes.length), axes, 0);
      double[] end =
          inSpace(node, Arrays.copyOfRange(region, axes.length, 2 * axes.length), axes, 1);
      builder.roiBegin(begin[0], begin[1], begin[2]).roiEnd(end[0], end[1], end[2]);
    }
    String policy =
        attributes.word(
            "keep_aspect_ratio_policy", "stretch", "stretch", "not_larger", "not_smaller");
    if (node.has(3) && !node.shape(3).elementCount().is(0)) {
      set(node, builder, sizes(node, axes, policy));
    } else {
      if (crops) {
        throw new UnsupportedOperationException("scales of a region of interest");
      }
      set(node, builder, new Request(inSpace(node, node.numbers(2), axes, 1), null));
    }
  }

  /** ONNX Runtime rounds up where there are less voxels, and down where there are more. */
  private static void old(NodeImport node) {
    double[] scales = inSpace(node, node.numbers(1), allAxes(node), 1);
    double[] fewer = Arrays.stream(scales).map(scale -> Math.min(1, scale)).toArray();
    double[] more = Arrays.stream(scales).map(scale -> Math.max(1, scale)).toArray();
    Value volume = node.volume(0);
    boolean reduces = Arrays.stream(fewer).anyMatch(scale -> scale < 1);
    boolean grows = !reduces || Arrays.stream(more).anyMatch(scale -> scale > 1);
    if (reduces) {
      Resize.Builder builder = builder(node, "nearest").rounding(Resize.Rounding.CEIL);
      volume = resized(node, volume, asymmetric(builder), new Request(fewer, null));
    }
    if (grows) {
      Resize.Builder builder = builder(node, "nearest").rounding(Resize.Rounding.FLOOR);
      volume = resized(node, volume, asymmetric(builder), new Request(more, null));
    }
    node.setVolume(0, 0, volume);
  }

  private static Resize.Builder asymmetric(Resize.Builder builder) {
    return builder.coordinates(Resize.Coordinates.ASYMMETRIC);
  }

  /** What attributes say of positions and weights. */
  static Resize.Builder settings(NodeImport node) {
    Attributes attributes = node.attributes();
    String coordinates =
        attributes.word(
            "coordinate_transformation_mode",
            "half_pixel",
            "half_pixel",
            "half_pixel_symmetric",
            "pytorch_half_pixel",
            "align_corners",
            "asymmetric",
            "tf_crop_and_resize");
    String rounding =
        attributes.word(
            "nearest_mode",
            "round_prefer_floor",
            "round_prefer_floor",
            "round_prefer_ceil",
            "floor",
            "ceil");
    return builder(node, "nearest")
        .coordinates(Resize.Coordinates.valueOf(coordinates.toUpperCase(Locale.ROOT)))
        .rounding(Resize.Rounding.valueOf(rounding.toUpperCase(Locale.ROOT)))
        .cubicCoefficient(attributes.number("cubic_coeff_a", -0.75))
        .excludeOutside(attributes.flag("exclude_outside", false))
        .antialias(attributes.flag("antialias", false))
        .extrapolationValue(attributes.number("extrapolation_value", 0));
  }

  private static Request sizes(NodeImport node, int[] axes, String policy) {
    double[] asked = LongStream.of(node.integers(3)).asDoubleStream().toArray();
    // Batch and channels stay as they are.
    for (int i = 0; i < axes.length; i++) {
      if (axes[i] < 2) {
        if (!node.shape(0).size(axes[i]).is((long) asked[i])) {
          throw new UnsupportedOperationException(
              "supported are other sizes of space, not of axis " + axes[i]);
        }
        asked[i] = 1;
      }
    }
    double[] space = inSpace(node, asked, axes, 0);
    long[] sizes = Arrays.stream(space).mapToLong(size -> (long) size).toArray();
    if (policy.equals("stretch")) {
      return new Request(null, sizes);
    }
    Resize.AspectRatio ratio = Resize.AspectRatio.valueOf(policy.toUpperCase(Locale.ROOT));
    SymbolicShape volume = node.volume(0).shape();
    if (!volume.isKnown()) {
      throw new IllegalArgumentException(
          "the aspect ratio of " + volume + ": give the shapes of the model's inputs");
    }
    var output = ratio.outputShape(volume.known(), sizes[0], sizes[1], sizes[2]);
    return new Request(
        ratio.scales(volume.known(), sizes[0], sizes[1], sizes[2]),
        new long[] {output.size(2), output.size(3), output.size(4)});
  }

  /** Numbers of axes as those along z, y, x; for batch and channels they must be 1. */
  private static double[] inSpace(NodeImport node, double[] values, int[] axes, double missing) {
    int first = 5 - node.spaceAxes(0) - 2;
    if (values.length != axes.length) {
      throw new IllegalArgumentException(
          Arrays.toString(values) + " for the axes " + Arrays.toString(axes));
    }
    double[] space = {missing, missing, missing};
    for (int i = 0; i < axes.length; i++) {
      if (axes[i] >= 2) {
        space[first + axes[i] - 2] = values[i];
      } else if (values[i] != 1 && missing == 1 && values[i] != 0) {
        throw new UnsupportedOperationException(
            "supported are other sizes of space, not of axis " + axes[i]);
      }
    }
    return space;
  }

  private static void set(NodeImport node, Resize.Builder builder, Request request) {
    node.setVolume(0, 0, resized(node, node.volume(0), builder, request));
  }

  private static Value resized(
      NodeImport node, Value volume, Resize.Builder builder, Request request) {
    double[] scales = request.scales();
    long[] sizes = request.sizes();
    boolean whole =
        sizes == null && Arrays.stream(scales).allMatch(scale -> scale >= 1 && scale % 1 == 0);
    if (whole) {
      Sampling.Enlarged enlarged =
          new Sampling.Enlarged(
              builder.build(), (long) scales[0], (long) scales[1], (long) scales[2]);
      return node.apply(enlarged, volume);
    }
    if (scales != null) {
      builder.scale(scales[0], scales[1], scales[2]);
    }
    Resize resize = builder.build();
    Step step =
        Step.ofOne(
            "resize",
            inputs -> {
              SymbolicShape output = inputs.get(0);
              for (int axis = 0; axis < 3; axis++) {
                output = output.with(axis + 2, size(output.size(axis + 2), axis, request));
              }
              return output;
            },
            (in, out) -> resize.apply(in.get(0), out.get(0)));
    return node.apply(step, volume);
  }

  private static Size size(Size input, int axis, Request request) {
    long[] sizes = request.sizes();
    if (sizes != null) {
      return sizes[axis] == 0 ? input : Size.of(sizes[axis]);
    }
    double scale = request.scales()[axis];
    if (scale == 1) {
      return input;
    }
    if (!input.isKnown()) {
      throw new IllegalArgumentException(
          "a scale of "
              + scale
              + " of the size "
              + input
              + ": give the shapes of the model's inputs");
    }
    return Size.of((long) Math.floor(scale * (double) input.value()));
  }
}
