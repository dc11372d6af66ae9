package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.Tensor;

final class ScatterCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    IndexingInputs inputs = new IndexingInputs(test);
    String mode = line.word("mode", "");
    boolean whole = line.flag("whole", true);
    Input data = line.flag("data", true) ? values(test, "data", inputs.data, whole) : null;
    Input updates = test.spoil(values(test, "updates", inputs.picked(), whole));
    Bound bound = new Bound(mode.equals("multiply") ? 1e-5 : 0, 0, whole ? 0 : 1e-6, 0);
    test.run(
        call -> {
          Tensor d = call.tensor(data);
          Tensor i = call.tensor(inputs.indices);
          Tensor u = call.tensor(updates);
          inputs
              .scatter(mode)
              .apply(d, i, u, call.output("output", test.type(), inputs.data, bound));
        });
    if (mode.equals("add") && data == null) {
      // The same through the gradient of gather.
      test.run(
          call -> {
            Tensor i = call.tensor(inputs.indices);
            Tensor u = call.tensor(updates);
            inputs.gather().gradient(i, u, call.output("output", test.type(), inputs.data, bound));
          });
    }
  }

  private static Input values(Case test, String name, Shape shape, boolean whole) {
    return whole ? test.integers(name, shape, -9, 9) : test.uniform(name, shape, -2, 2);
  }
}
