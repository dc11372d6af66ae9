package org.voxkern.study;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.util.Map;
import org.voxkern.Geometry;
import org.voxkern.registration.LevelReport;

/** The outcome of a run as {@code result.json}. */
public final class ResultJson {
  private ResultJson() {}

  public static String of(Outcome outcome) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.useDefaultPrettyPrinter();
      json.writeStartObject();
      input(json, "fixed", outcome.fixed());
      input(json, "moving", outcome.moving());
      json.writeStringField("transform", outcome.transform());
      json.writeObjectFieldStart("metric");
      json.writeStringField("name", outcome.measure());
      number(json, "before", outcome.measureValue().before());
      number(json, "after", outcome.measureValue().after());
      json.writeEndObject();
      json.writeObjectFieldStart("seconds");
      for (Map.Entry<String, Double> step : outcome.seconds().entrySet()) {
        number(json, step.getKey(), Math.rint(step.getValue() * 1e4) / 1e4);
      }
      json.writeEndObject();
      number(json, "peak_memory_mb", Math.rint(outcome.peakMemoryMb() * 10) / 10);
      if (outcome.pointErrors().isPresent()) {
        json.writeObjectFieldStart("tre_mm");
        errors(json, "before", outcome.pointErrors().get().before());
        errors(json, "after", outcome.pointErrors().get().after());
        json.writeEndObject();
      }
      if (outcome.overlap().isPresent()) {
        json.writeObjectFieldStart("dice");
        overlap(json, "before", outcome.overlap().get().before());
        overlap(json, "after", outcome.overlap().get().after());
        json.writeEndObject();
      }
      json.writeObjectFieldStart("jacobian");
      number(json, "nonpositive_fraction", outcome.jacobian().nonpositiveFraction());
      number(json, "sd_log", outcome.jacobian().sdLog());
      number(json, "min", outcome.jacobian().min());
      number(json, "max", outcome.jacobian().max());
      json.writeEndObject();
      numbers(json, "linear_lps_mm", outcome.linear());
      levels(json, outcome);
      json.writeStringField("device", outcome.device());
      json.writeNumberField("seed", outcome.seed());
      json.writeObjectFieldStart("parameters");
      for (Map.Entry<String, String> parameter : outcome.parameters().entrySet()) {
        json.writeStringField(parameter.getKey(), parameter.getValue());
      }
      json.writeEndObject();
      json.writeStringField("version", outcome.version());
      json.writeEndObject();
    }
    return text.append('\n').toString();
  }

  private static void input(JsonGenerator json, String name, Outcome.Input input)
      throws IOException {
    Geometry geometry = input.geometry();
    json.writeObjectFieldStart(name);
    json.writeStringField("path", input.path());
    json.writeStringField("type", input.type());
    json.writeFieldName("size");
    json.writeArray(geometry.size(), 0, 3);
    numbers(json, "spacing_mm", geometry.spacing());
    numbers(json, "origin_lps_mm", geometry.origin());
    numbers(json, "direction", geometry.direction());
    json.writeEndObject();
  }

  private static void errors(JsonGenerator json, String name, Outcome.PointErrors errors)
      throws IOException {
    json.writeObjectFieldStart(name);
    number(json, "mean", errors.mean());
    number(json, "median", errors.median());
    number(json, "p95", errors.p95());
    json.writeNumberField("points", errors.count());
    json.writeEndObject();
  }

  private static void overlap(JsonGenerator json, String name, Outcome.Overlap overlap)
      throws IOException {
    json.writeObjectFieldStart(name);
    number(json, "mean", overlap.mean());
    json.writeObjectFieldStart("labels");
    for (Map.Entry<Integer, Double> label : overlap.labels().entrySet()) {
      number(json, String.valueOf(label.getKey()), label.getValue());
    }
    json.writeEndObject();
    json.writeEndObject();
  }

  private static void levels(JsonGenerator json, Outcome outcome) throws IOException {
    json.writeArrayFieldStart("stop_reason");
    for (LevelReport level : outcome.levels()) {
      json.writeStartObject();
      json.writeStringField("stage", level.stage());
      json.writeNumberField("level", level.level());
      json.writeStringField("reason", level.stopReason());
      json.writeNumberField("iterations", level.values().size());
      number(json, "seconds", Math.rint(level.seconds() * 1e4) / 1e4);
      json.writeArrayFieldStart("metric");
      for (double value : level.values()) {
        if (Double.isFinite(value)) {
          json.writeNumber(value);
        } else {
          json.writeNull();
        }
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static void numbers(JsonGenerator json, String name, double[] values) throws IOException {
    json.writeFieldName(name);
    json.writeArray(values, 0, values.length);
  }

  /** JSON knows neither NaN nor infinities. */
  private static void number(JsonGenerator json, String name, double value) throws IOException {
    if (Double.isFinite(value)) {
      json.writeNumberField(name, value);
    } else {
      json.writeNullField(name);
    }
  }
}
