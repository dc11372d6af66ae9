package org.voxkern.study.segmentation;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.voxkern.Shape;
import org.voxkern.graph.Graph;
import org.voxkern.graph.SafeTensors;
import org.voxkern.network.MeshNet;
import org.voxkern.network.NnUNet;
import org.voxkern.op.Activation;

/**
 * Networks whose weights may come alone, in a safetensors file. Features, kernels, strides and
 * classes follow from the shapes in the file; what shapes do not say is the layout's own.
 */
public enum NetworkLayout {
  /** {@link MeshNet} with its usual dilations and ReLU. */
  MESHNET {
    @Override
    Graph graph(Map<String, SafeTensors.Entry> file) {
      return meshNet(MeshNet.builder(), file).build();
    }
  },
  /** The same with ELU. */
  MESHNET_ELU {
    @Override
    Graph graph(Map<String, SafeTensors.Entry> file) {
      return meshNet(MeshNet.builder().activation(Activation.elu(1)), file).build();
    }
  },
  /** {@link MeshNet#mindGrab}. */
  MINDGRAB {
    @Override
    Graph graph(Map<String, SafeTensors.Entry> file) {
      return meshNet(MeshNet.mindGrab(), file).build();
    }
  },
  /** {@link NnUNet}, with or without the heads of deep supervision. */
  NNUNET {
    @Override
    Graph graph(Map<String, SafeTensors.Entry> file) {
      return nnUNet(file);
    }
  };

  /**
   * The network that the tensors of a file are the weights of.
   *
   * @throws IllegalArgumentException if one that shows the layout is missing
   */
  abstract Graph graph(Map<String, SafeTensors.Entry> file);

  private static Shape shape(Map<String, SafeTensors.Entry> file, String name) {
    SafeTensors.Entry entry = file.get(name);
    if (entry == null) {
      throw new IllegalArgumentException("there is no tensor '" + name + "'");
    }
    if (entry.shape().rank() != 5) {
      throw new IllegalArgumentException(
          "tensor '" + name + "' has the shape " + entry.shape() + ", expected a 3D kernel's");
    }
    return entry.shape();
  }

  private static MeshNet.Builder meshNet(
      MeshNet.Builder builder, Map<String, SafeTensors.Entry> file) {
    Shape first = shape(file, "conv0.weight");
    if (file.containsKey("norm0.running_mean")) {
      builder.norm(MeshNet.Norm.BATCH);
    }
    return builder
        .inputs(first.size(1))
        .features(first.size(0))
        .classes(shape(file, "head.weight").size(0));
  }

  private static Graph nnUNet(Map<String, SafeTensors.Entry> file) {
    List<Long> features = new ArrayList<>();
    List<long[]> kernels = new ArrayList<>();
    List<long[]> strides = new ArrayList<>(List.of(new long[] {1, 1, 1}));
    int stages = 0;
    while (file.containsKey(kernel(stages, 0)) || stages == 0) {
      Shape shape = shape(file, kernel(stages, 0));
      features.add(shape.size(0));
      kernels.add(space(shape));
      stages++;
    }
    for (int up = stages - 2; up >= 0; up--) {
      strides.add(space(shape(file, "decoder.transpconvs." + up + ".weight")));
    }
    int convolutions = 1;
    while (file.containsKey(kernel(0, convolutions))) {
      convolutions++;
    }
    String head = "decoder.seg_layers.";
    return NnUNet.builder()
        .inputs(shape(file, kernel(0, 0)).size(1))
        .classes(shape(file, head + (stages - 2) + ".weight").size(0))
        .features(features.stream().mapToLong(Long::longValue).toArray())
        .kernels(kernels.toArray(new long[0][]))
        .strides(strides.toArray(new long[0][]))
        .convolutionsPerStage(convolutions)
        .deepSupervision(stages > 2 && file.containsKey(head + "0.weight"))
        .build();
  }

  private static String kernel(int stage, int convolution) {
    return "encoder.stages." + stage + ".0.convs." + convolution + ".conv.weight";
  }

  private static long[] space(Shape kernel) {
    return new long[] {kernel.size(2), kernel.size(3), kernel.size(4)};
  }
}
