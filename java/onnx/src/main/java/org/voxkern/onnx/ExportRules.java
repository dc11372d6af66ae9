package org.voxkern.onnx;

import static org.voxkern.onnx.ExportGraph.flag;
import static org.voxkern.onnx.ExportGraph.integer;
import static org.voxkern.onnx.ExportGraph.integers;
import static org.voxkern.onnx.ExportGraph.number;
import static org.voxkern.onnx.ExportGraph.text;

import ai.onnx.proto.OnnxMl.AttributeProto;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.voxkern.Shape;
import org.voxkern.graph.Constants;
import org.voxkern.graph.Convolution;
import org.voxkern.graph.Dropping;
import org.voxkern.graph.FurtherOutput;
import org.voxkern.graph.Node;
import org.voxkern.graph.Normalizations;
import org.voxkern.graph.OneHotAlong;
import org.voxkern.graph.Operation;
import org.voxkern.graph.Pools;
import org.voxkern.graph.Products;
import org.voxkern.graph.Recurrent;
import org.voxkern.graph.Reductions;
import org.voxkern.graph.TransposedConvolution;
import org.voxkern.op.Activation;
import org.voxkern.op.Conv3d;
import org.voxkern.op.Conv3dTransposed;
import org.voxkern.op.PoolWindow;

/** What each operation of a graph is in ONNX. */
final class ExportRules {
  private ExportRules() {}

  /**
   * Adds the nodes of a node.
   *
   * @throws UnsupportedOperationException if ONNX cannot express it
   */
  static void add(ExportGraph graph, Node node) {
    Operation operation = node.operation();
    if (operation instanceof Convolution convolution) {
      convolution(graph, node, convolution);
    } else if (operation instanceof TransposedConvolution convolution) {
      transposed(graph, node, convolution);
    } else if (operation instanceof Products.Linear linear) {
      linear(graph, node, linear);
    } else if (operation instanceof Products.Product) {
      graph.put("MatMul", graph.name(node), graph.inputs(node));
    } else if (operation instanceof Normalizations.Group norm) {
      group(graph, node, norm);
    } else if (operation instanceof Normalizations.Batch norm) {
      batch(graph, node, norm);
    } else if (operation instanceof Normalizations.Layer norm) {
      graph.put(
          "LayerNormalization",
          graph.name(node),
          graph.inputs(node),
          integer("axis", norm.axis()),
          number("epsilon", norm.epsilon()));
    } else if (operation instanceof Pools.Max max) {
      pool(graph, node, "MaxPool", max.window(), List.of());
    } else if (operation instanceof Pools.Average average) {
      List<AttributeProto> counts = List.of(flag("count_include_pad", average.paddingCounts()));
      pool(graph, node, "AveragePool", average.window(), counts);
    } else if (operation instanceof Pools.Adaptive pool) {
      adaptive(graph, node, pool);
    } else if (operation instanceof Reductions.Along along) {
      reduce(graph, node, along);
    } else if (operation instanceof Dropping dropping && !dropping.training()) {
      dropout(graph, node, dropping);
    } else if (operation instanceof OneHotAlong oneHot) {
      String depth = graph.constant(graph.name(node) + ".depth", oneHot.depth());
      String values =
          graph.initializer(
              graph.free(graph.name(node) + ".values"), ExportGraph.floats(Shape.of(2), 0, 1));
      graph.put(
          "OneHot",
          graph.name(node),
          List.of(graph.input(node, 0), depth, values),
          integer("axis", oneHot.axis()));
    } else if (operation instanceof Recurrent layer) {
      recurrent(graph, node, layer);
    } else if (operation instanceof FurtherOutput output) {
      further(node.inputs().get(0).operation(), output.number());
    } else if (operation instanceof Constants.Numbers numbers) {
      graph.fixed(
          graph.name(node),
          ExportGraph.tensor(numbers.elementType(), numbers.shape(), numbers.bytes()));
    } else if (!ElementwiseExport.add(graph, node)
        && !LayoutExport.add(graph, node)
        && !SamplingExport.add(graph, node)) {
      throw new UnsupportedOperationException("there is no operator or function for it");
    }
  }

  private static void recurrent(ExportGraph graph, Node node, Recurrent layer) {
    graph.call(
        Functions.recurrent(layer),
        graph.outputs(node, 1 + layer.kind().stateCount()),
        graph.inputs(node),
        integer("hidden_size", node.shape().known(2)),
        text("direction", layer.reverse() ? "reverse" : "forward"));
  }

  /** The call of the function that has the outputs writes them. */
  private static void further(Operation operation, int number) {
    if (!(operation instanceof Recurrent layer)) {
      throw new UnsupportedOperationException("'" + operation.type() + "' has one output there");
    }
    if (number > layer.kind().stateCount()) {
      throw new UnsupportedOperationException("what a gradient needs is no output there");
    }
  }

  /** Begin of all axes, then their ends, as ONNX has it. */
  static long[] pads(long[] begin, long[] end) {
    return LongStream.concat(LongStream.of(begin), LongStream.of(end)).toArray();
  }

  /** The name of what comes before a residual and an activation, where there are such. */
  private static String inner(ExportGraph graph, Node node, boolean more) {
    return more ? graph.free(graph.name(node) + ".sum") : graph.name(node);
  }

  /** Adds the residual and the activation that an operation applies itself. */
  private static void finish(
      ExportGraph graph, Node node, String sum, boolean residual, Activation activation) {
    boolean activates = activation.kind() != Activation.Kind.NONE;
    String added = sum;
    if (residual) {
      String last = graph.input(node, node.inputs().size() - 1);
      added = inner(graph, node, activates);
      graph.put("Add", added, List.of(sum, last));
    }
    if (activates) {
      ElementwiseExport.activation(graph, activation, added, graph.name(node));
    }
  }

  private static Activation fused(Conv3d.Activation kind, double slope) {
    return switch (kind) {
      case NONE -> Activation.none();
      case RELU -> Activation.relu();
      case LEAKY_RELU -> Activation.leakyRelu(slope);
    };
  }

  private static void convolution(ExportGraph graph, Node node, Convolution operation) {
    Conv3d convolution = operation.convolution();
    Activation activation = fused(convolution.activation(), convolution.negativeSlope());
    boolean more = operation.residual() || activation.kind() != Activation.Kind.NONE;
    String sum = inner(graph, node, more);
    graph.put(
        "Conv",
        sum,
        graph.inputs(node).subList(0, operation.bias() ? 3 : 2),
        integers("kernel_shape", kernel(node)),
        integers("strides", convolution.stride()),
        integers("dilations", convolution.dilation()),
        integers("pads", pads(convolution.paddingBegin(), convolution.paddingEnd())),
        integer("group", convolution.groups()));
    finish(graph, node, sum, operation.residual(), activation);
  }

  private static long[] kernel(Node node) {
    var weights = node.inputs().get(1).shape();
    return new long[] {weights.known(2), weights.known(3), weights.known(4)};
  }

  private static void transposed(ExportGraph graph, Node node, TransposedConvolution operation) {
    Conv3dTransposed convolution = operation.convolution();
    Activation activation = fused(convolution.activation(), convolution.negativeSlope());
    boolean more = operation.residual() || activation.kind() != Activation.Kind.NONE;
    String sum = inner(graph, node, more);
    graph.put(
        "ConvTranspose",
        sum,
        graph.inputs(node).subList(0, operation.bias() ? 3 : 2),
        integers("kernel_shape", kernel(node)),
        integers("strides", convolution.stride()),
        integers("dilations", convolution.dilation()),
        integers("pads", pads(convolution.paddingBegin(), convolution.paddingEnd())),
        integers("output_padding", convolution.outputPadding()),
        integer("group", convolution.groups()));
    finish(graph, node, sum, operation.residual(), activation);
  }

  private static void linear(ExportGraph graph, Node node, Products.Linear linear) {
    String sum = inner(graph, node, linear.activation().kind() != Activation.Kind.NONE);
    if (node.inputs().get(0).shape().rank() == 2) {
      graph.put("Gemm", sum, graph.inputs(node), integer("transB", 1));
    } else {
      graph.call(linear.bias() ? "DenseWithBias" : "Dense", sum, graph.inputs(node));
    }
    finish(graph, node, sum, false, linear.activation());
  }

  private static void group(ExportGraph graph, Node node, Normalizations.Group norm) {
    long channels = node.inputs().get(0).shape().known(1);
    String sum = inner(graph, node, norm.activation().kind() != Activation.Kind.NONE);
    List<String> inputs = graph.inputs(node);
    if (!norm.affine()) {
      inputs.add(graph.filled(graph.name(node) + ".scale", 1, channels));
      inputs.add(graph.filled(graph.name(node) + ".shift", 0, channels));
    }
    AttributeProto epsilon = number("epsilon", norm.epsilon());
    if (norm.groups() == channels && node.inputs().get(0).shape().rank() > 2) {
      graph.put("InstanceNormalization", sum, inputs, epsilon);
    } else {
      AttributeProto groups = integer("num_groups", norm.groups());
      graph.put("GroupNormalization", sum, inputs, epsilon, groups);
    }
    finish(graph, node, sum, false, norm.activation());
  }

  private static void batch(ExportGraph graph, Node node, Normalizations.Batch norm) {
    if (norm.training()) {
      throw new UnsupportedOperationException("it is a batch norm that is trained");
    }
    long channels = node.inputs().get(0).shape().known(1);
    String sum = inner(graph, node, norm.activation().kind() != Activation.Kind.NONE);
    String name = graph.name(node);
    List<String> inputs = new ArrayList<>(List.of(graph.input(node, 0)));
    inputs.add(norm.affine() ? graph.input(node, 3) : graph.filled(name + ".scale", 1, channels));
    inputs.add(norm.affine() ? graph.input(node, 4) : graph.filled(name + ".shift", 0, channels));
    inputs.add(graph.input(node, 1));
    inputs.add(graph.input(node, 2));
    graph.put("BatchNormalization", sum, inputs, number("epsilon", norm.epsilon()));
    finish(graph, node, sum, false, norm.activation());
  }

  private static void pool(
      ExportGraph graph,
      Node node,
      String operator,
      PoolWindow window,
      List<AttributeProto> further) {
    if (window.ceilMode()) {
      // Older operators do not say what a window is that begins in the padding at the end.
      graph.requireOpset(22);
    }
    List<AttributeProto> attributes = new ArrayList<>(further);
    attributes.add(integers("kernel_shape", window.kernel()));
    attributes.add(integers("strides", window.stride()));
    attributes.add(integers("dilations", window.dilation()));
    attributes.add(integers("pads", pads(window.paddingBegin(), window.paddingEnd())));
    attributes.add(flag("ceil_mode", window.ceilMode()));
    graph.put(
        operator, graph.name(node), graph.inputs(node), attributes.toArray(new AttributeProto[0]));
  }

  private static void adaptive(ExportGraph graph, Node node, Pools.Adaptive pool) {
    if (pool.z() != 1 || pool.y() != 1 || pool.x() != 1) {
      graph.call(
          AdaptiveFunctions.name(pool.max()),
          graph.name(node),
          graph.inputs(node),
          integer("depth", pool.z()),
          integer("height", pool.y()),
          integer("width", pool.x()));
      return;
    }
    String operator = pool.max() ? "GlobalMaxPool" : "GlobalAveragePool";
    graph.put(operator, graph.name(node), graph.inputs(node));
  }

  private static void reduce(ExportGraph graph, Node node, Reductions.Along along) {
    String operator =
        switch (along.reduction()) {
          case SUM -> "ReduceSum";
          case MEAN -> "ReduceMean";
          case MAX -> "ReduceMax";
          case MIN -> "ReduceMin";
          case PRODUCT -> "ReduceProd";
          case L1 -> "ReduceL1";
          case L2 -> "ReduceL2";
          case SUM_SQUARE -> "ReduceSumSquare";
          case LOG_SUM -> "ReduceLogSum";
          case LOG_SUM_EXP -> "ReduceLogSumExp";
        };
    List<String> inputs = graph.inputs(node);
    if (!along.axes().isEmpty()) {
      long[] axes = along.axes().stream().mapToLong(Integer::longValue).toArray();
      inputs.add(graph.constant(graph.name(node) + ".axes", axes));
    }
    graph.put(operator, graph.name(node), inputs, flag("keepdims", along.keepAxes()));
  }

  private static void dropout(ExportGraph graph, Node node, Dropping dropping) {
    if (dropping.wholeChannels()) {
      // ONNX's drops single elements; in inference both are the identity.
      graph.put("Identity", graph.name(node), graph.inputs(node));
      return;
    }
    String ratio = graph.scalar(graph.name(node) + ".ratio", dropping.probability());
    graph.put("Dropout", graph.name(node), List.of(graph.input(node, 0), ratio));
  }
}
