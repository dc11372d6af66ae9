package org.voxkern.graph;

import java.util.List;
import org.voxkern.Tensor;

/**
 * Marks a node that is an output beyond the first of its input's operation, counted from 1. It is
 * written by that operation's step and has none of its own.
 */
public record FurtherOutput(int number) implements Operation {
  @Override
  public String type() {
    return "output";
  }

  @Override
  public SymbolicShape outputShape(List<SymbolicShape> inputs) {
    throw new IllegalStateException("the shape is the operation's to say");
  }

  @Override
  public void run(List<Tensor> inputs, Tensor output) {
    throw new IllegalStateException("the operation writes it");
  }
}
