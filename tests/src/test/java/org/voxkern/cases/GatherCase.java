package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.Tensor;

final class GatherCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    IndexingInputs inputs = new IndexingInputs(test);
    Input data = test.integers("data", inputs.data, 0, 100);
    test.run(
        call -> {
          Tensor d = call.tensor(data);
          Tensor i = call.tensor(inputs.indices);
          Shape picked = inputs.gather().outputShape(inputs.data, inputs.indices.shape());
          inputs.gather().apply(d, i, call.output("output", test.type(), picked, Bound.exact()));
        });
  }
}
