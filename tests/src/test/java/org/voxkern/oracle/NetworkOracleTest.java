package org.voxkern.oracle;

import static org.voxkern.oracle.Torch.assertNear;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.voxkern.Shape;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Weights;
import org.voxkern.network.NnUNet;
import org.voxkern.network.UNet3d;
import org.voxkern.network.VoxelMorph;
import org.voxkern.op.Warp3d;
import org.voxkern.oracle.Torch.Input;

/** The published networks, beside the same layers in libtorch with the same weights. */
@ExtendWith(Libtorch.class)
class NetworkOracleTest {
  private static final double BOUND = 2e-5;
  private static final long LINEAR = 0;
  private static final long BORDER = 1;

  private final PointerScope pointers = new PointerScope();
  private final Torch torchInputs = new Torch(31);
  private final Map<String, Tensor> theirs = new HashMap<>();

  @AfterEach
  void close() {
    torchInputs.close();
    pointers.close();
  }

  private Map<String, org.voxkern.Tensor> run(Graph graph, double flow, Map<String, Input> inputs) {
    Map<String, org.voxkern.Tensor> ours = new HashMap<>();
    for (var parameter : graph.parameters()) {
      String name = parameter.name();
      long count = parameter.shape().elementCount();
      long fan = count / parameter.shape().size(0);
      double bound = Math.sqrt(3.0 / fan) * (name.startsWith("flow") ? flow : 1);
      double low = name.endsWith("var") || name.endsWith("norm.weight") ? 0.5 : -bound;
      double high = low > 0 ? 1.5 : bound;
      Input values = torchInputs.uniform(low, high, parameter.shape().toArray());
      ours.put(name, values.ours());
      theirs.put(name, values.theirs().detach());
    }
    Map<String, Shape> shapes = new HashMap<>();
    Map<String, org.voxkern.Tensor> tensors = new HashMap<>();
    inputs.forEach((name, input) -> shapes.put(name, input.shape()));
    inputs.forEach((name, input) -> tensors.put(name, input.ours()));
    return graph.compile(torchInputs.context(), Weights.of(graph, ours), shapes).run(tensors);
  }

  private static long[] all(long value) {
    return new long[] {value, value, value};
  }

  private TensorOptional optional(String name) {
    return theirs.containsKey(name) ? new TensorOptional(theirs.get(name)) : new TensorOptional();
  }

  private Tensor convolution(String name, Tensor x, long stride, long padding) {
    return torch.conv3d(
        x,
        theirs.get(name + ".weight"),
        optional(name + ".bias"),
        all(stride),
        all(padding),
        all(1),
        1);
  }

  private Tensor up(String name, Tensor x) {
    return torch.conv_transpose3d(
        x,
        theirs.get(name + ".weight"),
        optional(name + ".bias"),
        all(2),
        all(0),
        all(0),
        1,
        all(1));
  }

  private static Tensor joined(Tensor first, Tensor second) {
    return torch.cat(new TensorVector(first, second), 1);
  }

  private static Tensor pooled(Tensor x) {
    return torch.max_pool3d_with_indices(x, all(2), all(2), all(0), all(1), false).get0();
  }

  @Test
  void unet3d() {
    Input image = torchInputs.uniform(Shape.of(2, 3, 20, 24, 28));
    Graph graph = UNet3d.builder().features(4).levels(2).build();
    org.voxkern.Tensor ours = run(graph, 1, Map.of("image", image)).get("logits");
    Tensor fine = block("analysis0", image.theirs().detach());
    Tensor up = up("up0", block("analysis1", pooled(fine)));
    Tensor cut = fine;
    for (int axis = 2; axis < 5; axis++) {
      long margin = (cut.size(axis) - up.size(axis)) / 2;
      cut = cut.narrow(axis, margin, up.size(axis));
    }
    Tensor logits = convolution("head", block("synthesis0", joined(cut, up)), 1, 0);
    assertNear("logits", logits, ours, BOUND);
  }

  private Tensor block(String name, Tensor x) {
    for (int i = 0; i < 2; i++) {
      Tensor sum = convolution(name + ".conv" + i, x, 1, 0);
      TensorOptional none = new TensorOptional();
      String norm = name + ".norm" + i;
      x =
          torch.relu(
              torch.batch_norm(
                  sum,
                  none,
                  none,
                  optional(norm + ".running_mean"),
                  optional(norm + ".running_var"),
                  false,
                  0.1,
                  1e-5,
                  false));
    }
    return x;
  }

  @Test
  void nnUNet() {
    Input image = torchInputs.uniform(Shape.of(2, 2, 16, 8, 12));
    Graph graph = NnUNet.builder().inputs(2).classes(3).features(6, 8, 10).build();
    Map<String, org.voxkern.Tensor> ours = run(graph, 1, Map.of("image", image));
    Tensor fine = stage("encoder.stages.0.0", image.theirs().detach(), 1);
    Tensor middle = stage("encoder.stages.1.0", fine, 2);
    Tensor coarse = stage("encoder.stages.2.0", middle, 2);
    Tensor first =
        stage("decoder.stages.0", joined(up("decoder.transpconvs.0", coarse), middle), 1);
    Tensor second = stage("decoder.stages.1", joined(up("decoder.transpconvs.1", first), fine), 1);
    assertNear(
        "logits", convolution("decoder.seg_layers.1", second, 1, 0), ours.get("logits"), BOUND);
    assertNear(
        "logits1", convolution("decoder.seg_layers.0", first, 1, 0), ours.get("logits1"), BOUND);
  }

  private Tensor stage(String name, Tensor x, long stride) {
    for (int i = 0; i < 2; i++) {
      String layer = name + ".convs." + i;
      Tensor sum = convolution(layer + ".conv", x, i == 0 ? stride : 1, 1);
      Tensor norm =
          torch.instance_norm(
              sum,
              optional(layer + ".norm.weight"),
              optional(layer + ".norm.bias"),
              new TensorOptional(),
              new TensorOptional(),
              true,
              0,
              1e-5,
              false);
      x = torch.leaky_relu(norm, new Scalar(0.01));
    }
    return x;
  }

  @Test
  void voxelMorph() {
    Shape shape = Shape.of(1, 1, 32, 16, 48);
    Input moving = torchInputs.uniform(shape);
    Input fixed = torchInputs.uniform(shape);
    Map<String, org.voxkern.Tensor> ours =
        run(
            VoxelMorph.pooled().border(Warp3d.Border.CLAMP).build(),
            6,
            Map.of("moving", moving, "fixed", fixed));
    Tensor x = joined(moving.theirs().detach(), fixed.theirs().detach());
    Tensor[] skips = new Tensor[4];
    for (int level = 0; level < 4; level++) {
      x = leaky("unet_model.encoder." + level + ".0.main", x);
      skips[level] = x;
      x = pooled(x);
    }
    DoubleOptional none = new DoubleOptional();
    for (int at = 0; at < 4; at++) {
      x = leaky("unet_model.decoder." + at + ".0.main", x);
      Tensor skip = skips[3 - at];
      long[] size = {skip.size(2), skip.size(3), skip.size(4)};
      x = joined(torch.upsample_nearest3d(x, size, none, none, none), skip);
    }
    for (int i = 0; i < 3; i++) {
      x = leaky("unet_model.remaining." + i + ".main", x);
    }
    Tensor flow = convolution("flow", x, 1, 1);
    // Components x, y, z from here on.
    flow = torch.cat(new TensorVector(part(flow, 2), part(flow, 1), part(flow, 0)), 1);
    Tensor half =
        torch
            .upsample_trilinear3d(flow, new long[] {16, 8, 24}, true, none, none, none)
            .mul(new Scalar(0.5 / 128));
    for (int step = 0; step < 7; step++) {
      half = half.add(sampled(half, half));
    }
    Tensor displacement =
        torch.upsample_trilinear3d(
            half.mul(new Scalar(2.0)), new long[] {32, 16, 48}, true, none, none, none);
    assertNear("displacement", displacement, ours.get("displacement"), BOUND);
    assertNear("warped", sampled(moving.theirs().detach(), displacement), ours.get("warped"), 1e-4);
  }

  private Tensor leaky(String name, Tensor x) {
    return torch.leaky_relu(convolution(name, x, 1, 1), new Scalar(0.2));
  }

  private static Tensor part(Tensor flow, long channel) {
    return flow.narrow(1, channel, 1);
  }

  /** Linear, where a displacement in voxels takes each voxel; the border continues. */
  private Tensor sampled(Tensor volume, Tensor displacement) {
    long[] size = {displacement.size(2), displacement.size(3), displacement.size(4)};
    Tensor identity =
        torchInputs.input(new float[] {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0}, 1, 3, 4).theirs();
    Tensor grid =
        torch.affine_grid_generator(
            identity.detach(), new long[] {1, 3, size[0], size[1], size[2]}, true);
    List<Tensor> parts =
        List.of(
            part(displacement, 0).mul(new Scalar(2.0 / (size[2] - 1))),
            part(displacement, 1).mul(new Scalar(2.0 / (size[1] - 1))),
            part(displacement, 2).mul(new Scalar(2.0 / (size[0] - 1))));
    Tensor offsets =
        torch
            .cat(new TensorVector(parts.get(0), parts.get(1), parts.get(2)), 1)
            .permute(0, 2, 3, 4, 1);
    return torch.grid_sampler(volume, grid.add(offsets), LINEAR, BORDER, true);
  }
}
