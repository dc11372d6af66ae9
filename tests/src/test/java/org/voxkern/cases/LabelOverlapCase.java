package org.voxkern.cases;

import java.util.Arrays;
import java.util.Locale;
import org.opentest4j.TestAbortedException;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.op.LabelOverlap;
import org.voxkern.testing.SplitMix64;

final class LabelOverlapCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    Shape shape = test.line().shape("shape");
    double low = test.line().number("low", 0);
    double high = test.line().number("high", 5);
    long first = test.line().integer("first", 0);
    int labels = (int) test.line().integer("labels", 8);
    long run = test.line().integer("run", 40);
    String other = test.line().word("other", "u8").toUpperCase(Locale.ROOT);
    if (test.line().word("break", "").startsWith("counts:")) {
      throw new TestAbortedException("Java makes the counts itself");
    }
    Input a = test.input("a", test.type(), shape);
    Input b = test.input("b", ElementType.valueOf(other), shape);
    paint(a, new SplitMix64(test.line().seed(), "a"), low, high, run);
    paint(b, new SplitMix64(test.line().seed(), "b"), low, high, run);
    test.spoil(a);
    test.run(
        call -> {
          LabelOverlap.Counts counts =
              LabelOverlap.count(call.tensor(a), call.tensor(b), first, labels);
          call.value("a", Bound.exact(), Arrays.stream(counts.inA()).asDoubleStream().toArray());
          call.value("b", Bound.exact(), Arrays.stream(counts.inB()).asDoubleStream().toArray());
          call.value(
              "both", Bound.exact(), Arrays.stream(counts.inBoth()).asDoubleStream().toArray());
          call.value("rest", Bound.exact(), counts.outside(), counts.notWhole());
        });
  }

  /** Labels in runs along x, as label maps have them. */
  private static void paint(Input labels, SplitMix64 random, double low, double high, long run) {
    double label = 0;
    long left = 0;
    for (int i = 0; i < labels.count(); i++, left--) {
      if (left == 0) {
        label = Math.floor(random.uniform(low, high + 1));
        left = 1 + random.below(run);
      }
      labels.set(i, label);
    }
  }
}
