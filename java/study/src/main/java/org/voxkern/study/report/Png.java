package org.voxkern.study.report;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/**
 * Writes PNG files. ImageIO would do, but loading its plug-ins takes longer than writing every
 * picture of a report.
 */
final class Png {
  private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  private static final int COMPRESSION = 4;

  private Png() {}

  /** The picture as a PNG file: 8-bit grey when it has no colour, 24-bit RGB otherwise. */
  static byte[] encode(Picture picture) {
    boolean grey = picture.isGrey();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(1 << 16);
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.write(SIGNATURE);
      ByteArrayOutputStream header = new ByteArrayOutputStream(13);
      DataOutputStream fields = new DataOutputStream(header);
      fields.writeInt(picture.width);
      fields.writeInt(picture.height);
      fields.write(new byte[] {8, (byte) (grey ? 0 : 2), 0, 0, 0});
      chunk(out, "IHDR", header.toByteArray());
      chunk(out, "IDAT", deflate(scanlines(picture, grey ? 1 : 3)));
      chunk(out, "IEND", new byte[0]);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    return bytes.toByteArray();
  }

  /** Rows with the filter "up": each byte less the one above it. */
  private static byte[] scanlines(Picture picture, int channels) {
    int row = picture.width * channels;
    byte[] raw = new byte[picture.height * (row + 1)];
    byte[] above = new byte[row];
    byte[] current = new byte[row];
    for (int y = 0; y < picture.height; y++) {
      for (int x = 0; x < picture.width; x++) {
        int color = picture.rgb[y * picture.width + x];
        if (channels == 1) {
          current[x] = (byte) color;
        } else {
          current[3 * x] = (byte) (color >> 16);
          current[3 * x + 1] = (byte) (color >> 8);
          current[3 * x + 2] = (byte) color;
        }
      }
      int start = y * (row + 1);
      raw[start] = 2;
      for (int i = 0; i < row; i++) {
        raw[start + 1 + i] = (byte) (current[i] - above[i]);
      }
      byte[] swap = above;
      above = current;
      current = swap;
    }
    return raw;
  }

  private static byte[] deflate(byte[] raw) {
    Deflater deflater = new Deflater(COMPRESSION);
    try {
      deflater.setInput(raw);
      deflater.finish();
      ByteArrayOutputStream out = new ByteArrayOutputStream(raw.length / 2 + 64);
      byte[] buffer = new byte[1 << 15];
      while (!deflater.finished()) {
        out.write(buffer, 0, deflater.deflate(buffer));
      }
      return out.toByteArray();
    } finally {
      deflater.end();
    }
  }

  private static void chunk(DataOutputStream out, String type, byte[] data) throws IOException {
    byte[] name = type.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    CRC32 crc = new CRC32();
    crc.update(name);
    crc.update(data);
    out.writeInt(data.length);
    out.write(name);
    out.write(data);
    out.writeInt((int) crc.getValue());
  }
}
