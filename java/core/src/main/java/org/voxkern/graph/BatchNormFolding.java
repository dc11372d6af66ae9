package org.voxkern.graph;

import java.util.ArrayList;
import java.util.List;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Program.Step;
import org.voxkern.op.Conv3d;

/**
 * Batch norm by running statistics is a scale and a shift of each channel: they go into the weights
 * and the bias of the convolution before.
 */
final class BatchNormFolding {
  private BatchNormFolding() {}

  static void apply(Program program, Step norm) {
    Step before = program.onlyFor(norm.inputs.get(0));
    boolean known =
        before != null
            && !((Normalizations.Batch) norm.operation).training()
            && norm.written().size() == 1
            && program.constants.keySet().containsAll(rest(norm.inputs))
            && program.constants.keySet().containsAll(rest(before.inputs));
    if (!known) {
      return;
    }
    Normalizations.Batch batch = (Normalizations.Batch) norm.operation;
    Operation folded;
    boolean transposed = false;
    long groups = 1;
    boolean bias;
    if (before.operation instanceof Convolution convolution
        && !convolution.residual()
        && convolution.convolution().activation() == Conv3d.Activation.NONE) {
      bias = convolution.bias();
      folded = new Convolution(convolution.convolution(), true, false);
    } else if (before.operation instanceof TransposedConvolution convolution
        && !convolution.residual()
        && convolution.convolution().activation() == Conv3d.Activation.NONE) {
      transposed = true;
      bias = convolution.bias();
      groups = convolution.convolution().groups();
      folded = new TransposedConvolution(convolution.convolution(), true, false);
    } else {
      return;
    }
    Tensor weights = program.constants.get(before.inputs.get(1));
    float[] mean = values(program, norm, 1);
    double[] scale = scale(program, norm, batch);
    float[] shift = batch.affine() ? values(program, norm, 4) : new float[scale.length];
    float[] given = bias ? values(program, before, 2) : new float[scale.length];
    float[] folding = new float[scale.length];
    for (int channel = 0; channel < scale.length; channel++) {
      folding[channel] =
          (float) (((double) given[channel] - mean[channel]) * scale[channel] + shift[channel]);
    }
    Tensor scaled = scaled(weights, scale, transposed, groups);
    Tensor moved = Tensor.of(weights.context(), folding, folding.length);
    List<Integer> inputs = new ArrayList<>();
    inputs.add(before.inputs.get(0));
    inputs.add(program.constant(scaled));
    inputs.add(program.constant(moved));
    program.replace(before, norm, new Step(before.name, folded, inputs, norm.output));
  }

  private static List<Integer> rest(List<Integer> inputs) {
    return inputs.subList(1, inputs.size());
  }

  private static float[] values(Program program, Step step, int input) {
    return program.constants.get(step.inputs.get(input)).toFloatArray();
  }

  private static double[] scale(Program program, Step norm, Normalizations.Batch batch) {
    float[] variance = values(program, norm, 2);
    float[] scale = batch.affine() ? values(program, norm, 3) : null;
    double[] result = new double[variance.length];
    for (int channel = 0; channel < result.length; channel++) {
      result[channel] =
          (scale == null ? 1 : scale[channel]) / Math.sqrt(variance[channel] + batch.epsilon());
    }
    return result;
  }

  private static Tensor scaled(Tensor weights, double[] scale, boolean transposed, long groups) {
    Shape shape = weights.shape();
    float[] values = weights.toFloatArray();
    long kernel = shape.size(2) * shape.size(3) * shape.size(4);
    for (int i = 0; i < values.length; i++) {
      long first = i / kernel / shape.size(1);
      long second = i / kernel % shape.size(1);
      long group = first / Math.max(1, shape.size(0) / groups);
      long channel = transposed ? group * shape.size(1) + second : first;
      values[i] = (float) (values[i] * scale[Math.toIntExact(channel)]);
    }
    return Tensor.of(weights.context(), values, shape.toArray());
  }
}
