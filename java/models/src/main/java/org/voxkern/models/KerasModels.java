package org.voxkern.models;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.voxkern.Context;

/**
 * Reads models that Keras 2 saved: a layer is a node of its name, channels come before space, and
 * parameters are named and laid out as PyTorch has them.
 *
 * <p>Layers: Conv3D, BatchNormalization, Activation, ReLU, LeakyReLU, ELU, Softmax, Dropout,
 * SpatialDropout3D, MaxPooling3D, AveragePooling3D, UpSampling3D, Concatenate, Add, and
 * VoxelMorph's SpatialTransformer. What a file has beyond them is listed at once before anything is
 * read. Space is symbolic (D, H, W) unless strides make the padding depend on it.
 */
public final class KerasModels {
  private KerasModels() {}

  /**
   * A TensorFlow.js layers model: {@code model.json} and the binary files that it names. A single
   * one may also have the name of the JSON file with the suffix .bin.
   *
   * <p>Where the PyTorch exporter of brainchop wrote the file, a convolution whose name ends in
   * {@code _gn} is followed by an instance norm without scale and shift.
   *
   * @throws java.nio.file.NoSuchFileException if a file is missing
   * @throws IllegalArgumentException if a file is broken, or holds what cannot be read, saying so
   */
  public static TrainedModel readTfjs(Context context, Path modelJson) throws IOException {
    return naming(modelJson, () -> Tfjs.read(context, modelJson));
  }

  /**
   * An HDF5 file that holds both the network and its weights.
   *
   * @throws java.nio.file.NoSuchFileException if the file is missing
   * @throws IllegalArgumentException if it is broken, or holds what cannot be read, saying so
   */
  public static TrainedModel readHdf5(Context context, Path file) throws IOException {
    return naming(file, () -> KerasHdf5.read(context, file));
  }

  @FunctionalInterface
  private interface Reading {
    TrainedModel read() throws IOException;
  }

  private static TrainedModel naming(Path file, Reading reading) throws IOException {
    try {
      return reading.read();
    } catch (IllegalArgumentException failure) {
      throw new IllegalArgumentException(file + ": " + failure.getMessage(), failure);
    }
  }

  static TrainedModel build(
      Context context, Settings topology, Map<String, LayerWeights> weights, boolean namesNorms) {
    return new KerasGraph(context, weights, namesNorms).build(topology);
  }
}
