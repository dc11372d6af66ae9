package org.voxkern.cases;

import java.util.Arrays;
import java.util.Locale;
import org.opentest4j.TestAbortedException;
import org.voxkern.Shape;
import org.voxkern.op.Conv3d;

/** What a case line says about a convolution, its gradients or a transposed convolution. */
final class Conv3dSetup {
  final Case test;
  final boolean exact;
  final long groups;
  final long[] shape;
  final long[] kernel;
  final long[] stride;
  final long[] dilation;
  final long[] begin;
  final long[] end;
  final Conv3d.Activation activation;
  final double slope;
  final double accuracy;
  final long batch;
  final long in;
  final long out;

  Conv3dSetup(Case test) {
    this.test = test;
    CaseLine line = test.line();
    groups = line.integer("groups", 1);
    shape = slowestFirst(line.word("shape", ""));
    kernel = slowestFirst(line.word("kernel", ""));
    stride = slowestFirst(line.word("stride", "1x1x1"));
    dilation = slowestFirst(line.word("dilation", "1x1x1"));
    begin = slowestFirst(line.word("pad", "0x0x0"));
    end = slowestFirst(line.word("pad_end", line.word("pad", "0x0x0")));
    String word = line.word("activation", "none");
    activation =
        Arrays.stream(Conv3d.Activation.values())
            .filter(a -> a.name().toLowerCase(Locale.ROOT).startsWith(word))
            .findFirst()
            .orElse(null);
    slope = line.number("slope", 0.01);
    accuracy = line.number("accuracy", 0);
    batch = line.integer("n", 1);
    in = line.integer("in", 1);
    out = line.integer("out", 1);
    exact = line.flag("exact", false);
    // Properties, which the native runner looks at.
    line.flag("adjoint", false);
    line.flag("differences", false);
    if (line.word("break", "").startsWith("packed:")) {
      throw new TestAbortedException("Java packs the weights itself");
    }
  }

  Shape input() {
    return Shape.of(batch, in, shape[0], shape[1], shape[2]);
  }

  /** Of a convolution. */
  Shape weights() {
    return Shape.of(out, groups > 0 ? in / groups : in, kernel[0], kernel[1], kernel[2]);
  }

  /** Of a transposed convolution. */
  Shape transposedWeights() {
    return Shape.of(in, groups > 0 ? out / groups : out, kernel[0], kernel[1], kernel[2]);
  }

  Input values(String name, Shape of) {
    return exact ? test.integers(name, of, -4, 4) : test.uniform(name, of, -1, 1);
  }

  Bound bound(double ofLargest) {
    return exact ? Bound.exact() : Bound.ofLargest(test.line().number("bound", ofLargest));
  }

  Conv3d convolution() {
    return Conv3d.builder()
        .groups(groups)
        .stride(stride[0], stride[1], stride[2])
        .dilation(dilation[0], dilation[1], dilation[2])
        .paddingBegin(begin[0], begin[1], begin[2])
        .paddingEnd(end[0], end[1], end[2])
        .activation(activation())
        .negativeSlope(slope)
        .accuracy(accuracy == 0 ? Conv3d.USUAL_ACCURACY : accuracy)
        .build();
  }

  Conv3d.Activation activation() {
    if (activation == null) {
      throw new IllegalArgumentException("activation=" + test.line().word("activation", ""));
    }
    return activation;
  }

  /** Not a Shape: the sizes of cases that must be refused may be negative. */
  static long[] slowestFirst(String sizes) {
    String[] parts = sizes.split("x");
    long[] result = new long[parts.length];
    for (int i = 0; i < parts.length; i++) {
      result[parts.length - 1 - i] = Long.parseLong(parts[i]);
    }
    return result;
  }
}
