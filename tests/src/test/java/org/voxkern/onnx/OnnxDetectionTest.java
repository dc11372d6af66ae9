package org.voxkern.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.voxkern.onnx.ExportGraph.integer;
import static org.voxkern.onnx.ExportGraph.integers;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Executable;
import org.voxkern.testing.SplitMix64;

/** Detectors, whose number of boxes depends on the image, beside ONNX Runtime. */
class OnnxDetectionTest {
  private static final int CLASSES = 3;
  private static final int BOXES = 72;

  @TempDir Path folder;

  private static float[] numbers(long seed, double low, double high, long... shape) {
    SplitMix64 random = new SplitMix64(seed, "numbers");
    float[] values = new float[(int) Shape.of(shape).elementCount()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.uniform(low, high);
    }
    return values;
  }

  /** Two anchors at each place of a grid of 6 by 6: centre and size. */
  private static float[] anchors() {
    float[] values = new float[4 * BOXES];
    for (int box = 0; box < BOXES; box++) {
      int place = box / 2;
      float size = box % 2 == 0 ? 3 : 5;
      float[] anchor = {2 * (place % 6) + 1, 2 * (place / 6) + 1, size, 8 - size};
      System.arraycopy(anchor, 0, values, 4 * box, 4);
    }
    return values;
  }

  /** Features, the boxes (72, 4) and the scores (3, 72) of an image. */
  private static Models head() {
    return Models.opset(17)
        .input("image", ElementType.F32, 1, 1, 12, 12)
        .weight("w", Shape.of(6, 1, 3, 3), numbers(1, -1, 1, 6, 1, 3, 3))
        .weight("wc", Shape.of(2 * CLASSES, 6, 1, 1), numbers(2, -2, 2, 2 * CLASSES, 6))
        .weight("wb", Shape.of(8, 6, 1, 1), numbers(3, -0.4, 0.4, 8, 6))
        .weight("anchors", Shape.of(BOXES, 4), anchors())
        .weight("half", Shape.of(), 0.5f)
        .longs("ofClasses", BOXES, CLASSES)
        .longs("ofBoxes", BOXES, 4)
        .longs("zero", 0)
        .longs("one", 1)
        .longs("two", 2)
        .longs("three", 3)
        .longs("four", 4)
        .node("Conv", "image w", "c", integers("pads", 1, 1, 1, 1), integers("strides", 2, 2))
        .node("Relu", "c", "features")
        .node("Conv", "features wc", "logits")
        .node("Transpose", "logits", "logits.last", integers("perm", 0, 2, 3, 1))
        .node("Reshape", "logits.last ofClasses", "logits.rows")
        .node("Sigmoid", "logits.rows", "scores.rows")
        .node("Conv", "features wb", "deltas")
        .node("Transpose", "deltas", "deltas.last", integers("perm", 0, 2, 3, 1))
        .node("Reshape", "deltas.last ofBoxes", "deltas.rows")
        .node("Slice", "anchors zero two one", "at")
        .node("Slice", "anchors two four one", "extent")
        .node("Slice", "deltas.rows zero two one", "moves")
        .node("Slice", "deltas.rows two four one", "grows")
        .node("Mul", "moves extent", "offset")
        .node("Add", "at offset", "center")
        .node("Exp", "grows", "growth")
        .node("Mul", "extent growth", "size")
        .node("Mul", "size half", "radius")
        .node("Sub", "center radius", "low")
        .node("Add", "center radius", "high")
        .node("Concat", "low high", "boxes", integer("axis", 1))
        .node("Transpose", "scores.rows", "scores", integers("perm", 1, 0));
  }

  /** As exporters have it: the best of all by TopK, suppression, and what is kept gathered. */
  private static Models detector() {
    return head()
        .longs("k", 40)
        .weight("iou", Shape.of(), 0.3f)
        .weight("least", Shape.of(), 0.6f)
        .longs("most", 10)
        .node("ReduceMax", "scores", "best", integers("axes", 0), integer("keepdims", 0))
        .node("TopK", "best k", "top order")
        .node("Gather", "boxes order", "candidates", integer("axis", 0))
        .node("Gather", "scores order", "of.candidates", integer("axis", 1))
        .node("Unsqueeze", "candidates zero", "batch.boxes")
        .node("Unsqueeze", "of.candidates zero", "batch.scores")
        .node("NonMaxSuppression", "batch.boxes batch.scores most iou least", "kept")
        .node("Slice", "kept two three one", "column")
        .node("Squeeze", "column one", "index")
        .node("Gather", "candidates index", "found", integer("axis", 0))
        .node("Slice", "kept one three one", "class.and.index")
        .node("GatherND", "of.candidates class.and.index", "score")
        .node("Gather", "kept one", "class", integer("axis", 1))
        .node("Cast", "class", "label", integer("to", 1))
        .output("found")
        .output("score")
        .output("label");
  }

  private void check(Models model, Map<String, Long> bounds, String count, int least)
      throws Exception {
    try (Context context = Context.create();
        Scope scope = Scope.open(context)) {
      OnnxImport request =
          OnnxImport.of(OnnxModel.read(model.write(folder.resolve("detector.onnx"))));
      bounds.forEach(request::atMost);
      OnnxNetwork network = request.run(context);
      Shape shape = Shape.of(1, 1, 12, 12);
      Executable executable =
          network.graph().compile(context, network.weights(), Map.of("image", shape));
      for (int seed = 10; seed < 13; seed++) {
        Tensor image = Tensor.of(context, numbers(seed, -1, 1, 1, 1, 12, 12), 1, 1, 12, 12);
        Map<String, Tensor> found = executable.run(Map.of("image", image));
        int rows = (int) found.get(count).toLongArray()[0];
        assertTrue(rows >= least, rows + " rows");
        OnnxRuntimeOracle.run(model.proto().build(), Map.of("image", image))
            .forEach(
                (name, expected) -> {
                  Shape ours = found.get(name).shape();
                  int each = (int) (ours.elementCount() / ours.size(0));
                  assertEquals(expected.length, rows * each, name);
                  float[] values = found.get(name).toFloatArray();
                  for (int i = 0; i < expected.length; i++) {
                    assertEquals(expected[i], values[i], 1e-4 * Math.max(1, Math.abs(expected[i])));
                  }
                });
      }
    }
  }

  @Test
  void boxesThatAreKept() throws Exception {
    check(detector(), Map.of("kept", 30L), "kept.count", 2);
  }

  /** Places of anchors, as exporters compute them of the shape of the features. */
  @Test
  void anchorsThatAreComputed() throws Exception {
    Models model =
        head()
            .initializer(ExportGraph.whole(0).toBuilder().setName("first").build())
            .initializer(ExportGraph.whole(1).toBuilder().setName("step").build())
            .initializer(ExportGraph.whole(2).toBuilder().setName("rows.axis").build())
            .initializer(ExportGraph.whole(3).toBuilder().setName("columns.axis").build())
            .weight("stride", Shape.of(), 2)
            .longs("whatever", -1, -1)
            .longs("minus", -1)
            .node("Shape", "features", "shape")
            .node("Gather", "shape rows.axis", "rows", integer("axis", 0))
            .node("Gather", "shape columns.axis", "columns", integer("axis", 0))
            .node("Range", "first rows step", "y.range")
            .node("Range", "first columns step", "x.range")
            .node("Cast", "y.range", "y.real", integer("to", 1))
            .node("Cast", "x.range", "x.real", integer("to", 1))
            .node("Mul", "y.real stride", "y.at")
            .node("Mul", "x.real stride", "x.at")
            .node("Unsqueeze", "rows zero", "rows.of.shape")
            .node("Unsqueeze", "columns zero", "columns.of.shape")
            .node("Concat", "rows.of.shape columns.of.shape", "grid", integer("axis", 0))
            // Sizes of -1 are taken from the tensor: what torch.expand becomes.
            .node("Equal", "whatever minus", "from.tensor")
            .node("Where", "from.tensor grid whatever", "wanted")
            .node("Unsqueeze", "y.at one", "y.column")
            .node("Expand", "y.column wanted", "y.grid")
            .node("Expand", "x.at wanted", "x.grid")
            .node("Reshape", "y.grid minus", "y.list")
            .node("Reshape", "x.grid minus", "x.list")
            .node("Unsqueeze", "y.list one", "y.rows")
            .node("Unsqueeze", "x.list one", "x.rows")
            .node("Concat", "x.rows y.rows", "places", integer("axis", 1))
            .node("Unsqueeze", "places one", "places.each")
            .longs("each", 36, 2, 2)
            .node("Reshape", "center each", "center.each")
            .node("Sub", "center.each places.each", "y")
            .output("y");
    try (Context context = Context.create();
        Scope scope = Scope.open(context)) {
      Tensor image = Tensor.of(context, numbers(10, -1, 1, 1, 1, 12, 12), 1, 1, 12, 12);
      Path file = model.write(folder.resolve("anchors.onnx"));
      OnnxNetwork network = OnnxImport.of(OnnxModel.read(file)).run(context);
      Executable executable =
          network.graph().compile(context, network.weights(), Map.of("image", image.shape()));
      float[] ours = executable.run(image).toFloatArray();
      assertArrayEquals(OnnxRuntimeOracle.run(file, Map.of("image", image)).get("y"), ours, 1e-4f);
    }
  }

  /** Two stages: boxes of a score, suppression among them, and a network on what each shows. */
  @Test
  void boxesThatAreLookedAtAgain() throws Exception {
    Models model =
        head()
            .weight("iou", Shape.of(), 0.4f)
            .weight("enough", Shape.of(), 0.7f)
            .longs("most", 100)
            .weight("dense", Shape.of(5, 24), numbers(5, -1, 1, 5, 24))
            .node("ReduceMax", "scores", "best", integers("axes", 0), integer("keepdims", 0))
            .node("Greater", "best enough", "good")
            .node("NonZero", "good", "places")
            .node("Transpose", "places", "places.rows", integers("perm", 1, 0))
            .node("Squeeze", "places.rows one", "index")
            .node("Gather", "boxes index", "candidates", integer("axis", 0))
            .node("Gather", "best index", "of.candidates", integer("axis", 0))
            .node("Unsqueeze", "candidates zero", "batch.boxes")
            .longs("both", 0, 1)
            .node("Unsqueeze", "of.candidates both", "batch.scores")
            .node("NonMaxSuppression", "batch.boxes batch.scores most iou", "kept")
            .node("Slice", "kept two three one", "column")
            .node("Squeeze", "column one", "second")
            .node("Gather", "candidates second", "found", integer("axis", 0))
            .node("Slice", "kept zero one one", "batch.column")
            .node("Squeeze", "batch.column one", "batch")
            .node(
                "RoiAlign",
                "features found batch",
                "views",
                integer("output_height", 2),
                integer("output_width", 2),
                integer("sampling_ratio", 2),
                ExportGraph.number("spatial_scale", 0.5))
            .node("Flatten", "views", "flat")
            .node("Gemm", "flat dense", "values", integer("transB", 1))
            .node("Softmax", "values", "classes", integer("axis", 1))
            .output("found")
            .output("classes");
    check(model, Map.of("places", 72L, "kept", 72L), "kept.count", 2);
  }

  @Test
  void boundsAreAskedForAndKept() throws Exception {
    Path file = detector().write(folder.resolve("detector.onnx"));
    try (Context context = Context.create();
        Scope scope = Scope.open(context)) {
      String refusal =
          assertThrows(
                  UnsupportedOnnxException.class,
                  () -> OnnxImport.of(OnnxModel.read(file)).run(context))
              .getMessage();
      assertTrue(refusal.contains("'kept' (NonMaxSuppression)"), refusal);
      assertTrue(refusal.contains("OnnxImport.atMost(\"kept\", ...)"), refusal);
      OnnxImport request = OnnxImport.of(OnnxModel.read(file)).atMost("kept", 1);
      assertThrows(IllegalArgumentException.class, () -> request.atMost("found", 1));
      OnnxNetwork network = request.run(context);
      Shape shape = Shape.of(1, 1, 12, 12);
      Executable executable =
          network.graph().compile(context, network.weights(), Map.of("image", shape));
      Tensor image = Tensor.of(context, numbers(10, -1, 1, 1, 1, 12, 12), 1, 1, 12, 12);
      String failure =
          assertThrows(RuntimeException.class, () -> executable.run(Map.of("image", image)))
              .getMessage();
      assertTrue(failure.contains("at most 1 were asked for"), failure);
    }
  }

  /** Rows that a run did not find must not come into what it computes. */
  @Test
  void whatLooksAcrossRowsIsRefused() throws Exception {
    Map<String, Models> models =
        Map.of(
            "Gemm",
                detector()
                    .weight("summed", Shape.of(30, 2), new float[60])
                    .node("Transpose", "found", "turned")
                    .node("Gemm", "turned summed", "y"),
            "MatMul",
                detector()
                    .weight("summed", Shape.of(30, 2), new float[60])
                    .node("Transpose", "found", "turned")
                    .node("MatMul", "turned summed", "y"),
            "Shape", detector().node("Shape", "found", "y"),
            "TopK", detector().node("TopK", "score one", "y order.of.kept"),
            "ReduceMax", detector().node("ReduceMax", "found", "y", integers("axes", 0)),
            "Slice", detector().node("Slice", "found zero two zero", "y"),
            "Concat", detector().node("Concat", "found found", "y", integer("axis", 0)),
            "Gather", detector().node("Gather", "found zero", "y", integer("axis", 0)),
            "Softmax", detector().node("Softmax", "score", "y", integer("axis", 0)));
    for (Map.Entry<String, Models> model : models.entrySet()) {
      Path file = model.getValue().output("y").write(folder.resolve("model.onnx"));
      try (Context context = Context.create()) {
        OnnxImport request = OnnxImport.of(OnnxModel.read(file)).atMost("kept", 30);
        String refusal =
            assertThrows(UnsupportedOnnxException.class, () -> request.run(context)).getMessage();
        for (String part : Arrays.asList("'y' (" + model.getKey() + ")", "'kept'")) {
          assertTrue(refusal.contains(part), refusal);
        }
      }
    }
  }
}
