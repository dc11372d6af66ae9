package org.voxkern.testing;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Arrays of NumPy's .npz files: a zip of .npy files, each a magic string, a version, a header that
 * is a Python dictionary, and the numbers. Little-endian f64 in C order, which is all we have.
 */
public final class Npz {
  private static final Pattern HEADER =
      Pattern.compile("'descr': '<f8', 'fortran_order': False, 'shape': \\(([0-9, ]*)\\)");

  private Npz() {}

  /**
   * An array, last axis fastest.
   *
   * @param shape slowest first
   */
  public record Array(int[] shape, double[] values) {}

  /** The array of this name. */
  public static Array read(Path file, String name) throws IOException {
    try (ZipFile zip = new ZipFile(file.toFile())) {
      ZipEntry entry = zip.getEntry(name + ".npy");
      if (entry == null) {
        throw new IOException(file + " holds no array " + name);
      }
      try (InputStream stream = zip.getInputStream(entry)) {
        return parse(stream.readAllBytes());
      }
    }
  }

  private static Array parse(byte[] bytes) throws IOException {
    DataInputStream input = new DataInputStream(new ByteArrayInputStream(bytes));
    byte[] magic = input.readNBytes(8);
    // Version 1 has two bytes for the header's length, later ones four.
    int length =
        magic[6] == 1
            ? Short.reverseBytes(input.readShort()) & 0xFFFF
            : Integer.reverseBytes(input.readInt());
    String header = new String(input.readNBytes(length), StandardCharsets.UTF_8);
    Matcher matcher = HEADER.matcher(header);
    if (!matcher.find()) {
      throw new IOException("an array of another kind than f64 in C order: " + header);
    }
    String[] words = matcher.group(1).split(" *, *");
    int[] shape = new int[words.length];
    int count = 1;
    for (int axis = 0; axis < shape.length; axis++) {
      shape[axis] = Integer.parseInt(words[axis]);
      count = Math.multiplyExact(count, shape[axis]);
    }
    double[] values = new double[count];
    ByteBuffer.wrap(input.readAllBytes())
        .order(ByteOrder.LITTLE_ENDIAN)
        .asDoubleBuffer()
        .get(values);
    return new Array(shape, values);
  }
}
