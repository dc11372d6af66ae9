package org.voxkern.onnx;

import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.io.IOException;
import java.nio.ByteBuffer;
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

  /** Where in a file the bytes of a tensor lie. */
  record Region(Path file, long offset) {
    /**
     * Fills a tensor.
     *
     * @throws IllegalArgumentException if the file cannot be read
     */
    void read(Tensor tensor) {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
        channel.position(offset);
        for (long at = 0; at < tensor.byteCount(); at += WINDOW) {
          int part = (int) Math.min(WINDOW, tensor.byteCount() - at);
          boolean own = tensor.context().device().isHost();
          ByteBuffer window = own ? tensor.buffer(at, part) : ByteBuffer.allocateDirect(part);
          while (window.hasRemaining()) {
            if (channel.read(window) < 0) {
              throw new IllegalArgumentException(file + " ended while it was read");
            }
          }
          if (!own) {
            tensor.write(at, window.flip());
          }
        }
      } catch (IOException failure) {
        throw unreadable(file, failure);
      }
      OnnxTensors.toNativeOrder(tensor);
    }
  }

  /**
   * Finds the bytes of a tensor.
   *
   * @throws IllegalArgumentException if the file is missing, too short, or outside of the folder
   */
  Region find(TensorProto stored, long bytes) {
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
    long length = number(entries, "length", bytes);
    if (length != bytes) {
      throw new IllegalArgumentException(
          length + " bytes of external data, expected " + bytes + " for the tensor");
    }
    try {
      if (length > Files.size(file) - offset) {
        throw new IllegalArgumentException(
            file + " has " + Files.size(file) + " bytes, expected " + length + " from " + offset);
      }
    } catch (IOException failure) {
      throw unreadable(file, failure);
    }
    return new Region(file, offset);
  }

  private static IllegalArgumentException unreadable(Path file, IOException failure) {
    return new IllegalArgumentException(file + " cannot be read: " + failure.getMessage(), failure);
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
      throw unreadable(file, failure);
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
