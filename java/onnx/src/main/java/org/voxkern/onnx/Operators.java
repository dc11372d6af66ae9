package org.voxkern.onnx;

import java.util.Map;
import java.util.TreeMap;

/** ONNX's operators that are understood, by name. */
final class Operators {
  /** Adds the nodes of one node, and sets its outputs. */
  @FunctionalInterface
  interface Mapper {
    void map(NodeImport node);
  }

  private static final Map<String, Mapper> BY_NAME = new TreeMap<>();

  /** Of the domain of the functions that exported models have. */
  private static final Map<String, Mapper> OWN = new TreeMap<>();

  static {
    ConstantOperators.addTo(BY_NAME);
    ActivationOperators.addTo(BY_NAME);
    ElementwiseOperators.addTo(BY_NAME);
    BitOperators.addTo(BY_NAME);
    CastOperators.addTo(BY_NAME);
    ConvolutionOperators.addTo(BY_NAME);
    PoolOperators.addTo(BY_NAME);
    NormalizationOperators.addTo(BY_NAME);
    ProductOperators.addTo(BY_NAME);
    EinsumOperators.addTo(BY_NAME);
    ReductionOperators.addTo(BY_NAME);
    LayoutOperators.addTo(BY_NAME);
    IndexingOperators.addTo(BY_NAME);
    ResizeOperators.addTo(BY_NAME);
    SamplingOperators.addTo(BY_NAME);
    DetectionOperators.addTo(BY_NAME);
    RecurrentOperators.addTo(BY_NAME);
    QuantizationOperators.addTo(BY_NAME);
    VoxkernOperators.addTo(OWN);
  }

  private Operators() {}

  /** Null if there is none. */
  static Mapper find(String domain, String name) {
    if (domain.equals(ExportGraph.DOMAIN)) {
      return OWN.get(name);
    }
    return OnnxModel.isStandard(domain) ? BY_NAME.get(name) : null;
  }
}
