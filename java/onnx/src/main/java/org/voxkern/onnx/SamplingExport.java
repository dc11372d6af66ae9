package org.voxkern.onnx;

import static org.voxkern.onnx.ExportGraph.flag;
import static org.voxkern.onnx.ExportGraph.number;
import static org.voxkern.onnx.ExportGraph.text;

import ai.onnx.proto.OnnxMl.AttributeProto;
import java.util.List;
import java.util.Locale;
import org.voxkern.Shape;
import org.voxkern.graph.Node;
import org.voxkern.graph.Operation;
import org.voxkern.graph.Sampling;
import org.voxkern.op.GridSample;
import org.voxkern.op.Resize;

/** Operations that look between voxels in ONNX. */
final class SamplingExport {
  private SamplingExport() {}

  /** Whether the node's operation is one of these. */
  static boolean add(ExportGraph graph, Node node) {
    Operation operation = node.operation();
    String name = graph.name(node);
    List<String> inputs = graph.inputs(node);
    if (operation instanceof Sampling.Enlarged enlarged) {
      String scales =
          graph.initializer(
              graph.free(name + ".scales"),
              ExportGraph.floats(Shape.of(5), 1, 1, enlarged.z(), enlarged.y(), enlarged.x()));
      List<String> from = List.of(inputs.get(0), "", scales);
      graph.put("Resize", name, from, attributes(enlarged.resize()));
    } else if (operation instanceof Sampling.ResizedLike resized) {
      graph.call("ResizeLike", name, inputs, attributes(resized.resize()));
    } else if (operation instanceof Sampling.AtGrid grid) {
      gridSample(graph, node, grid.sample());
    } else if (operation instanceof Sampling.Warped warped) {
      graph.call(Functions.warp(warped.border()), name, inputs);
    } else if (operation instanceof Sampling.Flow flow) {
      if (flow.steps() < 0) {
        throw new UnsupportedOperationException("the number of its steps depends on the field");
      }
      graph.call(Functions.SCALING_AND_SQUARING + flow.steps(), name, inputs);
    } else {
      return false;
    }
    return true;
  }

  private static AttributeProto[] attributes(Resize resize) {
    boolean crops = resize.coordinates() == Resize.Coordinates.TF_CROP_AND_RESIZE;
    if (crops || resize.scale()[0] != 0) {
      throw new UnsupportedOperationException("it has a region of interest or a scale of its own");
    }
    return new AttributeProto[] {
      text("mode", resize.mode().name().toLowerCase(Locale.ROOT)),
      text("coordinate_transformation_mode", resize.coordinates().name().toLowerCase(Locale.ROOT)),
      text("nearest_mode", resize.rounding().name().toLowerCase(Locale.ROOT)),
      number("cubic_coeff_a", resize.cubicCoefficient()),
      flag("exclude_outside", resize.excludeOutside()),
      flag("antialias", resize.antialias())
    };
  }

  private static void gridSample(ExportGraph graph, Node node, GridSample sample) {
    String mode = sample.mode().name().toLowerCase(Locale.ROOT);
    if (sample.mode() == GridSample.Mode.CUBIC && node.shape().rank() != 4) {
      throw new UnsupportedOperationException("ONNX has cubic interpolation in 2D only");
    }
    graph.put(
        "GridSample",
        graph.name(node),
        graph.inputs(node),
        text("mode", mode),
        text("padding_mode", sample.padding().name().toLowerCase(Locale.ROOT)),
        flag("align_corners", sample.alignCorners()));
  }
}
