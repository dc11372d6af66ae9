package org.voxkern.onnx;

import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import org.voxkern.Tensor;

/** Tensors that a model keeps in files of their own, which lie in the model's folder. */
record ExternalData(Path folder) {
  private static final int WINDOW = 1 << 26;

  static ExternalData beside(Path model) {
    Path folder = model.toAbsolutePath().getParent();
    return new ExternalData(folder);
  }

  /**
   * Fills a tensor.
   *
   * @throws IllegalArgumentException if the file is missing, too short, or outside of the folder
   */
  void read(TensorProto stored, Tensor tensor) {
    Map<String, String> entries = new HashMap<>();
    for (StringStringEntryProto entry : stored.getExternalDataList()) {
      entries.put(entry.getKey(), entry.getValue());
    }
    String location = entries.get("location");
    if (location == null) {
      throw new IllegalArgumentException("external data without a location");
    }
    Path file = inside(location);
    long offset = number(entries, "offset", 0);
    long length = number(entries, "length", tensor.byteCount());
    if (length != tensor.byteCount()) {
      throw new IllegalArgumentException(
          tensor + " has " + length + " bytes of external data, expected " + tensor.byteCount());
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      if (offset + length > channel.size()) {
        throw new IllegalArgumentException(
            file + " has " + channel.size() + " bytes, expected " + (offset + length));
      }
      channel.position(offset);
      for (long at = 0; at < length; ) {
        int part = (int) Math.min(WINDOW, length - at);
        java.nio.ByteBuffer window = tensor.buffer(at, part);
        while (window.hasRemaining() && channel.read(window) >= 0) {}
        if (window.hasRemaining()) {
          throw new IllegalArgumentException(file + " ended while it was read");
        }
        at += part;
      }
    } catch (IOException failure) {
      throw new IllegalArgumentException(
          file + " cannot be read: " + failure.getMessage(), failure);
    }
    OnnxTensors.toNativeOrder(tensor);
  }

  /** A file of the folder, also where links lead. */
  private Path inside(String location) {
    Path file = folder.resolve(location).normalize();
    if (Path.of(location).isAbsolute() || !file.startsWith(folder.normalize())) {
      throw new IllegalArgumentException(
          "external data at '" + location + "', which is outside of the model's folder " + folder);
    }
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException("external data " + file + " is missing");
    }
    try {
      if (!file.toRealPath().startsWith(folder.toRealPath())) {
        throw new IllegalArgumentException(
            "external data at '" + location + "' leads outside of the model's folder " + folder);
      }
    } catch (IOException failure) {
      throw new IllegalArgumentException(
          file + " cannot be read: " + failure.getMessage(), failure);
    }
    return file;
  }

  private static long number(Map<String, String> entries, String key, long missing) {
    String text = entries.get(key);
    if (text == null) {
      return missing;
    }
    try {
      long value = Long.parseLong(text);
      if (value >= 0) {
        return value;
      }
    } catch (NumberFormatException failure) {
      // Said below.
    }
    throw new IllegalArgumentException("external data with the " + key + " '" + text + "'");
  }
}
