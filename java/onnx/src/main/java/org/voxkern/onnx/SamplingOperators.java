package org.voxkern.onnx;

import java.util.Map;
import java.util.stream.IntStream;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.graph.Size;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Value;
import org.voxkern.onnx.Operators.Mapper;
import org.voxkern.op.AffineGrid;
import org.voxkern.op.GridSample;

/** Values between voxels at the positions of a grid. */
final class SamplingOperators {
  private SamplingOperators() {}

  static void addTo(Map<String, Mapper> operators) {
    operators.put("GridSample", SamplingOperators::gridSample);
    operators.put("AffineGrid", SamplingOperators::affineGrid);
  }

  private static void gridSample(NodeImport node) {
    Attributes attributes = node.attributes();
    String mode =
        attributes.word(
            "mode",
            node.opset() < 20 ? "bilinear" : "linear",
            "linear",
            "bilinear",
            "nearest",
            "cubic",
            "bicubic");
    String padding = attributes.word("padding_mode", "zeros", "zeros", "border", "reflection");
    GridSample sample =
        GridSample.of(
            switch (mode) {
              case "nearest" -> GridSample.Mode.NEAREST;
              case "cubic", "bicubic" -> GridSample.Mode.CUBIC;
              default -> GridSample.Mode.LINEAR;
            },
            switch (padding) {
              case "border" -> GridSample.Padding.BORDER;
              case "reflection" -> GridSample.Padding.REFLECTION;
              default -> GridSample.Padding.ZEROS;
            },
            attributes.flag("align_corners", false));
    Value input = node.real(0);
    Value grid = node.real(1);
    if (node.rank(0) == 5) {
      node.setReal(node.named(input).gridSample(sample, grid));
      return;
    }
    if (node.rank(0) != 4 || node.rank(1) != 4 || !node.shape(1).size(3).is(2)) {
      throw new UnsupportedOperationException(
          "input " + node.shape(0) + " and grid " + node.shape(1) + ", supported are 2D and 3D");
    }
    Step step =
        Step.ofOne(
            "grid_sample",
            inputs -> {
              SymbolicShape in = inputs.get(0);
              SymbolicShape at = inputs.get(1);
              return SymbolicShape.of(in.size(0), in.size(1), at.size(1), at.size(2));
            },
            (in, out) -> sample.apply(in.get(0), in.get(1), out.get(0)));
    node.setReal(node.apply(step, input, grid));
  }

  private static void affineGrid(NodeImport node) {
    boolean corners = node.attributes().flag("align_corners", false);
    Shape image = Shape.of(node.integers(1));
    Step step =
        Step.ofOne(
                "affine_grid",
                inputs -> {
                  Size[] sizes =
                      IntStream.range(0, image.rank())
                          .mapToObj(axis -> image.size(axis))
                          .map(Size::of)
                          .toArray(Size[]::new);
                  Size[] grid = sizes.clone();
                  System.arraycopy(sizes, 2, grid, 1, image.rank() - 2);
                  grid[image.rank() - 1] = Size.of(image.rank() - 2);
                  return SymbolicShape.of(grid);
                },
                (in, out) -> AffineGrid.apply(in.get(0), corners, out.get(0)))
            .types(ElementType.F32);
    node.setReal(node.apply(step, node.real(0)));
  }
}
