package org.voxkern.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.voxkern.Shape;
import org.voxkern.graph.Size;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Value;
import org.voxkern.onnx.Operators.Mapper;
import org.voxkern.op.DepthToSpace;
import org.voxkern.op.Expand;
import org.voxkern.op.Tile;
import org.voxkern.op.Trilu;

/** The same elements, in another shape or order. */
final class LayoutOperators {
  private LayoutOperators() {}

  static void addTo(Map<String, Mapper> operators) {
    operators.put("Reshape", LayoutOperators::reshape);
    operators.put("Flatten", LayoutOperators::flatten);
    operators.put("Squeeze", LayoutOperators::squeeze);
    operators.put("Unsqueeze", LayoutOperators::unsqueeze);
    operators.put("Transpose", LayoutOperators::transpose);
    operators.put("Expand", LayoutOperators::expand);
    operators.put("Tile", LayoutOperators::tile);
    operators.put("Trilu", LayoutOperators::triangle);
    operators.put("DepthToSpace", node -> blocks(node, false));
    operators.put("SpaceToDepth", node -> blocks(node, true));
  }

  /** Sizes of 0 are the input's, unless they are allowed; -1 is what is left. */
  private static void reshape(NodeImport node) {
    boolean zeroes = node.attributes().flag("allowzero", false);
    List<Size> wanted = node.sizes(1);
    SymbolicShape input = node.shape(0);
    if (zeroes && wanted.stream().anyMatch(size -> size.is(0))) {
      Shape shape = Shape.of(wanted.stream().mapToLong(Size::value).toArray());
      node.set(node.apply(reshaped(shape), node.value(0)));
      return;
    }
    List<Object> sizes = new ArrayList<>();
    long open = wanted.stream().filter(size -> !size.isKnown() || size.is(-1)).count();
    for (int axis = 0; axis < wanted.size(); axis++) {
      Size size = wanted.get(axis);
      boolean same = axis < input.rank() && input.size(axis).equals(size);
      if (!size.isKnown() && same) {
        open--;
        sizes.add(0);
      } else {
        sizes.add(size.isKnown() ? size : Size.of(-1));
      }
    }
    if (open > 1) {
      throw new IllegalArgumentException(
          "the shape "
              + wanted
              + " has more than one size to be found: give the shapes of the model's inputs");
    }
    if (!input.isKnown() || wanted.stream().noneMatch(size -> size.is(-1))) {
      node.set(node.named(node.value(0)).reshape(sizes.toArray()));
      return;
    }
    node.set(node.apply(reshaped(resolved(input.known(), wanted)), node.value(0)));
  }

  private static Shape resolved(Shape input, List<Size> wanted) {
    long[] sizes = new long[wanted.size()];
    long known = 1;
    int rest = -1;
    for (int axis = 0; axis < sizes.length; axis++) {
      Size size = wanted.get(axis);
      sizes[axis] = size.is(0) ? input.size(axis) : size.value();
      if (sizes[axis] == -1) {
        rest = axis;
      } else {
        known *= sizes[axis];
      }
    }
    if (rest >= 0) {
      sizes[rest] = known == 0 ? 0 : input.elementCount() / known;
    }
    return Shape.of(sizes);
  }

  private static Step reshaped(Shape shape) {
    return Step.ofOne(
            "reshape",
            inputs -> {
              SymbolicShape output = SymbolicShape.of(shape);
              if (inputs.get(0).elementCount().compare(output.elementCount())
                  == Size.Relation.DIFFERENT) {
                throw new IllegalArgumentException("the shape " + shape + " has other elements");
              }
              return output;
            },
            (in, out) -> out.get(0).set(in.get(0)))
        .view();
  }

  private static void flatten(NodeImport node) {
    long given = node.attributes().integer("axis", 1);
    int rank = node.rank(0);
    if (given < -rank || given > rank) {
      throw new IllegalArgumentException("axis " + given + " of shape " + node.shape(0));
    }
    int axis = (int) (given < 0 ? given + rank : given);
    Step flatten =
        Step.ofOne(
                "flatten",
                inputs -> {
                  List<Size> sizes = inputs.get(0).sizes();
                  return SymbolicShape.of(
                      SymbolicShape.of(sizes.subList(0, axis)).elementCount(),
                      SymbolicShape.of(sizes.subList(axis, rank)).elementCount());
                },
                (in, out) -> out.get(0).set(in.get(0)))
            .view();
    boolean usual = axis == 1 && rank > 1;
    node.set(usual ? node.named(node.value(0)).flatten() : node.apply(flatten, node.value(0)));
  }

  private static void squeeze(NodeImport node) {
    long[] axes = node.integersOf("axes", 1);
    SymbolicShape shape = node.shape(0);
    int[] dropped =
        axes == null
            ? IntStream.range(0, shape.rank()).filter(axis -> shape.size(axis).is(1)).toArray()
            : LongStream.of(axes).mapToInt(axis -> node.axis(0, axis)).toArray();
    node.set(node.named(node.value(0)).squeeze(dropped));
  }

  private static void unsqueeze(NodeImport node) {
    long[] axes = node.requiredIntegers("axes", 1);
    int rank = node.rank(0) + axes.length;
    int[] sorted =
        LongStream.of(axes)
            .mapToInt(axis -> (int) (axis < 0 ? axis + rank : axis))
            .sorted()
            .toArray();
    Value value = node.value(0);
    for (int i = 0; i < sorted.length; i++) {
      value = (i == sorted.length - 1 ? node.named(value) : value).unsqueeze(sorted[i]);
    }
    node.set(value);
  }

  private static void transpose(NodeImport node) {
    int rank = node.rank(0);
    long[] order = node.attributes().integers("perm");
    int[] axes =
        order == null
            ? IntStream.range(0, rank).map(axis -> rank - 1 - axis).toArray()
            : LongStream.of(order).mapToInt(axis -> node.axis(0, axis)).toArray();
    node.set(node.named(node.value(0)).permute(axes));
  }

  private static void expand(NodeImport node) {
    SymbolicShape wanted = SymbolicShape.of(node.sizes(1));
    Step expand =
        Step.ofOne(
            "expand",
            inputs -> inputs.get(0).broadcast(wanted),
            (in, out) -> Expand.to(out.get(0).shape()).apply(in.get(0), out.get(0)));
    if (!wanted.isKnown()) {
      throw new IllegalArgumentException(
          "it expands to " + wanted + ": give the shapes of the model's inputs");
    }
    node.set(node.apply(expand, node.value(0)));
  }

  private static void tile(NodeImport node) {
    long[] repeats = node.integers(1);
    Tile tile = Tile.of(repeats);
    Step step =
        Step.ofOne(
            "tile",
            inputs -> {
              SymbolicShape output = inputs.get(0);
              if (output.rank() != repeats.length) {
                throw new IllegalArgumentException("repeats are " + Arrays.toString(repeats));
              }
              for (int axis = 0; axis < repeats.length; axis++) {
                output = output.with(axis, output.size(axis).times(repeats[axis]));
              }
              return output;
            },
            (in, out) -> tile.apply(in.get(0), out.get(0)));
    node.set(node.apply(step, node.value(0)));
  }

  private static void triangle(NodeImport node) {
    long diagonal = node.has(1) ? node.integer(1) : 0;
    Trilu triangle =
        node.attributes().flag("upper", true) ? Trilu.upper(diagonal) : Trilu.lower(diagonal);
    Step step = Step.ofEach("trilu", (in, out) -> triangle.apply(in.get(0), out.get(0)));
    node.set(node.apply(step, node.value(0)));
  }

  private static void blocks(NodeImport node, boolean inverse) {
    long size = node.attributes().required("blocksize");
    boolean rows = !inverse && node.attributes().word("mode", "DCR", "DCR", "CRD").equals("CRD");
    DepthToSpace blocks =
        inverse || !rows
            ? DepthToSpace.blocksFirst(1, size, size)
            : DepthToSpace.channelsFirst(1, size, size);
    if (node.rank(0) != 4) {
      throw new IllegalArgumentException("input 0 is " + node.shape(0) + ", expected (N, C, H, W)");
    }
    Step step =
        Step.ofOne(
            inverse ? "space_to_depth" : "depth_to_space",
            inputs -> {
              SymbolicShape in = inputs.get(0);
              Size area = Size.of(size * size);
              return inverse
                  ? SymbolicShape.of(
                      in.size(0),
                      in.size(1).times(area),
                      Size.of(1),
                      in.size(3).floorDivide(size),
                      in.size(4).floorDivide(size))
                  : SymbolicShape.of(
                      in.size(0),
                      in.size(1).floorDivide(size * size),
                      Size.of(1),
                      in.size(3).times(size),
                      in.size(4).times(size));
            },
            (in, out) -> {
              if (inverse) {
                blocks.inverse(in.get(0), out.get(0));
              } else {
                blocks.apply(in.get(0), out.get(0));
              }
            });
    Value output = node.apply(step, node.value(0).unsqueeze(2));
    node.set(output.squeeze(2));
  }
}
