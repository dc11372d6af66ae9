package org.voxkern.graph;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.file.FileReplacement;

/**
 * A file of named tensors in the safetensors format: eight bytes with the length of a JSON header,
 * least significant first, the header, and the elements, row-major and least significant byte
 * first, with no gap between them.
 *
 * <p>Every {@link ElementType} can be read and written. An open file reads tensors one by one, so
 * that no more than what is asked for is in memory. Source: the format's description at
 * github.com/huggingface/safetensors. Not thread-safe.
 */
public final class SafeTensors implements AutoCloseable {
  private static final int CHUNK = 1 << 26;

  /**
   * What the header says of a tensor.
   *
   * @param offset of its first byte, from the end of the header
   */
  public record Entry(ElementType type, Shape shape, long offset) {
    long bytes() {
      return Math.multiplyExact(shape.elementCount(), (long) type.bytes());
    }
  }

  private final Path path;
  private final FileChannel channel;
  private final SafeTensorsHeader header;
  private final long dataBegin;

  private SafeTensors(Path path, FileChannel channel) throws IOException {
    this.path = path;
    this.channel = channel;
    try {
      String text = headerText();
      dataBegin = channel.position();
      header = SafeTensorsHeader.parse(text);
      header.requireFilled(channel.size() - dataBegin);
    } catch (IllegalArgumentException failure) {
      throw new IllegalArgumentException(path + ": " + failure.getMessage(), failure);
    }
  }

  private String headerText() throws IOException {
    long size = channel.size();
    if (size < Long.BYTES) {
      throw new IllegalArgumentException(
          "no safetensors file: " + size + " bytes, expected at least " + Long.BYTES);
    }
    long length = read(Long.BYTES).getLong();
    long most = Math.min(size - Long.BYTES, SafeTensorsHeader.MAX_BYTES);
    if (length < 2 || length > most) {
      throw new IllegalArgumentException(
          "no safetensors file: a header of "
              + Long.toUnsignedString(length)
              + " bytes, expected 2 to "
              + most
              + " in a file of "
              + size
              + " bytes");
    }
    return SafeTensorsHeader.decode(read((int) length));
  }

  private ByteBuffer read(int count) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
    fill(bytes);
    return bytes.flip();
  }

  private void fill(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      if (channel.read(bytes) < 0) {
        throw new EOFException(path + ": the file became shorter while it was read");
      }
    }
  }

  /**
   * Opens a file and checks its header: every tensor must lie within the file and share no byte
   * with another, and together they must fill it.
   *
   * @throws java.nio.file.NoSuchFileException if there is no such file
   * @throws IllegalArgumentException if the file is no such file, or broken, saying how
   */
  public static SafeTensors open(Path path) throws IOException {
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      return new SafeTensors(path, channel);
    } catch (IOException | RuntimeException failure) {
      channel.close();
      throw failure;
    }
  }

  /** By name, in the order in which they lie in the file. */
  public Map<String, Entry> entries() {
    return header.entries();
  }

  /** Free text by keys; empty where the file has none. */
  public Map<String, String> metadata() {
    return header.metadata();
  }

  /**
   * Reads a tensor into the innermost scope.
   *
   * @throws IllegalArgumentException if there is none of that name
   */
  public Tensor read(Context context, String name) throws IOException {
    Entry entry = entries().get(name);
    if (entry == null) {
      throw new IllegalArgumentException(
          path + ": there is no tensor '" + name + "' among " + entries().keySet());
    }
    Tensor tensor = Tensor.uninitialized(context, entry.type(), entry.shape());
    try {
      channel.position(dataBegin + entry.offset());
      for (long at = 0; at < tensor.byteCount(); at += CHUNK) {
        int bytes = (int) Math.min(CHUNK, tensor.byteCount() - at);
        if (tensor.context().device().isHost()) {
          fill(tensor.buffer(at, bytes));
        } else {
          ByteBuffer part = ByteBuffer.allocateDirect(bytes);
          fill(part);
          tensor.write(at, part.flip());
        }
      }
      return tensor;
    } catch (IOException | RuntimeException failure) {
      tensor.close();
      throw failure;
    }
  }

  /** Reads every tensor into the innermost scope. */
  public Map<String, Tensor> readAll(Context context) throws IOException {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (String name : entries().keySet()) {
      tensors.put(name, read(context, name));
    }
    return tensors;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  /** Writes tensors without metadata, as {@link #write(Path, Map, Map)} does. */
  public static void write(Path path, Map<String, Tensor> tensors) throws IOException {
    write(path, tensors, Map.of());
  }

  /**
   * Writes tensors, the widest elements first and then by name, so that each is aligned to its
   * elements; the same tensors give the same bytes. The file appears at once when it is complete: a
   * failure leaves nothing, and an older file of that name as it was.
   *
   * @throws IllegalArgumentException if a tensor has the name {@code __metadata__}
   */
  public static void write(Path path, Map<String, Tensor> tensors, Map<String, String> metadata)
      throws IOException {
    SafeTensorsHeader header = SafeTensorsHeader.of(tensors, metadata);
    try (FileReplacement replacement = FileReplacement.of(path)) {
      try (FileChannel channel =
          FileChannel.open(
              replacement.target(), StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
        ByteBuffer text = header.encode();
        write(
            channel,
            ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(0, text.remaining()));
        write(channel, text);
        for (String name : header.entries().keySet()) {
          Tensor tensor = tensors.get(name);
          for (long at = 0; at < tensor.byteCount(); at += CHUNK) {
            write(channel, tensor.contents(at, (int) Math.min(CHUNK, tensor.byteCount() - at)));
          }
        }
        // What is moved into place must be whole even if the machine stops right after.
        channel.force(true);
      }
      replacement.commit();
    }
  }

  private static void write(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
