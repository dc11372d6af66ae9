package org.voxkern.onnx;

import java.nio.LongBuffer;
import java.util.List;
import java.util.Map;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Pools;
import org.voxkern.graph.Size;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Value;
import org.voxkern.onnx.Operators.Mapper;
import org.voxkern.op.LpPool;
import org.voxkern.op.MaxPool;
import org.voxkern.op.MaxUnpool;
import org.voxkern.op.PoolWindow;

/** Windows over space, and all of it. */
final class PoolOperators {
  private PoolOperators() {}

  static void addTo(Map<String, Mapper> operators) {
    operators.put("AveragePool", PoolOperators::average);
    operators.put("MaxPool", PoolOperators::max);
    operators.put("LpPool", PoolOperators::lp);
    operators.put("GlobalAveragePool", node -> global(node, false));
    operators.put("GlobalMaxPool", node -> global(node, true));
    operators.put("GlobalLpPool", PoolOperators::globalLp);
    operators.put("MaxUnpool", PoolOperators::unpool);
  }

  private static Windows windows(NodeImport node) {
    long[] kernel = node.attributes().integers("kernel_shape");
    if (kernel == null) {
      throw new IllegalArgumentException("it has no attribute 'kernel_shape'");
    }
    return Windows.of(node, kernel);
  }

  private static PoolWindow window(NodeImport node) {
    boolean ceil = node.attributes().flag("ceil_mode", false);
    PoolWindow window = windows(node).pool(ceil);
    if (ceil && node.opset() < 22) {
      requireInside(node, window);
    }
    return window;
  }

  /** Before version 22 ONNX did not say what a window is that begins in the padding at the end. */
  private static void requireInside(NodeImport node, PoolWindow window) {
    for (int axis = 3 - node.spaceAxes(0); axis < 3; axis++) {
      Size size = node.shape(0).size(axis - 3);
      long extent = (window.kernel()[axis] - 1) * window.dilation()[axis] + 1;
      long stride = window.stride()[axis];
      if (extent >= stride + window.paddingEnd()[axis] || !size.isKnown()) {
        continue;
      }
      long before = size.value() + window.paddingBegin()[axis];
      long room = before + window.paddingEnd()[axis] - extent + stride - 1;
      if (room / stride * stride >= before) {
        throw new UnsupportedOperationException(
            "in ceil mode a window begins in the padding, which operators before version 22 leave"
                + " open");
      }
    }
  }

  private static void average(NodeImport node) {
    PoolWindow window = window(node);
    boolean counts = node.attributes().flag("count_include_pad", false);
    node.setVolume(0, 0, node.named(node.volume(0)).averagePool(window, counts));
  }

  /** Small whole numbers are exact as f32. */
  private static Value wholeOrReal(NodeImport node) {
    return switch (node.type(0)) {
      case I8, U8 -> volumeOf(node, 0).cast(ElementType.F32);
      default -> node.volume(0);
    };
  }

  /** As {@link NodeImport#volume}, of any type. */
  private static Value volumeOf(NodeImport node, int input) {
    Value value = node.value(input);
    for (int axis = node.spaceAxes(input); axis < 3; axis++) {
      value = value.unsqueeze(2);
    }
    return value;
  }

  private static void max(NodeImport node) {
    PoolWindow window = window(node);
    boolean columns = node.attributes().flag("storage_order", false);
    Value input = wholeOrReal(node);
    if (!node.wants(1)) {
      node.setVolume(0, 0, node.named(input).maxPool(window));
      return;
    }
    int axes = node.spaceAxes(0);
    Step pool =
        Step.of(
                "max_pool",
                inputs -> {
                  SymbolicShape output = new Pools.Max(window).outputShape(inputs);
                  return List.of(output, output);
                },
                (in, out) -> {
                  MaxPool.apply(window, in.get(0), out.get(0), out.get(1));
                  toWhole(in.get(0).shape(), out.get(1), columns ? axes : 0);
                })
            .types(ElementType.F32, ElementType.I64);
    Value output = node.apply(pool, input);
    node.setVolume(0, 0, output);
    node.setVolume(1, output.further(1), axes);
  }

  /**
   * From places in a channel to those in the whole tensor, as ONNX counts them.
   *
   * @param columns axes of space if the first of them is the fastest, else 0
   */
  private static void toWhole(Shape input, Tensor indices, int columns) {
    long channel = input.size(2) * input.size(3) * input.size(4);
    long windows = indices.elementCount() / Math.max(1, input.size(0) * input.size(1));
    change(
        indices,
        (i, inChannel) -> {
          long place = columns > 0 ? byColumns(inChannel, input, columns) : inChannel;
          return i / windows * channel + place;
        });
  }

  /** What takes the place of a number at an index. */
  private interface Change {
    long of(int index, long number);
  }

  private static void change(Tensor numbers, Change change) {
    LongBuffer from = numbers.contents().asLongBuffer();
    numbers.fill(
        bytes -> {
          LongBuffer to = bytes.asLongBuffer();
          for (int i = 0; i < from.limit(); i++) {
            to.put(i, change.of(i, from.get(i)));
          }
        });
  }

  private static long byColumns(long place, Shape input, int axes) {
    long result = 0;
    long rest = place;
    long[] at = new long[axes];
    for (int axis = axes - 1; axis >= 0; axis--) {
      long size = input.size(5 - axes + axis);
      at[axis] = rest % size;
      rest /= size;
    }
    for (int axis = axes - 1; axis >= 0; axis--) {
      result = result * input.size(5 - axes + axis) + at[axis];
    }
    return result;
  }

  private static void lp(NodeImport node) {
    PoolWindow window = window(node);
    double p = node.attributes().integer("p", 2);
    Step pool =
        Step.ofOne(
            "lp_pool",
            new Pools.Max(window)::outputShape,
            (in, out) -> LpPool.apply(window, p, in.get(0), out.get(0)));
    node.setVolume(0, 0, node.apply(pool, node.volume(0)));
  }

  private static void global(NodeImport node, boolean max) {
    Value volume = node.named(node.volume(0));
    node.setVolume(
        0, 0, max ? volume.adaptiveMaxPool(1, 1, 1) : volume.adaptiveAveragePool(1, 1, 1));
  }

  private static void globalLp(NodeImport node) {
    double p = node.attributes().integer("p", 2);
    Step pool =
        Step.ofOne(
            "lp_pool",
            inputs -> {
              SymbolicShape input = inputs.get(0);
              return SymbolicShape.of(input.size(0), input.size(1), 1, 1, 1);
            },
            (in, out) -> {
              Shape input = in.get(0).shape();
              PoolWindow whole =
                  PoolWindow.kernel(input.size(2), input.size(3), input.size(4)).build();
              LpPool.apply(whole, p, in.get(0), out.get(0));
            });
    node.setVolume(0, 0, node.apply(pool, node.volume(0)));
  }

  private static void unpool(NodeImport node) {
    int axes = node.spaceAxes(0);
    Windows windows = windows(node);
    List<Size> wanted = node.has(2) ? node.sizes(2) : null;
    Step unpool =
        Step.ofOne(
            "max_unpool",
            inputs -> {
              SymbolicShape output = pooled(inputs.get(0), windows);
              for (int axis = 0; wanted != null && axis < axes; axis++) {
                output = output.with(5 - axes + axis, wanted.get(2 + axis));
              }
              return output;
            },
            (in, out) -> {
              Shape natural = pooled(SymbolicShape.of(in.get(0).shape()), windows).known();
              try (Tensor places = in.get(1).copy()) {
                toChannel(natural, places, out.get(0).shape());
                MaxUnpool.apply(in.get(0), places, out.get(0));
              }
            });
    node.setVolume(0, 0, node.apply(unpool, node.volume(0), volumeOf(node, 1)));
  }

  /** The least shape that the windows may have been of. */
  private static SymbolicShape pooled(SymbolicShape input, Windows windows) {
    SymbolicShape output = input;
    for (int axis = 0; axis < 3; axis++) {
      Size last = input.size(axis + 2).plus(-1).times(windows.stride()[axis]);
      long extent = windows.kernel()[axis] - windows.begin()[axis] - windows.end()[axis];
      output = output.with(axis + 2, last.plus(extent));
    }
    return output;
  }

  /** From places in the whole of the tensor that was pooled to those in a channel of the output. */
  private static void toChannel(Shape pooled, Tensor indices, Shape output) {
    change(
        indices,
        (i, inWhole) -> {
          long rest = inWhole;
          long place = 0;
          long step = 1;
          for (int axis = 4; axis >= 2; axis--) {
            place += rest % pooled.size(axis) * step;
            rest /= pooled.size(axis);
            step *= output.size(axis);
          }
          return place;
        });
  }
}
