package org.voxkern.onnx;

import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Normalizations;
import org.voxkern.graph.Operation;
import org.voxkern.graph.Size;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Value;
import org.voxkern.onnx.Operators.Mapper;
import org.voxkern.op.Activation;
import org.voxkern.op.Expand;
import org.voxkern.op.LayerNorm;
import org.voxkern.op.LocalResponseNorm;
import org.voxkern.op.LpNormalize;
import org.voxkern.op.Reduce;
import org.voxkern.op.Unary;

/** What brings values to a common scale. */
final class NormalizationOperators {
  private NormalizationOperators() {}

  static void addTo(Map<String, Mapper> operators) {
    operators.put("BatchNormalization", NormalizationOperators::batch);
    operators.put("InstanceNormalization", NormalizationOperators::instance);
    operators.put("GroupNormalization", NormalizationOperators::group);
    operators.put("LayerNormalization", NormalizationOperators::layer);
    operators.put("RMSNormalization", NormalizationOperators::rootMeanSquare);
    operators.put("LRN", NormalizationOperators::localResponse);
    operators.put("LpNormalization", NormalizationOperators::lp);
    operators.put("MeanVarianceNormalization", NormalizationOperators::meanVariance);
  }

  private static double epsilon(NodeImport node) {
    return node.attributes().number("epsilon", 1e-5);
  }

  private static void batch(NodeImport node) {
    Attributes attributes = node.attributes();
    double momentum = attributes.number("momentum", 0.9);
    if (!attributes.flag("spatial", true)) {
      throw new UnsupportedOperationException("statistics of each voxel by itself");
    }
    double epsilon = epsilon(node);
    if (attributes.flag("training_mode", false)) {
      trainedBatch(node, epsilon, momentum);
      return;
    }
    if (node.wants(1)) {
      throw new UnsupportedOperationException("statistics are outputs in training only");
    }
    Operation operation = new Normalizations.Batch(epsilon, true);
    node.keepFixed(3);
    node.keepFixed(4);
    Value[] parameters = {node.real(3), node.real(4), node.real(1), node.real(2)};
    setChannels(node, operation, parameters);
  }

  /** On (N, C, ...): volumes as they are, which lets what is before and behind be fused. */
  private static void setChannels(NodeImport node, Operation operation, Value... parameters) {
    Value volume = node.operand(0).volume();
    Value[] inputs = new Value[parameters.length + 1];
    System.arraycopy(parameters, 0, inputs, 1, parameters.length);
    inputs[0] = volume == null ? node.real(0) : node.volume(0);
    Value output = node.apply(operation, inputs);
    if (volume == null) {
      node.setReal(output);
    } else {
      node.setVolume(0, 0, output);
    }
  }

  /** By the statistics of what is given, and those that run with a part of it. */
  private static void trainedBatch(NodeImport node, double epsilon, double momentum) {
    Value input = node.real(0);
    int rank = node.rank(0);
    int[] axes = IntStream.range(0, rank).filter(axis -> axis != 1).toArray();
    Value mean = input.reduce(Reduce.Reduction.MEAN, true, axes);
    Value centered = input.subtract(mean);
    Value variance = centered.multiply(centered).reduce(Reduce.Reduction.MEAN, true, axes);
    Value deviation = variance.plus(epsilon).unary(Unary.Function.SQRT);
    Value scale = alongChannels(node.real(1), rank);
    Value shift = alongChannels(node.real(2), rank);
    node.setReal(centered.divide(deviation).multiply(scale).add(shift));
    Value[] now = {mean, variance};
    for (int statistic = 0; statistic < 2; statistic++) {
      Value before = node.real(3 + statistic).times(momentum);
      Value squeezed = now[statistic].squeeze(axes).times(1 - momentum);
      node.set(1 + statistic, before.add(squeezed).cast(node.type(3 + statistic)));
    }
  }

  private static Value alongChannels(Value vector, int rank) {
    Value value = vector;
    for (int axis = 2; axis < rank; axis++) {
      value = value.unsqueeze(axis - 1);
    }
    return value;
  }

  private static void instance(NodeImport node) {
    long channels = node.shape(0).known(1);
    Operation operation =
        new Normalizations.Group(channels, epsilon(node), true, Activation.none());
    setChannels(node, operation, node.real(1), node.real(2));
  }

  /** Scale and shift are those of groups before version 21. */
  private static void group(NodeImport node) {
    node.attributes().ignore("stash_type");
    long groups = node.attributes().required("num_groups");
    Operation operation = new Normalizations.Group(groups, epsilon(node), true, Activation.none());
    long channels = node.shape(0).known(1);
    Value[] parameters = new Value[2];
    for (int parameter = 0; parameter < 2; parameter++) {
      Value value = node.real(1 + parameter);
      boolean ofGroups = node.opset() < 21 && groups != channels;
      if (ofGroups) {
        Step repeat =
            Step.ofOne(
                "repeat",
                inputs -> SymbolicShape.of(Size.of(channels)),
                (in, out) -> {
                  Tensor once = in.get(0).view(ElementType.F32, Shape.of(groups, 1), 0);
                  Tensor all =
                      out.get(0).view(ElementType.F32, Shape.of(groups, channels / groups), 0);
                  Expand.to(all.shape()).apply(once, all);
                });
        value = repeat.on(value);
      }
      parameters[parameter] = value;
    }
    setChannels(node, operation, parameters);
  }

  private static void layer(NodeImport node) {
    node.attributes().ignore("stash_type");
    int axis = node.axis(0, node.attributes().integer("axis", -1));
    SymbolicShape normalized = from(node.shape(0), axis);
    double epsilon = epsilon(node);
    if (!node.shape(1).equals(normalized) || node.has(2) && !node.shape(2).equals(normalized)) {
      broadcastLayer(node, axis, epsilon);
      return;
    }
    Value input = node.real(0);
    Value shift = node.has(2) ? node.real(2) : node.real(1).times(0);
    Value output = node.apply(new Normalizations.Layer(axis, epsilon), input, node.real(1), shift);
    node.setReal(output);
    for (int statistic = 1; statistic <= 2; statistic++) {
      if (node.wants(statistic)) {
        Value value = output.further(statistic);
        for (int kept = axis; kept < node.rank(0); kept++) {
          value = value.unsqueeze(axis);
        }
        node.set(statistic, value);
      }
    }
  }

  private static SymbolicShape from(SymbolicShape shape, int axis) {
    return SymbolicShape.of(shape.sizes().subList(axis, shape.rank()));
  }

  /** With a scale and a shift of another shape, which are applied after. */
  private static void broadcastLayer(NodeImport node, int axis, double epsilon) {
    if (node.wants(1) || node.wants(2)) {
      throw new UnsupportedOperationException("statistics where the scale is broadcast");
    }
    LayerNorm norm = LayerNorm.builder().axis(axis).epsilon(epsilon).build();
    Step step =
        Step.ofEach("layer_norm", (in, out) -> norm.apply(in.get(0), null, null, out.get(0)));
    Value output = step.on(node.real(0)).multiply(node.real(1));
    node.setReal(node.has(2) ? output.add(node.real(2)) : output);
  }

  private static void rootMeanSquare(NodeImport node) {
    node.attributes().ignore("stash_type");
    int axis = node.axis(0, node.attributes().integer("axis", -1));
    LayerNorm norm =
        LayerNorm.builder().axis(axis).epsilon(epsilon(node)).rootMeanSquare(true).build();
    Step step = Step.ofEach("rms_norm", (in, out) -> norm.apply(in.get(0), null, null, out.get(0)));
    node.setReal(node.named(step.on(node.real(0))).multiply(node.real(1)));
  }

  private static void localResponse(NodeImport node) {
    Attributes attributes = node.attributes();
    LocalResponseNorm norm =
        LocalResponseNorm.builder(attributes.required("size"))
            .alpha(attributes.number("alpha", 1e-4))
            .beta(attributes.number("beta", 0.75))
            .bias(attributes.number("bias", 1))
            .build();
    Step step = Step.ofEach("local_response_norm", (in, out) -> norm.apply(in.get(0), out.get(0)));
    node.setReal(node.apply(step, node.real(0)));
  }

  private static void lp(NodeImport node) {
    int axis = node.axis(0, node.attributes().integer("axis", -1));
    int p = (int) node.attributes().integer("p", 2);
    LpNormalize norm = LpNormalize.of(axis, p, 0);
    Step step = Step.ofEach("lp_normalize", (in, out) -> norm.apply(in.get(0), out.get(0)));
    node.setReal(node.apply(step, node.real(0)));
  }

  private static void meanVariance(NodeImport node) {
    long[] given = node.attributes().integers("axes");
    int[] axes =
        (given == null ? IntStream.of(0, 2, 3).asLongStream() : LongStream.of(given))
            .mapToInt(axis -> node.axis(0, axis))
            .toArray();
    Value input = node.real(0);
    Value centered = input.subtract(input.reduce(Reduce.Reduction.MEAN, true, axes));
    Value variance = centered.multiply(centered).reduce(Reduce.Reduction.MEAN, true, axes);
    // ONNX's formula adds this to the deviation.
    node.setReal(node.named(centered).divide(variance.unary(Unary.Function.SQRT).plus(1e-9)));
  }
}
