package org.voxkern.cases;

import org.voxkern.ElementType;
import org.voxkern.Tensor;
import org.voxkern.op.Binary;

final class BinaryCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    BinaryInputs inputs = new BinaryInputs(test);
    test.run(
        call -> {
          Tensor a = call.tensor(inputs.a);
          Tensor b = call.tensor(inputs.b);
          if (inputs.chooses()) {
            Tensor condition = call.tensor(inputs.condition);
            Binary.where(
                condition, a, b, call.output("output", test.type(), inputs.shape, Bound.exact()));
            return;
          }
          Binary.Function function = inputs.function();
          Bound bound = function == Binary.Function.POWER ? Bound.relative(1.3e-7) : Bound.exact();
          ElementType type = Binary.outputType(function, test.type());
          Binary.apply(function, a, b, call.output("output", type, inputs.shape, bound));
        });
  }
}
