package org.voxkern.models;

import io.jhdf.HdfFile;
import io.jhdf.api.Attribute;
import io.jhdf.api.Dataset;
import io.jhdf.api.Group;
import io.jhdf.api.Node;
import io.jhdf.exceptions.HdfException;
import java.io.IOException;
import java.lang.reflect.Array;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.voxkern.Context;

/** A file of Keras in HDF5: the network as JSON in an attribute, weights as data sets. */
final class KerasHdf5 {
  private static final String WEIGHTS = "model_weights";
  private static final String CONFIG = "model_config";

  private KerasHdf5() {}

  static TrainedModel read(Context context, Path path) throws IOException {
    if (!Files.exists(path)) {
      throw new NoSuchFileException(path.toString());
    }
    try (HdfFile file = new HdfFile(path)) {
      if (!(file.getChild(WEIGHTS) instanceof Group layers) || file.getAttribute(CONFIG) == null) {
        throw new IllegalArgumentException(
            "no whole model of Keras: expected the attribute "
                + CONFIG
                + " and the group "
                + WEIGHTS);
      }
      Object config = file.getAttribute(CONFIG).getData();
      Map<String, LayerWeights> weights = new LinkedHashMap<>();
      for (Node layer : layers) {
        if (layer instanceof Group group) {
          weights.put(layer.getName(), layer(group));
        }
      }
      return KerasModels.build(
          context, Settings.of(CONFIG, Tfjs.parse(String.valueOf(config))), weights, false);
    } catch (HdfException failure) {
      throw new IllegalArgumentException("no readable HDF5: " + failure.getMessage(), failure);
    }
  }

  private static LayerWeights layer(Group group) {
    LayerWeights weights = new LayerWeights(group.getName());
    Attribute names = group.getAttribute("weight_names");
    if (names != null && names.getData() instanceof String[] paths) {
      for (String path : paths) {
        if (!(group.getByPath(path) instanceof Dataset data)) {
          throw new IllegalArgumentException(
              "layer '"
                  + group.getName()
                  + "' names the weights '"
                  + path
                  + "', which are not there");
        }
        long[] shape = Arrays.stream(data.getDimensions()).asLongStream().toArray();
        weights.put(path, floats(path, data.getDataFlat()), shape);
      }
    }
    return weights;
  }

  private static float[] floats(String name, Object flat) {
    if (flat instanceof float[] values) {
      return values;
    }
    if (!(flat instanceof double[])) {
      throw new IllegalArgumentException(
          "weights '" + name + "' are " + flat.getClass().getSimpleName() + ", expected floats");
    }
    float[] values = new float[Array.getLength(flat)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) Array.getDouble(flat, i);
    }
    return values;
  }
}
