package org.voxkern.bench.wholenetwork;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.voxkern.Context;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.graph.Weights;

/** libtorch, layer by layer, as a module's forward method calls it. */
final class LibtorchRunner implements Runner {
  private static final long LINEAR = 0;
  private static final long BORDER = 1;

  private final Map<String, Tensor> weights = new HashMap<>();
  private final Map<String, Tensor> inputs = new HashMap<>();
  private final boolean registers;
  private float[] result;
  private boolean keep;
  private Tensor identity;

  LibtorchRunner(WholeNetwork network, int threads) throws IOException {
    torch.set_num_threads(threads);
    new AutoGradMode(false); // for the whole process
    registers = network.graph().inputs().size() == 2;
    try (Context context = Context.create();
        Scope scope = Scope.open(context)) {
      Weights ours = network.weights(context);
      for (String name : ours.names()) {
        var tensor = ours.get(name);
        weights.put(name, tensor(tensor.toFloatArray(), tensor.shape()));
      }
    }
    for (String input : network.graph().inputs().keySet()) {
      inputs.put(input, tensor(network.input(input), network.image()));
    }
    if (registers) {
      identity =
          torch.affine_grid_generator(
              tensor(new float[] {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0}, Shape.of(1, 3, 4)),
              network.image().toArray(),
              true);
    }
  }

  private static Tensor tensor(float[] values, Shape shape) {
    try (FloatPointer memory = new FloatPointer(values);
        Tensor blob = torch.from_blob(memory, shape.toArray())) {
      return blob.clone();
    }
  }

  @Override
  public void run() {
    try (PointerScope scope = new PointerScope()) {
      Tensor output = registers ? registration() : segmentation();
      if (keep) {
        result = new float[Math.toIntExact(output.numel())];
        new FloatPointer(output.contiguous().data_ptr()).get(result);
      }
    }
  }

  @Override
  public float[] result() {
    keep = true;
    run();
    return result;
  }

  private static long[] all(long value) {
    return new long[] {value, value, value};
  }

  private TensorOptional optional(String name) {
    return new TensorOptional(weights.get(name));
  }

  private Tensor convolution(String name, Tensor x, long stride, long padding) {
    Tensor kernel = weights.get(name + ".weight");
    return torch.conv3d(x, kernel, optional(name + ".bias"), all(stride), all(padding), all(1), 1);
  }

  private Tensor segmentation() {
    Tensor x = inputs.get("image");
    List<Tensor> skips = new ArrayList<>();
    int stages = 0;
    while (weights.containsKey("encoder.stages." + stages + ".0.convs.0.conv.weight")) {
      x = stage("encoder.stages." + stages + ".0", x, stages == 0 ? 1 : 2);
      skips.add(x);
      stages++;
    }
    for (int at = 0; at < stages - 1; at++) {
      String name = "decoder.transpconvs." + at;
      Tensor kernel = weights.get(name + ".weight");
      Tensor up =
          torch.conv_transpose3d(
              x, kernel, optional(name + ".bias"), all(2), all(0), all(0), 1, all(1));
      Tensor joined = torch.cat(new TensorVector(up, skips.get(stages - 2 - at)), 1);
      x = stage("decoder.stages." + at, joined, 1);
    }
    return convolution("decoder.seg_layers." + (stages - 2), x, 1, 0);
  }

  private Tensor stage(String name, Tensor x, long stride) {
    for (int i = 0; i < 2; i++) {
      String layer = name + ".convs." + i;
      Tensor norm =
          torch.instance_norm(
              convolution(layer + ".conv", x, i == 0 ? stride : 1, 1),
              optional(layer + ".norm.weight"),
              optional(layer + ".norm.bias"),
              new TensorOptional(),
              new TensorOptional(),
              true,
              0,
              1e-5,
              false);
      x = torch.leaky_relu_(norm, new Scalar(0.01));
    }
    return x;
  }

  private Tensor registration() {
    Tensor moving = inputs.get("moving");
    Tensor x = torch.cat(new TensorVector(moving, inputs.get("fixed")), 1);
    List<Tensor> skips = new ArrayList<>();
    for (int level = 0; level < 4; level++) {
      skips.add(x);
      Tensor padded = torch.constant_pad_nd(x, new long[] {0, 1, 0, 1, 0, 1}, new Scalar(0.0));
      x = leaky(convolution("unet_model.encoder." + level + ".0.main", padded, 2, 0));
    }
    DoubleOptional none = new DoubleOptional();
    for (int at = 0; at < 4; at++) {
      x = leaky(convolution("unet_model.decoder." + at + ".0.main", x, 1, 1));
      Tensor skip = skips.get(3 - at);
      long[] size = {skip.size(2), skip.size(3), skip.size(4)};
      Tensor large = torch.upsample_nearest3d(x, size, none, none, none);
      x = torch.cat(new TensorVector(large, skip), 1);
    }
    for (int i = 0; i < 3; i++) {
      x = leaky(convolution("unet_model.remaining." + i + ".main", x, 1, 1));
    }
    Tensor zyx = convolution("flow", x, 1, 1);
    Tensor flow =
        torch
            .cat(new TensorVector(zyx.narrow(1, 2, 1), zyx.narrow(1, 1, 1), zyx.narrow(1, 0, 1)), 1)
            .mul(new Scalar(1.0 / 128));
    for (int step = 0; step < 7; step++) {
      flow = flow.add(sampled(flow, flow));
    }
    return sampled(moving, flow);
  }

  private static Tensor leaky(Tensor x) {
    return torch.leaky_relu_(x, new Scalar(0.2));
  }

  private Tensor sampled(Tensor volume, Tensor displacement) {
    Tensor scale =
        torch
            .cat(
                new TensorVector(
                    displacement.narrow(1, 0, 1).mul(toGrid(displacement, 4)),
                    displacement.narrow(1, 1, 1).mul(toGrid(displacement, 3)),
                    displacement.narrow(1, 2, 1).mul(toGrid(displacement, 2))),
                1)
            .permute(0, 2, 3, 4, 1);
    return torch.grid_sampler(volume, identity.add(scale), LINEAR, BORDER, true);
  }

  private static Scalar toGrid(Tensor displacement, int axis) {
    return new Scalar(2.0 / (displacement.size(axis) - 1));
  }
}
