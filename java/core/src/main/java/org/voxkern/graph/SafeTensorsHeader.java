package org.voxkern.graph;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.SafeTensors.Entry;

/** The JSON header of a safetensors file. */
final class SafeTensorsHeader {
  /** What the format allows. */
  static final long MAX_BYTES = 100_000_000;

  private static final int ALIGNMENT = 8;
  private static final String METADATA = "__metadata__";

  /** In the format's own order, by which tensors are sorted: the last come first. */
  private static final List<ElementType> TYPES =
      List.of(
          ElementType.BOOL,
          ElementType.U8,
          ElementType.I8,
          ElementType.I16,
          ElementType.U16,
          ElementType.F16,
          ElementType.BF16,
          ElementType.I32,
          ElementType.U32,
          ElementType.F32,
          ElementType.F64,
          ElementType.I64,
          ElementType.U64);

  private final Map<String, Entry> entries;
  private final Map<String, String> metadata;

  private SafeTensorsHeader(Map<String, Entry> entries, Map<String, String> metadata) {
    this.entries = Collections.unmodifiableMap(entries);
    this.metadata = Collections.unmodifiableMap(metadata);
  }

  Map<String, Entry> entries() {
    return entries;
  }

  Map<String, String> metadata() {
    return metadata;
  }

  static SafeTensorsHeader of(Map<String, Tensor> tensors, Map<String, String> metadata) {
    if (tensors.containsKey(METADATA)) {
      throw new IllegalArgumentException("a tensor cannot have the name " + METADATA);
    }
    List<String> names = new ArrayList<>(tensors.keySet());
    names.sort(
        Comparator.comparing((String name) -> -TYPES.indexOf(tensors.get(name).type()))
            .thenComparing(Comparator.naturalOrder()));
    Map<String, Entry> entries = new LinkedHashMap<>();
    long offset = 0;
    for (String name : names) {
      Tensor tensor = tensors.get(name);
      entries.put(name, new Entry(tensor.type(), tensor.shape(), offset));
      offset += tensor.byteCount();
    }
    return new SafeTensorsHeader(entries, new TreeMap<>(metadata));
  }

  /** The header as bytes, filled with spaces so that elements are aligned. */
  ByteBuffer encode() {
    StringBuilder text = new StringBuilder("{");
    if (!metadata.isEmpty()) {
      JsonText.quote(text, METADATA).append(":{");
      metadata.forEach(
          (key, value) -> {
            text.append(text.charAt(text.length() - 1) == '{' ? "" : ",");
            JsonText.quote(JsonText.quote(text, key).append(':'), value);
          });
      text.append('}');
    }
    entries.forEach((name, entry) -> encode(text, name, entry));
    byte[] bytes = text.append('}').toString().getBytes(StandardCharsets.UTF_8);
    if (bytes.length > MAX_BYTES) {
      throw new IllegalArgumentException(
          "the header takes " + bytes.length + " bytes, the format allows " + MAX_BYTES);
    }
    int padded = (bytes.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    byte[] whole = Arrays.copyOf(bytes, padded);
    Arrays.fill(whole, bytes.length, padded, (byte) ' ');
    return ByteBuffer.wrap(whole);
  }

  private static void encode(StringBuilder text, String name, Entry entry) {
    text.append(text.length() == 1 ? "" : ",");
    JsonText.quote(text, name)
        .append(":{\"dtype\":\"")
        .append(entry.type().name())
        .append("\",\"shape\":")
        .append(Arrays.toString(entry.shape().toArray()).replace(" ", ""))
        .append(",\"data_offsets\":[")
        .append(entry.offset())
        .append(',')
        .append(entry.offset() + entry.bytes())
        .append("]}");
  }

  static String decode(ByteBuffer bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException failure) {
      throw new IllegalArgumentException("no safetensors file: the header is not UTF-8", failure);
    }
  }

  static SafeTensorsHeader parse(String text) {
    Map<String, Entry> entries = new LinkedHashMap<>();
    Map<String, String> metadata = new LinkedHashMap<>();
    JsonText json = new JsonText(text);
    json.object(
        name -> {
          if (name.equals(METADATA)) {
            json.object(key -> metadata.put(key, json.string()));
          } else {
            entries.put(name, entry(json, name));
          }
        });
    json.requireEnd();
    List<String> names = new ArrayList<>(entries.keySet());
    names.sort(
        Comparator.comparing((String name) -> entries.get(name).offset())
            .thenComparing(name -> entries.get(name).bytes()));
    Map<String, Entry> sorted = new LinkedHashMap<>();
    names.forEach(name -> sorted.put(name, entries.get(name)));
    return new SafeTensorsHeader(sorted, metadata);
  }

  private static Entry entry(JsonText json, String name) {
    ElementType[] type = new ElementType[1];
    long[][] shape = new long[1][];
    long[][] range = new long[1][];
    json.object(
        key -> {
          switch (key) {
            case "dtype" -> type[0] = type(name, json.string());
            case "shape" -> shape[0] = json.integers();
            case "data_offsets" -> range[0] = json.integers();
            default ->
                throw new IllegalArgumentException(
                    "tensor '" + name + "' has the unknown property '" + key + "'");
          }
        });
    if (type[0] == null || shape[0] == null || range[0] == null || range[0].length != 2) {
      throw new IllegalArgumentException(
          "tensor '" + name + "': expected dtype, shape and two data_offsets");
    }
    Entry entry;
    long bytes;
    try {
      entry = new Entry(type[0], Shape.of(shape[0]), range[0][0]);
      bytes = entry.bytes();
    } catch (IllegalArgumentException | ArithmeticException failure) {
      throw new IllegalArgumentException("tensor '" + name + "': " + failure.getMessage(), failure);
    }
    if (range[0][0] < 0 || range[0][1] < range[0][0] || range[0][1] - range[0][0] != bytes) {
      throw new IllegalArgumentException(
          "tensor '"
              + name
              + "': "
              + type[0]
              + " "
              + entry.shape()
              + " takes "
              + bytes
              + " bytes, but data_offsets are "
              + Arrays.toString(range[0]));
    }
    return entry;
  }

  private static ElementType type(String name, String dtype) {
    for (ElementType type : TYPES) {
      if (type.name().equals(dtype)) {
        return type;
      }
    }
    throw new IllegalArgumentException(
        "tensor '" + name + "' has the element type " + dtype + ", expected one of " + TYPES);
  }

  /** Tensors must follow each other without gap or overlap and end where the file does. */
  void requireFilled(long bytes) {
    long filled = 0;
    String before = "the header";
    for (Map.Entry<String, Entry> named : entries.entrySet()) {
      Entry entry = named.getValue();
      if (entry.offset() != filled) {
        throw new IllegalArgumentException(
            "tensor '"
                + named.getKey()
                + "' begins at byte "
                + entry.offset()
                + (entry.offset() < filled ? " and overlaps " : " with a gap after ")
                + before
                + ", which ends at "
                + filled);
      }
      filled = Math.addExact(filled, entry.bytes());
      before = "'" + named.getKey() + "'";
      if (filled > bytes) {
        throw new IllegalArgumentException(
            "tensor "
                + before
                + " ends at byte "
                + filled
                + ", beyond the file's "
                + bytes
                + " bytes of data");
      }
    }
    if (filled != bytes) {
      throw new IllegalArgumentException(
          "the file has " + bytes + " bytes of data, but its tensors end at " + filled);
    }
  }
}
