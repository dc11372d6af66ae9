package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.op.PoolWindow;

/** The windows and shapes of a pool's case line; the counterpart of {@code pool/pool_case.h}. */
final class PoolSetup {
  private final long[] kernel;
  private final long[] stride;
  private final long[] dilation;
  private final long[] paddingBegin;
  private final long[] paddingEnd;
  private final boolean ceilMode;
  final Shape input;

  PoolSetup(CaseLine line) {
    kernel = slowestFirst(line.word("kernel", ""));
    stride = slowestFirst(line.word("stride", line.word("kernel", "")));
    dilation = slowestFirst(line.word("dilation", "1x1x1"));
    paddingBegin = slowestFirst(line.word("pad", "0x0x0"));
    paddingEnd = slowestFirst(line.word("pad_end", line.word("pad", "0x0x0")));
    ceilMode = line.flag("ceil", false);
    long[] shape = slowestFirst(line.word("shape", ""));
    input = Shape.of(line.integer("n", 1), line.integer("c", 1), shape[0], shape[1], shape[2]);
  }

  /** Within a run, as a case may want it refused. */
  PoolWindow window() {
    return PoolWindow.kernel(kernel[0], kernel[1], kernel[2])
        .stride(stride[0], stride[1], stride[2])
        .dilation(dilation[0], dilation[1], dilation[2])
        .paddingBegin(paddingBegin[0], paddingBegin[1], paddingBegin[2])
        .paddingEnd(paddingEnd[0], paddingEnd[1], paddingEnd[2])
        .ceilMode(ceilMode)
        .build();
  }

  Shape output() {
    return window().outputShape(input);
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
}
