package org.voxkern.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Size;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Value;
import org.voxkern.onnx.Operators.Mapper;
import org.voxkern.op.Nms;
import org.voxkern.op.RoiAlign;

/** Boxes. */
final class DetectionOperators {
  private DetectionOperators() {}

  static void addTo(Map<String, Mapper> operators) {
    operators.put("NonMaxSuppression", DetectionOperators::suppress);
    operators.put("RoiAlign", DetectionOperators::align);
  }

  /** How many boxes stay is only known with the boxes: they are known now, or there is a bound. */
  private static void suppress(NodeImport node) {
    boolean centers = node.attributes().flag("center_point_box", false);
    long most = node.has(2) ? node.integer(2) : 0;
    Nms.Builder builder =
        Nms.builder().iouThreshold(node.has(3) ? node.number(3) : 0).maxOutputs(most);
    if (node.has(4)) {
      builder.scoreThreshold(node.number(4));
    }
    Nms nms = builder.build();
    BoundedRows.Search search =
        (in, valid) -> {
          requireBoxes(in.get(0), in.get(1));
          return most > 0 ? kept(nms, centers, in.get(0), in.get(1), valid) : new long[0];
        };
    Long bound = node.importer().bound(node.output());
    if (bound == null) {
      List<Tensor> inputs = List.of(node.tensorThatSizes(0), node.tensorThatSizes(1));
      long[] indices = search.find(inputs, Long.MAX_VALUE);
      node.set(0, Tensor.of(inputs.get(0).context(), indices, indices.length / 3, 3));
      return;
    }
    BoundedRows.set(
        node,
        "non_max_suppression",
        Shape.of(bound, 3),
        0,
        List.of(node.real(0), node.real(1)),
        rowsOfBoxes(node),
        search);
  }

  /** What says how many boxes there are; null where all are. */
  private static BoundedRows rowsOfBoxes(NodeImport node) {
    BoundedRows boxes = node.operand(0).rows();
    BoundedRows scores = node.operand(1).rows();
    boolean none = boxes == null && scores == null;
    boolean both =
        boxes != null
            && scores != null
            && boxes.source().equals(scores.source())
            && boxes.axis() == 1
            && scores.axis() == 2;
    if (!none && !both) {
      throw new UnsupportedOperationException(
          "boxes and scores are not those of the same rows of '"
              + (boxes != null ? boxes : scores).source()
              + "'");
    }
    return boxes;
  }

  /** Batch, class and index of the boxes that are kept, of the first so many of each batch. */
  private static long[] kept(Nms nms, boolean centers, Tensor boxes, Tensor scores, long valid) {
    List<Long> kept = new ArrayList<>();
    long all = boxes.shape().size(1);
    long count = Math.min(all, valid);
    for (long batch = 0; batch < boxes.shape().size(0); batch++) {
      Tensor corners = corners(boxes, batch, Math.toIntExact(count), centers);
      for (long type = 0; type < scores.shape().size(1); type++) {
        long at = (batch * scores.shape().size(1) + type) * all;
        Tensor own = scores.view(ElementType.F32, Shape.of(count), 4 * at);
        for (long index : nms.apply(corners, own, null)) {
          kept.addAll(List.of(batch, type, index));
        }
      }
    }
    return kept.stream().mapToLong(Long::longValue).toArray();
  }

  private static void requireBoxes(Tensor boxes, Tensor scores) {
    Shape b = boxes.shape();
    Shape s = scores.shape();
    boolean fits =
        boxes.type() == ElementType.F32
            && scores.type() == ElementType.F32
            && b.rank() == 3
            && s.rank() == 3
            && b.size(2) == 4
            && b.size(0) == s.size(0)
            && b.size(1) == s.size(2);
    if (!fits) {
      throw new IllegalArgumentException(
          "boxes " + boxes + " and scores " + scores + ", expected f32 (B, N, 4) and (B, C, N)");
    }
  }

  /** The first boxes of a batch as two corners, the lower first, whichever ONNX has. */
  private static Tensor corners(Tensor boxes, long batch, int count, boolean centers) {
    Context context = boxes.context();
    long before = 16 * boxes.shape().size(1) * batch;
    Tensor given = boxes.view(ElementType.F32, Shape.of(count, 4), before);
    float[] values = given.toFloatArray();
    for (int i = 0; i < count; i++) {
      for (int axis = 0; axis < 2; axis++) {
        float first = values[4 * i + axis];
        float second = values[4 * i + 2 + axis];
        float low = centers ? first - second / 2 : Math.min(first, second);
        float high = centers ? first + second / 2 : Math.max(first, second);
        values[4 * i + axis] = low;
        values[4 * i + 2 + axis] = high;
      }
    }
    return Tensor.of(context, values, count, 4);
  }

  /** Half a pixel is taken off since version 16, unless it is told otherwise. */
  private static void align(NodeImport node) {
    Attributes attributes = node.attributes();
    long height = attributes.integer("output_height", 1);
    long width = attributes.integer("output_width", 1);
    double scale = attributes.number("spatial_scale", 1);
    boolean halfPixel =
        node.opset() >= 16
            && attributes
                .word(
                    "coordinate_transformation_mode",
                    "half_pixel",
                    "half_pixel",
                    "output_half_pixel")
                .equals("half_pixel");
    boolean max = attributes.word("mode", "avg", "avg", "max").equals("max");
    RoiAlign align =
        RoiAlign.builder()
            .mode(max ? RoiAlign.Mode.MAX : RoiAlign.Mode.AVERAGE)
            .halfPixel(halfPixel)
            .samplingRatio(attributes.integer("sampling_ratio", 0))
            .spatialScale(1, scale, scale)
            .build();
    if (node.rank(0) != 4) {
      throw new IllegalArgumentException("input " + node.shape(0) + ", expected (N, C, H, W)");
    }
    Step step =
        Step.ofOne(
            "roi_align",
            inputs ->
                SymbolicShape.of(
                    inputs.get(1).size(0),
                    inputs.get(0).size(1),
                    Size.of(1),
                    Size.of(height),
                    Size.of(width)),
            (in, out) -> align.apply(in.get(0), in.get(1), in.get(2), out.get(0)));
    Value output =
        node.apply(step, node.volume(0), node.real(1), node.value(2).cast(ElementType.I64));
    node.setVolume(0, 0, output);
  }
}
