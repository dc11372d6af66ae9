package org.voxkern.cases;

import org.voxkern.Tensor;
import org.voxkern.op.Binary;

final class BinaryGradientCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    BinaryInputs inputs = new BinaryInputs(test);
    Input outputGradient = BinaryInputs.operand(test, "output gradient", inputs.shape);
    String wants = test.line().word("wants", "ab");
    Bound bound = new Bound(5e-7, 0, 5e-7, 0);
    test.run(
        call -> {
          Tensor a = call.tensor(inputs.a);
          Tensor b = call.tensor(inputs.b);
          Tensor dy = call.tensor(outputGradient);
          Tensor da =
              wants.equals("b")
                  ? null
                  : call.output("gradient of a", test.type(), inputs.a.shape(), bound);
          Tensor db =
              wants.equals("a")
                  ? null
                  : call.output("gradient of b", test.type(), inputs.b.shape(), bound);
          if (inputs.chooses()) {
            Binary.whereGradient(call.tensor(inputs.condition), a, b, dy, da, db);
          } else {
            Binary.gradient(inputs.function(), a, b, dy, da, db);
          }
        });
  }
}
