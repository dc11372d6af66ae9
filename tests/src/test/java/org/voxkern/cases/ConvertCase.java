package org.voxkern.cases;

import java.util.Locale;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.op.Convert;
import org.voxkern.testing.SplitMix64;

final class ConvertCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    Shape shape = test.line().shape("shape");
    ElementType from = type(test, "from");
    ElementType to = type(test, "to");
    double scale = test.line().number("scale", 1);
    double offset = test.line().number("offset", 0);
    double low = test.line().number("low", -300);
    double high = test.line().number("high", 300);
    boolean halves = test.line().flag("halves", false);
    Input input = test.input("input", from, shape);
    SplitMix64 random = new SplitMix64(test.line().seed(), "input");
    for (int i = 0; i < input.count(); i++) {
      if (from == ElementType.F16 || from == ElementType.BF16) {
        input.set(i, random.next() & 0xFFFF);
        continue;
      }
      double value = random.uniform(low, high);
      input.set(i, halves ? Math.floor(value) + 0.5 : value);
    }
    test.spoil(input);
    test.run(
        call ->
            Convert.apply(
                call.tensor(input),
                scale,
                offset,
                call.output("output", to, shape, Bound.exact())));
  }

  private static ElementType type(Case test, String key) {
    return ElementType.valueOf(test.line().word(key, "f32").toUpperCase(Locale.ROOT));
  }
}
