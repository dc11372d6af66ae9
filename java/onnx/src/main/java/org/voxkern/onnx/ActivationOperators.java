package org.voxkern.onnx;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.LongStream;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Value;
import org.voxkern.onnx.Operators.Mapper;
import org.voxkern.op.Activation;
import org.voxkern.op.ArgReduce;
import org.voxkern.op.Binary;
import org.voxkern.op.Convert;
import org.voxkern.op.Expand;
import org.voxkern.op.OneHot;

/** Functions between layers, softmax, dropout. */
final class ActivationOperators {
  private ActivationOperators() {}

  static void addTo(Map<String, Mapper> operators) {
    add(operators, "Relu", attributes -> Activation.relu());
    add(operators, "LeakyRelu", given -> Activation.leakyRelu(given.number("alpha", 0.01)));
    add(
        operators,
        "ThresholdedRelu",
        given -> Activation.thresholdedRelu(given.number("alpha", 1)));
    add(operators, "Elu", given -> Activation.elu(given.number("alpha", 1)));
    add(operators, "Celu", given -> Activation.celu(given.number("alpha", 1)));
    add(operators, "Sigmoid", given -> Activation.sigmoid());
    add(
        operators,
        "HardSigmoid",
        given -> Activation.hardSigmoid(given.number("alpha", 0.2), given.number("beta", 0.5)));
    add(operators, "Tanh", given -> Activation.tanh());
    add(operators, "Swish", given -> Activation.swish(given.number("alpha", 1)));
    add(operators, "HardSwish", given -> Activation.hardSwish());
    add(operators, "Softplus", given -> Activation.softplus(1));
    add(operators, "Softsign", given -> Activation.softsign());
    add(operators, "Mish", given -> Activation.mish());
    add(
        operators,
        "Gelu",
        given ->
            given.word("approximate", "none", "none", "tanh").equals("tanh")
                ? Activation.geluTanh()
                : Activation.gelu());
    operators.put("Selu", ActivationOperators::selu);
    operators.put("PRelu", ActivationOperators::prelu);
    operators.put("Shrink", ActivationOperators::shrink);
    operators.put("Softmax", node -> softmax(node, false));
    operators.put("LogSoftmax", node -> softmax(node, true));
    operators.put("Hardmax", ActivationOperators::hardmax);
    operators.put("Dropout", ActivationOperators::dropout);
  }

  private static void add(
      Map<String, Mapper> operators, String name, Function<Attributes, Activation> activation) {
    operators.put(
        name,
        node -> {
          Activation function = activation.apply(node.attributes());
          node.setEach(value -> value.activation(function));
        });
  }

  /** gamma times the ELU, whose constants may be others than those of the paper. */
  private static void selu(NodeImport node) {
    double alpha = node.attributes().number("alpha", 1.67326319217681884765625);
    double gamma = node.attributes().number("gamma", 1.05070102214813232421875);
    boolean usual = Math.abs(alpha - 1.6732632) < 1e-6 && Math.abs(gamma - 1.0507010) < 1e-6;
    node.setEach(
        value ->
            usual
                ? value.activation(Activation.selu())
                : value.activation(Activation.elu(alpha)).times(gamma));
  }

  private static void prelu(NodeImport node) {
    Value input = node.real(0);
    Value slope = node.real(1);
    SymbolicShape shape = node.shape(1);
    boolean ofChannels = node.rank(0) >= 2 && shape.rank() == node.rank(0) - 1;
    for (int axis = 1; ofChannels && axis < shape.rank(); axis++) {
      ofChannels = shape.size(axis).is(1);
    }
    if (ofChannels) {
      Step step =
          Step.ofEach(
              "prelu",
              (in, out) -> {
                Tensor slopes = in.get(1);
                Shape vector = Shape.of(slopes.elementCount());
                Activation.prelu(in.get(0), slopes.view(slopes.type(), vector, 0), out.get(0));
              });
      node.setReal(node.apply(step, input, slope));
      return;
    }
    Value zero = node.importer().builder().constant(new float[] {0});
    Value below = input.binary(Binary.Function.LESS, zero);
    node.setReal(node.apply(ElementwiseOperators.WHERE, below, input.multiply(slope), input));
  }

  /** 0 within a distance of 0, beyond it the input brought nearer. */
  private static void shrink(NodeImport node) {
    double distance = node.attributes().number("lambd", 0.5);
    double bias = node.attributes().number("bias", 0);
    Value input = node.real(0);
    Value zero = node.scalar(0, ElementType.F32);
    Value above = input.binary(Binary.Function.GREATER, node.scalar(distance, ElementType.F32));
    Value below = input.binary(Binary.Function.LESS, node.scalar(-distance, ElementType.F32));
    Value upper =
        node.apply(ElementwiseOperators.WHERE, above, input.plus(-bias), zero.expandLike(input));
    node.setReal(ElementwiseOperators.WHERE.on(below, input.plus(bias), upper));
  }

  /** The axis, and before version 13 all behind it together, which the output is reshaped from. */
  private static void softmax(NodeImport node, boolean logarithm) {
    alongAxis(node, (value, axis) -> logarithm ? value.logSoftmax(axis) : value.softmax(axis));
  }

  private interface Along {
    Value apply(Value value, int axis);
  }

  private static void alongAxis(NodeImport node, Along function) {
    boolean old = node.opset() < 13;
    int axis = node.axis(0, node.attributes().integer("axis", old ? 1 : -1));
    Value input = node.real(0);
    if (!old || axis == node.rank(0) - 1) {
      node.setReal(function.apply(node.named(input), axis));
      return;
    }
    Shape shape = Step.known(List.of(node.shape(0))).get(0);
    long rows = LongStream.of(shape.toArray()).limit(axis).reduce(1, (a, b) -> a * b);
    Object[] sizes = LongStream.of(shape.toArray()).boxed().toArray();
    Value flat = input.reshape(rows, shape.elementCount() / Math.max(1, rows));
    node.setReal(function.apply(node.named(flat), 1).reshape(sizes));
  }

  private static void hardmax(NodeImport node) {
    alongAxis(node, (value, axis) -> hardmax(axis).on(value));
  }

  /** 1 at the first of the greatest. */
  private static Step hardmax(int axis) {
    return Step.ofEach(
        "hardmax",
        (in, out) -> {
          Tensor input = in.get(0);
          ArgReduce first = ArgReduce.max(axis).withoutAxis();
          Shape where = first.outputShape(input.shape());
          try (Tensor indices = Tensor.uninitialized(input.context(), ElementType.I64, where)) {
            first.apply(input, indices);
            OneHot.of(axis, input.shape().size(axis)).apply(indices, out.get(0));
          }
        });
  }

  /** Nothing is dropped; the mask says so. */
  private static void dropout(NodeImport node) {
    Attributes attributes = node.attributes();
    attributes.ignore("seed");
    double ratio = attributes.number("ratio", 0.5);
    if (node.has(1) && node.operand(1).tensor() != null) {
      ratio = node.number(1);
    }
    if (node.has(2) && node.integer(2) != 0 && node.number(1) != 0) {
      throw new UnsupportedOperationException("dropping in training is random");
    }
    ElementType type = node.type(0);
    node.set(node.named(node.value(0)).dropout(ratio, false));
    if (node.wants(1)) {
      Step mask =
          Step.ofEach(
                  "dropout_mask",
                  (in, out) -> {
                    try (Tensor one = Tensor.of(in.get(0).context(), new float[] {1});
                        Tensor kept = Convert.to(one, out.get(0).type())) {
                      Expand.to(out.get(0).shape()).apply(kept, out.get(0));
                    }
                  })
              .types(node.opset() < 10 ? type : ElementType.BOOL);
      node.set(1, mask.on(node.value(0)));
    }
  }
}
