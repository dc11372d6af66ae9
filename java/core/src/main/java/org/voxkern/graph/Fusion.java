package org.voxkern.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.voxkern.Context;
import org.voxkern.Tensor;
import org.voxkern.graph.Program.Step;
import org.voxkern.op.Binary;

/** What a program can do in fewer steps. */
final class Fusion {
  private Fusion() {}

  static void apply(Context context, Program program) {
    foldConstants(context, program);
    for (Step step : List.copyOf(program.steps)) {
      if (step.operation instanceof Normalizations.Batch) {
        BatchNormFolding.apply(program, step);
      }
    }
    for (Step step : List.copyOf(program.steps)) {
      if (step.operation instanceof Convolution convolution) {
        EnlargedConvolution.apply(context, program, step, convolution);
      }
    }
    for (Step step : List.copyOf(program.steps)) {
      if (step.operation instanceof Elementwise.OfTwo sum
          && sum.function() == Binary.Function.ADD) {
        fuseResidual(program, step);
      } else if (step.operation instanceof Elementwise.Activate activate) {
        fuseActivation(program, step, activate);
      }
    }
  }

  /** Runs what depends on constants alone. */
  private static void foldConstants(Context context, Program program) {
    for (Step step : List.copyOf(program.steps)) {
      if (program.constants.keySet().containsAll(step.inputs)) {
        List<Tensor> inputs = step.inputs.stream().map(program.constants::get).toList();
        List<Tensor> results = new ArrayList<>();
        for (int output : step.outputs) {
          Tensor result =
              output < 0
                  ? null
                  : Tensor.uninitialized(
                      context, program.types.get(output), program.shapes.get(output));
          results.add(result);
          if (result != null) {
            program.constants.put(output, result);
          }
        }
        step.operation.run(inputs, results);
        program.steps.remove(step);
      }
    }
  }

  private static void fuseActivation(Program program, Step step, Elementwise.Activate activate) {
    Step before = program.onlyFor(step.inputs.get(0));
    if (before != null && before.operation instanceof Fusible fusible) {
      fusible
          .withActivation(activate.activation())
          .ifPresent(
              fused ->
                  program.replace(before, step, before.fused(fused, before.inputs, step.output)));
    }
  }

  private static void fuseResidual(Program program, Step sum) {
    for (int side = 0; side < 2; side++) {
      int branch = sum.inputs.get(side);
      int other = sum.inputs.get(1 - side);
      Step before = program.onlyFor(branch);
      boolean alike =
          program.shapes.get(branch).equals(program.shapes.get(sum.output))
              && program.shapes.get(other).equals(program.shapes.get(sum.output));
      if (alike && before != null && before.operation instanceof Fusible fusible) {
        Optional<Operation> fused = fusible.withResidual();
        if (fused.isPresent()) {
          List<Integer> inputs = new ArrayList<>(before.inputs);
          inputs.add(other);
          program.replace(before, sum, before.fused(fused.get(), inputs, sum.output));
          return;
        }
      }
    }
  }
}
