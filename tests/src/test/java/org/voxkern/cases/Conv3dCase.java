package org.voxkern.cases;

import java.util.Arrays;
import java.util.Locale;
import org.opentest4j.TestAbortedException;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Conv3d;

final class Conv3dCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    long groups = line.integer("groups", 1);
    long[] shape = slowestFirst(line.word("shape", ""));
    long[] kernel = slowestFirst(line.word("kernel", ""));
    long[] stride = slowestFirst(line.word("stride", "1x1x1"));
    long[] dilation = slowestFirst(line.word("dilation", "1x1x1"));
    long[] begin = slowestFirst(line.word("pad", "0x0x0"));
    long[] end = slowestFirst(line.word("pad_end", line.word("pad", "0x0x0")));
    String activation = line.word("activation", "none");
    double slope = line.number("slope", 0.01);
    long batch = line.integer("n", 1);
    long in = line.integer("in", 1);
    long out = line.integer("out", 1);
    boolean exact = line.flag("exact", false);
    Bound bound = exact ? Bound.exact() : Bound.ofLargest(line.number("bound", 4e-6));
    if (line.word("break", "").startsWith("packed:")) {
      throw new TestAbortedException("Java packs the weights itself");
    }
    Shape inputShape = Shape.of(batch, in, shape[0], shape[1], shape[2]);
    long inEach = groups > 0 ? in / groups : in;
    Shape weightShape = Shape.of(out, inEach, kernel[0], kernel[1], kernel[2]);
    Input input = values(test, "input", inputShape, exact);
    Input weights = values(test, "weights", weightShape, exact);
    test.spoil(input);
    Input bias = line.flag("bias", false) ? test.integers("bias", Shape.of(out), -9, 9) : null;
    boolean residual = line.flag("residual", false);
    test.run(
        call -> {
          Conv3d conv =
              Conv3d.builder()
                  .groups(groups)
                  .stride(stride[0], stride[1], stride[2])
                  .dilation(dilation[0], dilation[1], dilation[2])
                  .paddingBegin(begin[0], begin[1], begin[2])
                  .paddingEnd(end[0], end[1], end[2])
                  .activation(activation(activation))
                  .negativeSlope(slope)
                  .build();
          Shape outputShape = conv.outputShape(inputShape, weightShape);
          Input added = residual ? test.integers("residual", outputShape, -9, 9) : null;
          Tensor packing = call.tensor(weights);
          Tensor image = call.tensor(input);
          Tensor b = call.tensor(bias);
          Tensor r = call.tensor(added);
          conv.apply(
              image,
              conv.pack(packing, inputShape),
              b,
              r,
              call.output("output", test.type(), outputShape, bound));
          Tensor unpacked =
              call.output("output of unpacked weights", test.type(), outputShape, bound);
          conv.apply(image, packing, b, r, unpacked);
        });
  }

  private static Input values(Case test, String name, Shape shape, boolean exact) {
    return exact ? test.integers(name, shape, -4, 4) : test.uniform(name, shape, -1, 1);
  }

  /** Not a Shape: the sizes of cases that must be refused may be negative. */
  private static long[] slowestFirst(String sizes) {
    String[] parts = sizes.split("x");
    long[] result = new long[parts.length];
    for (int i = 0; i < parts.length; i++) {
      result[parts.length - 1 - i] = Long.parseLong(parts[i]);
    }
    return result;
  }

  private static Conv3d.Activation activation(String name) {
    return Arrays.stream(Conv3d.Activation.values())
        .filter(a -> a.name().toLowerCase(Locale.ROOT).startsWith(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("activation=" + name));
  }
}
