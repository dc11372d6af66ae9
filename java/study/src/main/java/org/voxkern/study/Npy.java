package org.voxkern.study;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.file.FileReplacement;

/** Arrays in NumPy's files: a magic string, a version, a Python dictionary, the numbers. */
public final class Npy {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final Pattern TYPE = Pattern.compile("'descr'\\s*:\\s*'([^']*)'");
  private static final Pattern ORDER = Pattern.compile("'fortran_order'\\s*:\\s*(True|False)");
  private static final Pattern SHAPE = Pattern.compile("'shape'\\s*:\\s*\\(([0-9, ]*)\\)");
  private static final int LONGEST_HEADER = 1 << 20;
  private static final int WINDOW = 1 << 26;

  private Npy() {}

  /**
   * Reads an array in C order of little-endian numbers into the innermost scope.
   *
   * @throws IllegalArgumentException if the file is broken or of another kind
   */
  public static Tensor read(Context context, Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      String header = header(channel, path);
      String code = find(TYPE, header, path);
      if (find(ORDER, header, path).equals("True")) {
        throw new IllegalArgumentException(path + ": supported are arrays in C order");
      }
      Tensor tensor =
          Tensor.uninitialized(context, type(code, path), shape(find(SHAPE, header, path)));
      if (channel.size() - channel.position() != tensor.byteCount()) {
        throw new IllegalArgumentException(
            path
                + " has "
                + (channel.size() - channel.position())
                + " bytes of numbers, expected "
                + tensor.byteCount());
      }
      for (long at = 0; at < tensor.byteCount(); at += WINDOW) {
        fill(channel, tensor.buffer(at, (int) Math.min(WINDOW, tensor.byteCount() - at)));
      }
      return tensor;
    } catch (EOFException end) {
      throw new IllegalArgumentException(path + ": the file ends early", end);
    }
  }

  private static String header(FileChannel channel, Path path) throws IOException {
    ByteBuffer start = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    fill(channel, start);
    boolean known = Arrays.equals(start.array(), 0, MAGIC.length, MAGIC, 0, MAGIC.length);
    int version = start.get(6);
    if (!known || version < 1 || version > 3) {
      throw new IllegalArgumentException(path + ": not an array of NumPy");
    }
    ByteBuffer length = ByteBuffer.allocate(version == 1 ? 2 : 4).order(ByteOrder.LITTLE_ENDIAN);
    fill(channel, length);
    long bytes = version == 1 ? length.getShort(0) & 0xffff : length.getInt(0) & 0xffffffffL;
    if (bytes > LONGEST_HEADER) {
      throw new IllegalArgumentException(path + ": a header of " + bytes + " bytes");
    }
    ByteBuffer text = ByteBuffer.allocate((int) bytes);
    fill(channel, text);
    return new String(text.array(), StandardCharsets.UTF_8);
  }

  private static void fill(FileChannel channel, ByteBuffer target) throws IOException {
    while (target.hasRemaining()) {
      if (channel.read(target) < 0) {
        throw new EOFException();
      }
    }
  }

  private static String find(Pattern pattern, String header, Path path) {
    Matcher matcher = pattern.matcher(header);
    if (!matcher.find()) {
      throw new IllegalArgumentException(path + ": a header of another kind: " + header.strip());
    }
    return matcher.group(1);
  }

  private static Shape shape(String text) {
    return Shape.of(
        Arrays.stream(text.split(","))
            .map(String::strip)
            .filter(word -> !word.isEmpty())
            .mapToLong(Long::parseLong)
            .toArray());
  }

  private static ElementType type(String code, Path path) {
    for (ElementType type : ElementType.values()) {
      if (code.substring(1).equals(code(type)) && code.charAt(0) != '>') {
        return type;
      }
    }
    throw new IllegalArgumentException(path + ": elements of the kind '" + code + "'");
  }

  /** Kind and bytes. */
  private static String code(ElementType type) {
    return switch (type) {
      case BOOL -> "b1";
      case I8 -> "i1";
      case U8 -> "u1";
      case I16 -> "i2";
      case U16 -> "u2";
      case I32 -> "i4";
      case U32 -> "u4";
      case I64 -> "i8";
      case U64 -> "u8";
      case F16 -> "f2";
      case F32 -> "f4";
      case F64 -> "f8";
      // NumPy has none; the bits are those of f32's upper half.
      case BF16 -> "V2";
    };
  }

  /** Writes an array. The file appears at once when it is complete. */
  public static void write(Path path, Tensor tensor) throws IOException {
    String sizes =
        Arrays.stream(tensor.shape().toArray())
            .mapToObj(size -> size + ",")
            .collect(Collectors.joining(" "));
    String order = tensor.type().bytes() == 1 ? "|" : "<";
    String header =
        "{'descr': '"
            + order
            + code(tensor.type())
            + "', 'fortran_order': False, 'shape': ("
            + sizes
            + "), }";
    // The numbers begin at a multiple of 64 bytes.
    int length = (header.length() + 11 + 63) / 64 * 64 - 10;
    ByteBuffer start = ByteBuffer.allocate(10 + length).order(ByteOrder.LITTLE_ENDIAN);
    start.put(MAGIC).put((byte) 1).put((byte) 0).putShort((short) length);
    start.put(header.getBytes(StandardCharsets.US_ASCII));
    while (start.remaining() > 1) {
      start.put((byte) ' ');
    }
    start.put((byte) '\n').flip();
    try (FileReplacement replacement = FileReplacement.of(path)) {
      try (FileChannel channel =
          FileChannel.open(
              replacement.target(), StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
        drain(channel, start);
        for (long at = 0; at < tensor.byteCount(); at += WINDOW) {
          drain(channel, tensor.buffer(at, (int) Math.min(WINDOW, tensor.byteCount() - at)));
        }
      }
      replacement.commit();
    }
  }

  private static void drain(FileChannel channel, ByteBuffer source) throws IOException {
    while (source.hasRemaining()) {
      channel.write(source);
    }
  }
}
