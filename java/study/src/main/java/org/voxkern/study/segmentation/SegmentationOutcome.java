package org.voxkern.study.segmentation;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a {@code segment} command found.
 *
 * @param voxels of every label that there is
 * @param voxelMl the volume of one
 * @param seconds of the run's parts, in order
 * @param predictedBytes what the network was said to take beside the image and its weights
 * @param contextBytes the most that tensors took, images and weights included
 * @param processMb the most memory of the process
 */
public record SegmentationOutcome(
    String out,
    SortedMap<Integer, Long> voxels,
    double voxelMl,
    Map<String, Double> seconds,
    long parameters,
    long predictedBytes,
    long contextBytes,
    double processMb,
    String device) {
  private static final double MIB = 1 << 20;

  public SegmentationOutcome {
    voxels = new TreeMap<>(voxels);
  }

  /** For people. */
  public String summary() {
    StringBuilder text = new StringBuilder();
    text.append(String.format(Locale.ROOT, "%7s %12s %12s%n", "label", "voxels", "ml"));
    voxels.forEach(
        (label, count) ->
            text.append(
                String.format(Locale.ROOT, "%7d %12d %12.2f%n", label, count, count * voxelMl)));
    text.append(
        String.format(
            Locale.ROOT,
            "%nnetwork  %d parameters, %.2f s of %.2f s (%s)%n"
                + "memory   %.0f MiB predicted for the network, %.0f MiB taken with images and"
                + " weights, %.0f MiB the process%n"
                + "written  %s%n",
            parameters,
            seconds.get("network"),
            seconds.get("total"),
            device,
            predictedBytes / MIB,
            contextBytes / MIB,
            processMb,
            out));
    return text.toString();
  }

  /** For programs. */
  public String json() throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.useDefaultPrettyPrinter();
      json.writeStartObject();
      json.writeStringField("out", out);
      json.writeObjectFieldStart("labels");
      for (Map.Entry<Integer, Long> label : voxels.entrySet()) {
        json.writeObjectFieldStart(String.valueOf(label.getKey()));
        json.writeNumberField("voxels", label.getValue());
        json.writeNumberField("ml", label.getValue() * voxelMl);
        json.writeEndObject();
      }
      json.writeEndObject();
      json.writeObjectFieldStart("seconds");
      for (Map.Entry<String, Double> part : seconds.entrySet()) {
        json.writeNumberField(part.getKey(), Math.rint(part.getValue() * 1e4) / 1e4);
      }
      json.writeEndObject();
      json.writeNumberField("parameters", parameters);
      json.writeNumberField("predicted_mib", predictedBytes / MIB);
      json.writeNumberField("tensors_mib", contextBytes / MIB);
      json.writeNumberField("peak_memory_mb", processMb);
      json.writeStringField("device", device);
      json.writeEndObject();
    }
    return text.append('\n').toString();
  }
}
