package org.voxkern.onnx;

import java.util.List;
import java.util.stream.Collectors;

/** A model has nodes that cannot be imported: all of them, each with the reason. */
public final class UnsupportedOnnxException extends UnsupportedOperationException {
  private static final long serialVersionUID = 1;

  /**
   * A node that cannot be imported.
   *
   * @param operator ONNX's name of what it does
   */
  public record Refusal(String node, String operator, String reason) {
    @Override
    public String toString() {
      return "'" + node + "' (" + operator + "): " + reason;
    }
  }

  private final transient List<Refusal> refusals;

  UnsupportedOnnxException(String model, List<Refusal> refusals) {
    super(
        model
            + ": "
            + (refusals.size() == 1 ? "a node is" : refusals.size() + " nodes are")
            + " not supported: "
            + refusals.stream().map(Refusal::toString).collect(Collectors.joining("; ")));
    this.refusals = List.copyOf(refusals);
  }

  public List<Refusal> refusals() {
    return refusals;
  }
}
