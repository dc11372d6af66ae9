package org.voxkern.cases;

import java.util.Arrays;
import org.voxkern.Shape;
import org.voxkern.op.Histogram;

final class HistogramCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    Shape shape = test.line().shape("shape");
    double low = test.line().number("low", -100);
    double high = test.line().number("high", 100);
    double from = test.line().number("from", low);
    double to = test.line().number("to", high);
    int bins = (int) test.line().integer("bins", 32);
    if (test.line().word("break", "").startsWith("counts:")) {
      throw new org.opentest4j.TestAbortedException("Java makes the counts itself");
    }
    Input image = test.spoil(test.uniform("image", shape, low, high));
    Input mask = test.mask("mask", shape);
    test.run(
        call -> {
          long[] counts = Histogram.of(call.tensor(image), call.tensor(mask), from, to, bins);
          call.value("counts", Bound.exact(), Arrays.stream(counts).asDoubleStream().toArray());
        });
  }
}
