package org.voxkern.graph;

import java.nio.ByteBuffer;
import java.util.List;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Expand;

/** Values that do not depend on a run. */
final class Constants {
  private Constants() {}

  /** One number in the shape of the input. */
  record Like(double value) implements Operation {
    @Override
    public String type() {
      return "constant_like";
    }

    @Override
    public SymbolicShape outputShape(List<SymbolicShape> inputs) {
      return inputs.get(0);
    }

    @Override
    public boolean readsShapeOnly(int input) {
      return true;
    }

    @Override
    public void run(List<Tensor> inputs, Tensor output) {
      Shape one = Shape.of();
      try (Tensor number = Tensor.uninitialized(output.context(), output.type(), one)) {
        ByteBuffer memory = number.buffer();
        if (output.type() == ElementType.F64) {
          memory.putDouble(0, value);
        } else {
          memory.putFloat(0, (float) value);
        }
        Expand.to(output.shape()).apply(number, output);
      }
    }

    @Override
    public List<Value> gradient(Backward backward) {
      return Backward.all((Value) null);
    }
  }
}
