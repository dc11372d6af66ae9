package org.voxkern.op;

import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_context;
import org.voxkern.internal.vk_conv3d_params;
import org.voxkern.internal.vk_plan;
import org.voxkern.internal.vk_view;
import org.voxkern.nativecall.NativeCall;
import org.voxkern.nativecall.Status;

/** How {@link Conv3d} and {@link Conv3dTransposed} are called: both pack their weights first. */
enum ConvolutionKernel {
  CONVOLUTION("conv3d") {
    @Override
    int plan(
        vk_context context,
        vk_view input,
        vk_view bias,
        vk_view residual,
        vk_conv3d_params params,
        vk_view output,
        vk_plan plan) {
      return Voxkern.vk_conv3d_plan(context, input, bias, residual, params, output, plan);
    }

    @Override
    int pack(
        vk_context context,
        vk_plan plan,
        vk_view weights,
        vk_conv3d_params params,
        vk_view packed) {
      return Voxkern.vk_conv3d_pack(context, plan, weights, params, packed);
    }

    @Override
    int run(
        vk_context context,
        vk_plan plan,
        vk_view input,
        vk_view packed,
        vk_view bias,
        vk_view residual,
        vk_conv3d_params params,
        vk_view workspace,
        vk_view output) {
      return Voxkern.vk_conv3d(
          context, plan, input, packed, bias, residual, params, workspace, output);
    }
  },
  TRANSPOSED("conv3d_transposed") {
    @Override
    int plan(
        vk_context context,
        vk_view input,
        vk_view bias,
        vk_view residual,
        vk_conv3d_params params,
        vk_view output,
        vk_plan plan) {
      return Voxkern.vk_conv3d_transposed_plan(
          context, input, bias, residual, params, output, plan);
    }

    @Override
    int pack(
        vk_context context,
        vk_plan plan,
        vk_view weights,
        vk_conv3d_params params,
        vk_view packed) {
      return Voxkern.vk_conv3d_transposed_pack(context, plan, weights, params, packed);
    }

    @Override
    int run(
        vk_context context,
        vk_plan plan,
        vk_view input,
        vk_view packed,
        vk_view bias,
        vk_view residual,
        vk_conv3d_params params,
        vk_view workspace,
        vk_view output) {
      return Voxkern.vk_conv3d_transposed(
          context, plan, input, packed, bias, residual, params, workspace, output);
    }
  };

  private final String word;

  ConvolutionKernel(String word) {
    this.word = word;
  }

  abstract int plan(
      vk_context context,
      vk_view input,
      vk_view bias,
      vk_view residual,
      vk_conv3d_params params,
      vk_view output,
      vk_plan plan);

  abstract int pack(
      vk_context context, vk_plan plan, vk_view weights, vk_conv3d_params params, vk_view packed);

  abstract int run(
      vk_context context,
      vk_plan plan,
      vk_view input,
      vk_view packed,
      vk_view bias,
      vk_view residual,
      vk_conv3d_params params,
      vk_view workspace,
      vk_view output);

  /** A plan without tensors. */
  vk_plan planned(
      NativeCall call, ElementType type, Shape input, Shape output, vk_conv3d_params params) {
    vk_plan plan = call.plan();
    vk_view none = call.view(null);
    Status.check(
        plan(
            call.context(),
            call.planned(type, input),
            none,
            none,
            params,
            call.planned(type, output),
            plan));
    return plan;
  }

  /** Weights for a plan, in a tensor of the innermost scope. */
  Conv3d.PackedWeights packed(
      NativeCall call, vk_plan plan, Tensor weights, vk_conv3d_params params) {
    Tensor packed = room(weights, plan);
    try {
      Status.check(pack(call.context(), plan, call.view(weights), params, call.view(packed)));
    } catch (RuntimeException failure) {
      packed.close();
      throw failure;
    }
    return new Conv3d.PackedWeights(this, weights.shape(), plan.implementation(), packed);
  }

  static Tensor room(Tensor weights, vk_plan plan) {
    ElementType type = weights.type();
    return Tensor.uninitialized(
        weights.context(), type, Shape.of(plan.packed_bytes() / type.bytes()));
  }

  /** What a run takes its weights from, once it is planned. */
  @FunctionalInterface
  interface Packing {
    Tensor packed(NativeCall call, vk_plan plan, vk_conv3d_params params);
  }

  /** Weights that are packed already, which must be for what runs. */
  Packing given(Conv3d.PackedWeights weights, Tensor input) {
    return (call, plan, params) -> {
      if (weights.kernel() != this || plan.implementation() != weights.implementation()) {
        throw new IllegalArgumentException(
            word
                + ": the weights are packed for another implementation than the one that takes"
                + " input "
                + input.shape()
                + " on this context; pack them for that shape");
      }
      return weights.tensor();
    };
  }

  /** Weights that are packed for this call only. */
  Packing packing(Tensor weights) {
    return (call, plan, params) -> call.own(packed(call, plan, weights, params).tensor());
  }

  /**
   * @param parameters of the convolution
   * @param weights their shape before packing
   */
  void apply(
      Conv3d parameters,
      Tensor input,
      Shape weights,
      Tensor bias,
      Tensor residual,
      Tensor output,
      Packing packing) {
    try (NativeCall call = new NativeCall(input.context())) {
      vk_conv3d_params params = parameters.params(call, weights);
      vk_view i = call.view(input);
      vk_view b = call.view(bias);
      vk_view r = call.view(residual);
      vk_view o = call.view(output);
      vk_plan plan = call.plan();
      Status.check(plan(call.context(), i, b, r, params, o, plan));
      vk_view packed = call.view(packing.packed(call, plan, params));
      Status.check(run(call.context(), plan, i, packed, b, r, params, call.workspace(plan), o));
    }
  }
}
