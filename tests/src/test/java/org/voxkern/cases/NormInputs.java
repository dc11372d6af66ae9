package org.voxkern.cases;

import java.util.function.IntToDoubleFunction;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Activation;

/** What the cases of the normalisations share; the counterpart of native/cases/normalization.h. */
final class NormInputs {
  static final Bound OUTPUT = new Bound(0, 1e-6, 2e-6, 0);
  static final Bound MEAN = new Bound(1e-6, 1e-6, 1e-6, 0);
  static final Bound INVERSE = Bound.relative(1e-6);
  static final Bound INPUT_GRADIENT = new Bound(0, 4e-6, 4e-6, 0);

  final Shape shape;
  final Input input;
  final Input scale;
  final Input shift;

  /** Whether the statistics are asked for; of a gradient: all three gradients or the input's. */
  final boolean saved;

  private NormInputs(Case test, Shape shape, Shape scaleShape) {
    CaseLine line = test.line();
    this.shape = shape;
    double offset = line.number("offset", 0);
    input = test.spoil(test.uniform("input", shape, offset - 2, offset + 2));
    scale = line.flag("scale", true) ? test.uniform("scale", scaleShape, 0.5, 1.5) : null;
    shift = line.flag("shift", true) ? test.uniform("shift", scaleShape, -0.5, 0.5) : null;
    saved = line.flag("saved", true);
  }

  /** With scale and shift a channel. */
  static NormInputs ofChannels(Case test) {
    Shape shape = test.line().shape("shape");
    return new NormInputs(test, shape, Shape.of(shape.size(1)));
  }

  static NormInputs of(Case test, Shape shape, Shape scaleShape) {
    return new NormInputs(test, shape, scaleShape);
  }

  static Activation activation(CaseLine line) {
    double slope = line.number("slope", 0.01);
    return switch (line.word("activation", "none")) {
      case "none" -> Activation.of(Activation.Kind.NONE, slope, 0);
      case "relu" -> Activation.of(Activation.Kind.RELU, slope, 0);
      case "leaky" -> Activation.leakyRelu(slope);
      default -> Activation.mish();
    };
  }

  /** Mean and 1 / sqrt(variance + epsilon) of {@code count} values. */
  static void setMoments(
      int count, double epsilon, int element, Input mean, Input inverse, IntToDoubleFunction at) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += at.applyAsDouble(i);
    }
    double average = count > 0 ? sum / count : 0;
    double squares = 0;
    for (int i = 0; i < count; i++) {
      squares += (at.applyAsDouble(i) - average) * (at.applyAsDouble(i) - average);
    }
    mean.set(element, average);
    inverse.set(element, 1 / Math.sqrt((count > 0 ? squares / count : 0) + epsilon));
  }

  /** A statistic that is written where the case asks for it. */
  Tensor statistic(Case test, Call call, String name, Shape statistics, Bound bound) {
    return saved ? call.output(name, test.type(), statistics, bound) : null;
  }

  Tensor inputGradient(Case test, Call call) {
    return call.output("input_gradient", test.type(), shape, INPUT_GRADIENT);
  }

  /** The gradient of scale or shift, where the case asks for it. */
  Tensor sums(Case test, Call call, String name, Shape scaleShape) {
    if (!saved) {
      return null;
    }
    long values = Math.max(1, scaleShape.elementCount());
    double absolute = 2e-5 + 1e-8 * (input.count() / values);
    return call.output(name, test.type(), scaleShape, new Bound(0, absolute, 4e-6, 0));
  }
}
