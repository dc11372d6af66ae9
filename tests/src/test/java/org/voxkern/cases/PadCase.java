package org.voxkern.cases;

import java.util.Arrays;
import java.util.Locale;
import org.voxkern.Shape;
import org.voxkern.op.Pad;

final class PadCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    Shape shape = line.shape("shape");
    Input input = test.spoil(test.integers("input", shape, 1, 100));
    line.has("fill");
    line.has("begin");
    line.has("end");
    test.run(
        call -> {
          Pad pad = pad(line, shape.rank());
          Shape padded = pad.outputShape(shape);
          pad.apply(call.tensor(input), call.output("output", test.type(), padded, Bound.exact()));
        });
  }

  static Pad pad(CaseLine line, int rank) {
    long[] begin = wholeNumbers(line.numbers("begin", rank, 0));
    long[] end = wholeNumbers(line.numbers("end", rank, 0));
    Pad.Mode mode = Pad.Mode.valueOf(line.word("mode", "").toUpperCase(Locale.ROOT));
    return mode == Pad.Mode.CONSTANT
        ? Pad.constant(line.number("fill", 0), begin, end)
        : Pad.of(mode, begin, end);
  }

  private static long[] wholeNumbers(double[] numbers) {
    return Arrays.stream(numbers).mapToLong(number -> (long) number).toArray();
  }
}
