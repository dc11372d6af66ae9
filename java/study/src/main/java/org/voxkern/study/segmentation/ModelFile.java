package org.voxkern.study.segmentation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.voxkern.Context;
import org.voxkern.graph.Graph;
import org.voxkern.graph.SafeTensors;
import org.voxkern.graph.Weights;
import org.voxkern.models.KerasModels;
import org.voxkern.models.TrainedModel;
import org.voxkern.onnx.OnnxImport;
import org.voxkern.onnx.OnnxModel;
import org.voxkern.onnx.OnnxNetwork;
import org.voxkern.study.BadInputException;
import org.voxkern.study.InputFiles;

/** Trained networks by the kinds of their files. */
final class ModelFile {
  private ModelFile() {}

  /**
   * Reads a network: a TensorFlow.js {@code model.json} or its folder, HDF5 of Keras, ONNX, or
   * safetensors of a layout.
   *
   * @throws BadInputException if it cannot be read, in one line that names the file
   */
  static TrainedModel read(Context context, Path path, Optional<NetworkLayout> layout) {
    InputFiles.requirePresent(path);
    return InputFiles.attempt(
        path,
        () -> {
          String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
          if (name.endsWith(".safetensors")) {
            return weights(context, path, layout);
          }
          if (layout.isPresent()) {
            throw new BadInputException(
                path + " says itself what network it is: --network is for safetensors");
          }
          if (Files.isDirectory(path)) {
            return KerasModels.readTfjs(context, path.resolve("model.json"));
          }
          if (name.endsWith(".json")) {
            return KerasModels.readTfjs(context, path);
          }
          if (name.endsWith(".h5") || name.endsWith(".hdf5")) {
            return KerasModels.readHdf5(context, path);
          }
          if (name.endsWith(".onnx")) {
            OnnxNetwork network = OnnxImport.of(OnnxModel.read(path)).run(context);
            return new TrainedModel(network.graph(), network.weights());
          }
          throw new BadInputException(
              path
                  + ": no known kind of model: expected a folder with model.json, or .json, .h5,"
                  + " .hdf5, .onnx or .safetensors");
        });
  }

  private static TrainedModel weights(Context context, Path path, Optional<NetworkLayout> layout)
      throws IOException {
    if (layout.isEmpty()) {
      throw new BadInputException(path + " holds weights alone: say their network by --network");
    }
    Graph graph;
    try (SafeTensors file = SafeTensors.open(path)) {
      graph = layout.get().graph(file.entries());
    }
    return new TrainedModel(graph, Weights.read(graph, context, path));
  }

  /**
   * The same network with one output.
   *
   * @throws BadInputException if it is not said which, or there is none of that name
   */
  static TrainedModel withOutput(TrainedModel model, Optional<String> wanted) {
    Map<String, ?> outputs = model.graph().outputs();
    if (wanted.isPresent() && !outputs.containsKey(wanted.get())) {
      throw new BadInputException(
          "the network has no output '" + wanted.get() + "' among " + outputs.keySet());
    }
    if (outputs.size() == 1) {
      return model;
    }
    // Of deep supervision's outputs the full resolution is what is asked for.
    Optional<String> one =
        wanted.isEmpty() && outputs.containsKey("logits") ? Optional.of("logits") : wanted;
    if (one.isEmpty()) {
      throw new BadInputException(
          "the network has the outputs " + outputs.keySet() + ": choose one by --output");
    }
    Graph.Builder builder = model.graph().toBuilder();
    String node = model.graph().outputs().get(one.get()).name();
    return new TrainedModel(
        builder.output(one.get(), builder.value(node)).build(), model.weights());
  }
}
