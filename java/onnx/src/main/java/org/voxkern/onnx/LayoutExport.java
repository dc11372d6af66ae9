package org.voxkern.onnx;

import static org.voxkern.onnx.ExportGraph.integer;
import static org.voxkern.onnx.ExportGraph.integers;
import static org.voxkern.onnx.ExportGraph.text;

import java.util.List;
import org.voxkern.ElementType;
import org.voxkern.graph.Constants;
import org.voxkern.graph.Layouts;
import org.voxkern.graph.Node;
import org.voxkern.graph.Operation;
import org.voxkern.graph.Reductions;
import org.voxkern.graph.Size;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Value;
import org.voxkern.op.Pad;

/** Operations that move elements, and shapes, in ONNX. */
final class LayoutExport {
  private LayoutExport() {}

  /** Whether the node's operation is one of these. */
  static boolean add(ExportGraph graph, Node node) {
    Operation operation = node.operation();
    String name = graph.name(node);
    List<String> inputs = graph.inputs(node);
    if (operation instanceof Layouts.Joined joined) {
      graph.put("Concat", name, inputs, integer("axis", joined.axis()));
    } else if (operation instanceof Layouts.Reshape reshape) {
      inputs.add(graph.constant(name + ".shape", sizes(node, reshape)));
      graph.put("Reshape", name, inputs);
    } else if (operation instanceof Layouts.Unsqueezed unsqueezed) {
      inputs.add(graph.constant(name + ".axes", unsqueezed.axis()));
      graph.put("Unsqueeze", name, inputs);
    } else if (operation instanceof Layouts.Squeezed squeezed) {
      long[] axes = squeezed.axes().stream().mapToLong(Integer::longValue).toArray();
      inputs.add(graph.constant(name + ".axes", axes));
      graph.put("Squeeze", name, inputs);
    } else if (operation instanceof Layouts.Flatten flatten) {
      flatten(graph, node, flatten);
    } else if (operation instanceof Layouts.Same) {
      graph.put("Identity", name, inputs);
    } else if (operation instanceof Layouts.Permuted permuted) {
      long[] order = permuted.order().stream().mapToLong(Integer::longValue).toArray();
      graph.put("Transpose", name, inputs, integers("perm", order));
    } else if (operation instanceof Layouts.Padded padded) {
      pad(graph, node, padded.pad());
    } else if (operation instanceof Layouts.Part part) {
      long end = part.end() == Value.END ? Long.MAX_VALUE : part.end();
      slice(graph, node, new long[] {part.start()}, new long[] {end}, new long[] {part.axis()});
    } else if (operation instanceof Layouts.CenterCrop) {
      graph.call("CenterCrop", name, inputs);
    } else if (operation instanceof Reductions.ExpandedLike) {
      graph.call("ExpandLike", name, inputs);
    } else if (operation instanceof Constants.Count) {
      if (node.type() != ElementType.F32) {
        throw new UnsupportedOperationException("a count as " + node.type());
      }
      graph.call("ElementCount", name, inputs);
    } else {
      return false;
    }
    return true;
  }

  private static long[] sizes(Node node, Layouts.Reshape reshape) {
    SymbolicShape input = node.inputs().get(0).shape();
    long[] sizes = new long[reshape.sizes().size()];
    boolean open = reshape.sizes().stream().anyMatch(size -> size.is(-1));
    for (int axis = 0; axis < sizes.length; axis++) {
      Size size = reshape.sizes().get(axis);
      if (size.isKnown()) {
        sizes[axis] = size.value();
      } else if (axis < input.rank() && input.size(axis).equals(size)) {
        sizes[axis] = 0;
      } else if (!open) {
        open = true;
        sizes[axis] = -1;
      } else {
        throw new UnsupportedOperationException(
            "of the sizes " + reshape.sizes() + " more than one is left to be found");
      }
    }
    return sizes;
  }

  private static void flatten(ExportGraph graph, Node node, Layouts.Flatten flatten) {
    int rank = node.inputs().get(0).shape().rank();
    int axis = flatten.axis() < 0 ? flatten.axis() + rank : flatten.axis();
    if (axis == 1) {
      graph.put("Flatten", graph.name(node), graph.inputs(node), integer("axis", 1));
      return;
    }
    // ONNX's has two axes.
    long[] sizes = new long[axis + 1];
    sizes[axis] = -1;
    List<String> inputs = graph.inputs(node);
    inputs.add(graph.constant(graph.name(node) + ".shape", sizes));
    graph.put("Reshape", graph.name(node), inputs);
  }

  private static void pad(ExportGraph graph, Node node, Pad pad) {
    if (pad.mode() == Pad.Mode.SYMMETRIC) {
      symmetric(graph, node, pad);
      return;
    }
    String mode =
        switch (pad.mode()) {
          case CONSTANT -> "constant";
          case EDGE -> "edge";
          case REFLECT -> "reflect";
          case WRAP -> "wrap";
          case SYMMETRIC -> throw new IllegalStateException("a function");
        };
    List<String> inputs = graph.inputs(node);
    inputs.add(
        graph.constant(graph.name(node) + ".pads", ExportRules.pads(pad.begin(), pad.end())));
    if (pad.fill() != 0) {
      inputs.add(graph.scalar(graph.name(node) + ".fill", pad.fill()));
    }
    graph.put("Pad", graph.name(node), inputs, text("mode", mode));
  }

  /** ONNX does not mirror about the border: a call of a function an axis. */
  private static void symmetric(ExportGraph graph, Node node, Pad pad) {
    long[] begin = pad.begin();
    long[] end = pad.end();
    String from = graph.input(node, 0);
    for (int axis = 0; axis < begin.length; axis++) {
      if (begin[axis] != 0 || end[axis] != 0) {
        String to = graph.free(graph.name(node) + ".axis" + axis);
        graph.call(
            "PadSymmetric",
            to,
            List.of(from),
            integer("axis", axis),
            integer("begin", begin[axis]),
            integer("end", end[axis]));
        from = to;
      }
    }
    graph.put("Identity", graph.name(node), List.of(from));
  }

  private static void slice(ExportGraph graph, Node node, long[] starts, long[] ends, long[] axes) {
    String name = graph.name(node);
    graph.put(
        "Slice",
        name,
        List.of(
            graph.input(node, 0),
            graph.constant(name + ".starts", starts),
            graph.constant(name + ".ends", ends),
            graph.constant(name + ".axes", axes)));
  }
}
