package org.voxkern.train.loss;

import java.util.Collections;
import java.util.List;
import org.voxkern.Tensor;
import org.voxkern.graph.Backward;
import org.voxkern.graph.Operation;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Value;
import org.voxkern.op.Cumsum;

/** Of numbers that are constant as far as gradients go, along the first axis. */
record RunningSum() implements Operation {
  @Override
  public String type() {
    return "running_sum";
  }

  @Override
  public SymbolicShape outputShape(List<SymbolicShape> inputs) {
    return inputs.get(0);
  }

  @Override
  public void run(List<Tensor> inputs, Tensor output) {
    Cumsum.of(0).apply(inputs.get(0), output);
  }

  @Override
  public List<Value> gradient(Backward backward) {
    return Collections.singletonList(null);
  }
}
