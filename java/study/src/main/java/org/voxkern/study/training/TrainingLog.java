package org.voxkern.study.training;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.voxkern.file.FileReplacement;
import org.voxkern.study.JsonMap;

/** A file with one JSON object a line for each step and each validation. */
final class TrainingLog {
  private final Path file;

  private TrainingLog(Path file) {
    this.file = file;
  }

  /**
   * Keeps what a file has of the steps up to one, which a training goes on from; what was done
   * after its last checkpoint is done again.
   */
  static TrainingLog from(Path file, long step) throws IOException {
    List<String> kept = new ArrayList<>();
    if (step > 0 && Files.exists(file)) {
      for (String line : Files.readAllLines(file)) {
        // A line that was cut off is of a step that is done again.
        if (stepOf(line) <= step) {
          kept.add(line);
        }
      }
    }
    try (FileReplacement replacement = FileReplacement.of(file)) {
      Files.write(replacement.target(), kept);
      replacement.commit();
    }
    return new TrainingLog(file);
  }

  private static long stepOf(String line) {
    try {
      return JsonMap.parse(line).get("step") instanceof Number number
          ? number.longValue()
          : Long.MAX_VALUE;
    } catch (IOException broken) {
      return Long.MAX_VALUE;
    }
  }

  void step(long step, Map<String, Double> numbers) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("step", step);
    line.putAll(numbers);
    try {
      Files.writeString(file, json(line, false) + "\n", StandardOpenOption.APPEND);
    } catch (IOException failure) {
      throw new UncheckedIOException("cannot write " + file, failure);
    }
  }

  /** An object of numbers, texts and such objects; what is not finite becomes null. */
  static String json(Map<String, ?> values, boolean pretty) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      if (pretty) {
        json.useDefaultPrettyPrinter();
      }
      write(json, values);
    }
    return text.toString();
  }

  private static void write(JsonGenerator json, Object value) throws IOException {
    if (value instanceof Map<?, ?> map) {
      json.writeStartObject();
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        json.writeFieldName(String.valueOf(entry.getKey()));
        write(json, entry.getValue());
      }
      json.writeEndObject();
    } else if (value instanceof Long whole) {
      json.writeNumber(whole);
    } else if (value instanceof Double number && Double.isFinite(number)) {
      json.writeNumber(number);
    } else if (value instanceof Boolean flag) {
      json.writeBoolean(flag);
    } else if (value instanceof Double) {
      json.writeNull();
    } else {
      json.writeString(String.valueOf(value));
    }
  }
}
