package org.voxkern.graph;

import java.util.HashSet;
import java.util.Set;
import org.voxkern.Context;
import org.voxkern.Shape;
import org.voxkern.graph.Program.Step;
import org.voxkern.op.Conv3d;

/**
 * Bytes that an executable takes beside its inputs and outputs, in blocks as {@link
 * Context#blockBytes} has them.
 *
 * @param values the block of memory for what lies between inputs and outputs, and for scratch
 *     memory that grows with them
 * @param constants packed weights and other constants
 * @param scratch the most that one convolution asks for while it runs; other operations take little
 */
public record MemoryNeed(long values, long constants, long scratch) {
  public long total() {
    return values + constants + scratch;
  }

  static MemoryNeed of(Program program, Context context) {
    long constants = 0;
    long scratch = 0;
    Set<Integer> counted = new HashSet<>();
    for (Step step : program.steps) {
      Conv3d.Memory convolution = convolution(program, context, step);
      for (int i = 0; i < step.inputs.size(); i++) {
        int slot = step.inputs.get(i);
        boolean packed = convolution != null && i == 1;
        if (program.constants.containsKey(slot) && !packed && counted.add(slot)) {
          constants += Context.blockBytes(program.bytes(slot));
        }
      }
      if (convolution != null) {
        boolean constant = program.constants.containsKey(step.inputs.get(1));
        // Weights that a graph computes are packed for every call.
        constants += constant ? Context.blockBytes(convolution.packedBytes()) : 0;
        scratch =
            Math.max(
                scratch,
                Context.blockBytes(convolution.scratchBytes())
                    + (constant ? 0 : Context.blockBytes(convolution.packedBytes())));
      }
    }
    return new MemoryNeed(
        Context.blockBytes(new Buffers(program, context).plan().bytes()), constants, scratch);
  }

  /** Null for other steps. */
  static Conv3d.Memory convolution(Program program, Context context, Step step) {
    Shape input = program.shapes.get(step.inputs.get(0));
    if (step.operation instanceof Convolution convolution) {
      Shape weights = program.shapes.get(step.inputs.get(1));
      return convolution
          .convolution()
          .memory(context, program.types.get(step.output), input, weights);
    }
    if (step.operation instanceof TransposedConvolution convolution) {
      Shape weights = program.shapes.get(step.inputs.get(1));
      return convolution
          .convolution()
          .memory(context, program.types.get(step.output), input, weights);
    }
    return null;
  }
}
