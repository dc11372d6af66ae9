package org.voxkern.study.segmentation;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.voxkern.Device;

/**
 * What a {@code segment} command was asked for.
 *
 * @param images one for each channel of the network
 * @param model a file of a trained network, or the folder that holds it
 * @param layout of the network, where the model is weights alone
 * @param output of the network, where it has several
 * @param windows to run in, or empty for the whole volume at once
 * @param memoryBytes most that the run may take, 0 for what the machine has
 * @param device that runs the network
 * @param bfloat16 whether convolutions may multiply bfloat16
 */
public record SegmentationRequest(
    List<Path> images,
    Path model,
    Optional<NetworkLayout> layout,
    Optional<String> output,
    Preset preset,
    Optional<Windows> windows,
    Path out,
    long memoryBytes,
    int threads,
    Device device,
    boolean bfloat16) {

  public SegmentationRequest {
    images = List.copyOf(images);
  }

  /**
   * Options of a sliding window.
   *
   * @param size z, y, x
   * @param mirror whether all axes are also run backwards
   */
  public record Windows(long[] size, double overlap, boolean mirror) {}
}
