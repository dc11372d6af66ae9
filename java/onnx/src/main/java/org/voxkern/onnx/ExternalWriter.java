package org.voxkern.onnx;

import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.voxkern.Tensor;

/** The file beside a model that its large tensors are written to, made with the first of them. */
final class ExternalWriter implements AutoCloseable {
  private static final int WINDOW = 1 << 26;

  /** So that runtimes can map tensors into memory. */
  private static final long PAGE = 4096;

  private final Path file;
  private FileChannel channel;

  ExternalWriter(Path file) {
    this.file = file;
  }

  /** Writes a tensor's numbers, and says where they are. */
  TensorProto write(Tensor tensor) throws IOException {
    if (channel == null) {
      channel = FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
    }
    OnnxTensors.toNativeOrder(tensor);
    long offset = (channel.size() + PAGE - 1) / PAGE * PAGE;
    channel.position(offset);
    for (long at = 0; at < tensor.byteCount(); at += WINDOW) {
      ByteBuffer part = tensor.buffer(at, (int) Math.min(WINDOW, tensor.byteCount() - at));
      while (part.hasRemaining()) {
        channel.write(part);
      }
    }
    return ExportGraph.shaped(tensor.type(), tensor.shape())
        .setDataLocation(TensorProto.DataLocation.EXTERNAL)
        .addExternalData(entry("location", file.getFileName().toString()))
        .addExternalData(entry("offset", Long.toString(offset)))
        .addExternalData(entry("length", Long.toString(tensor.byteCount())))
        .build();
  }

  private static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }

  @Override
  public void close() throws IOException {
    if (channel != null) {
      channel.close();
    }
  }
}
