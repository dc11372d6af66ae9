package org.voxkern.onnx;

import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Constants;
import org.voxkern.graph.Executable;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Initializer;
import org.voxkern.graph.Parameter;
import org.voxkern.graph.Size;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Value;
import org.voxkern.graph.Weights;
import org.voxkern.onnx.UnsupportedOnnxException.Refusal;
import org.voxkern.op.Convert;

/** One import: the graph so far, and what the names of the model stand for. */
final class Importer {
  private final OnnxModel model;
  private final Map<String, SymbolicShape> shapes;
  private final Map<String, Tensor> given;
  private final Map<String, Long> bounds;
  private final List<String> wanted;

  /** How many rows a run finds, by the value that has them. */
  private final Map<String, Value> counts = new LinkedHashMap<>();

  private final Graph.Builder builder = Graph.builder();
  private final Set<String> names = new LinkedHashSet<>();
  private final Map<String, Tensor> weights = new LinkedHashMap<>();
  private final Map<String, Tensor> evaluated = new HashMap<>();
  private final List<Refusal> refusals = new ArrayList<>();

  /** Functions may have been written in older or newer operators than the model. */
  private int opset;

  private int depth;
  private Context context;

  /** By name, those of the graphs around first; null is what a refused node would have given. */
  private Map<String, Operand> operands = new HashMap<>();

  Importer(
      OnnxModel model,
      Map<String, SymbolicShape> shapes,
      Map<String, Tensor> given,
      Map<String, Long> bounds,
      List<String> wanted) {
    this.bounds = bounds;
    this.wanted = wanted;
    this.model = model;
    this.shapes = shapes;
    this.given = given;
    opset = model.opset();
  }

  OnnxNetwork run(Context in) {
    context = in;
    // What is only needed on the way goes with this scope.
    try (Scope temporary = Scope.open(context)) {
      declareInputs();
      List<NodeProto> nodes = NodeOrder.needed(model.nodes(), wanted);
      addInitializers(model.graph(), NodeOrder.read(nodes, wanted));
      nodes.forEach(this::add);
      if (!refusals.isEmpty()) {
        throw new UnsupportedOnnxException(model.path().toString(), refusals);
      }
      Map<String, Value> outputs = new LinkedHashMap<>();
      for (String output : wanted) {
        outputs.put(output, value(operands.get(output)));
      }
      counts.forEach((source, count) -> outputs.put(source + OnnxImport.COUNT, count));
      // Of a whole model all inputs stay, whether they are read or not.
      boolean whole = wanted.equals(model.outputNames());
      Set<String> kept = new LinkedHashSet<>(whole ? model.inputNames() : List.of());
      kept.removeAll(given.keySet());
      Graph graph = builder.build(outputs, kept);
      Weights own = weightsOf(graph);
      own.names().forEach(name -> own.get(name).moveTo(temporary.parent()));
      return new OnnxNetwork(graph, own);
    } catch (UnsupportedOnnxException failure) {
      throw failure;
    } catch (IllegalArgumentException failure) {
      throw new IllegalArgumentException(model.path() + ": " + failure.getMessage(), failure);
    } catch (UnsupportedOperationException failure) {
      throw new UnsupportedOperationException(model.path() + ": " + failure.getMessage(), failure);
    }
  }

  Context context() {
    return context;
  }

  int opset() {
    return opset;
  }

  Graph.Builder builder() {
    return builder;
  }

  private void declareInputs() {
    InputShapes declared = new InputShapes(shapes);
    model
        .inputs()
        .forEach(
            input -> {
              String name = input.getName();
              ElementType type = InputShapes.type(input);
              Tensor known = given.get(name);
              if (known != null && known.type() != type) {
                throw new IllegalArgumentException(
                    "input '" + name + "' is " + type + " and cannot take " + known);
              }
              Value value = builder.input(free(name), type, declared.shape(input));
              operands.put(name, Operand.of(value));
            });
  }

  private void addInitializers(GraphProto graph, Set<String> needed) {
    for (TensorProto initializer : graph.getInitializerList()) {
      String name = initializer.getName();
      if (!needed.contains(name)) {
        continue;
      }
      try {
        Tensor tensor = OnnxTensors.read(context, initializer, model.external());
        boolean weight = tensor.elementCount() > 1;
        operands.put(name, weight ? Operand.weight(tensor, name) : Operand.of(tensor));
      } catch (IllegalArgumentException failure) {
        throw new IllegalArgumentException(
            "initializer '" + name + "': " + failure.getMessage(), failure);
      } catch (UnsupportedOperationException failure) {
        refusals.add(new Refusal(name, "initializer", failure.getMessage()));
        operands.put(name, null);
      }
    }
  }

  /** The most rows that were asked for of a value whose size depends on values; null if none. */
  Long bound(String name) {
    return bounds.get(name);
  }

  void setCount(String source, Value count) {
    counts.put(source, count);
  }

  Value count(String source) {
    return counts.get(source);
  }

  ExternalData external() {
    return model.external();
  }

  /** Adds the nodes of a node, or remembers why it cannot. */
  private void add(NodeProto proto) {
    String label = NodeOrder.label(proto);
    Operators.Mapper mapper = Operators.find(proto.getDomain(), proto.getOpType());
    FunctionProto function = model.functions().find(proto);
    if (mapper == null && function == null) {
      refuse(proto, label, reason(proto));
      return;
    }
    List<Operand> inputs = new ArrayList<>();
    for (String name : proto.getInputList()) {
      Operand operand = name.isEmpty() ? null : operands.get(name);
      if (operand == null && !name.isEmpty() && operands.containsKey(name)) {
        // It hangs on a node that is refused already.
        forget(proto);
        return;
      }
      inputs.add(operand);
    }
    if (mapper == null) {
      call(function, proto, inputs);
      return;
    }
    NodeImport node = new NodeImport(this, proto, inputs);
    try {
      BoundedRows rows = RowRules.after(node);
      if (!SizeArithmetic.apply(node)) {
        mapper.map(node);
      }
      node.requireKnownAttributes();
      node.outputs()
          .forEach(
              (name, operand) -> operands.put(name, rows == null ? operand : operand.with(rows)));
    } catch (UnsupportedOnnxException failure) {
      throw failure;
    } catch (IllegalArgumentException
        | IllegalStateException
        | ArithmeticException
        | UnsupportedOperationException failure) {
      refuse(proto, label, failure.getMessage());
    }
  }

  private static String reason(NodeProto proto) {
    return OnnxModel.isStandard(proto.getDomain())
        ? "there is no such operator here"
        : "the domain '" + proto.getDomain() + "' is not known";
  }

  /** Adds the nodes of a function of the model's own. */
  private void call(FunctionProto function, NodeProto proto, List<Operand> inputs) {
    if (depth > 64 || proto.getOutputCount() > function.getOutputCount()) {
      String reason =
          depth > 64
              ? "functions call each other too deeply"
              : "it has more outputs than the function";
      refuse(proto, NodeOrder.label(proto), reason);
      return;
    }
    Map<String, Operand> outer = operands;
    int outerOpset = opset;
    operands = new HashMap<>();
    for (int input = 0; input < function.getInputCount(); input++) {
      // One that is not given is none that its nodes have.
      if (input < inputs.size() && inputs.get(input) != null) {
        operands.put(function.getInput(input), inputs.get(input));
      }
    }
    opset = FunctionCalls.opset(function, opset);
    depth++;
    List<Operand> results = new ArrayList<>();
    try {
      FunctionCalls.body(function, proto).forEach(this::add);
      function.getOutputList().forEach(output -> results.add(operands.get(output)));
    } finally {
      operands = outer;
      opset = outerOpset;
      depth--;
    }
    for (int output = 0; output < proto.getOutputCount(); output++) {
      operands.put(proto.getOutput(output), results.get(output));
    }
  }

  private void refuse(NodeProto proto, String label, String reason) {
    refusals.add(new Refusal(label, proto.getOpType(), reason));
    forget(proto);
  }

  private void forget(NodeProto proto) {
    proto.getOutputList().forEach(name -> operands.put(name, null));
  }

  /** What a graph inside of a node gives, which is added in the node's place. */
  List<Operand> inline(GraphProto inner) {
    Map<String, Operand> outer = operands;
    operands = new HashMap<>(outer);
    try {
      int before = refusals.size();
      List<NodeProto> nodes = NodeOrder.sorted(inner, outer.keySet());
      List<String> outputs = inner.getOutputList().stream().map(ValueInfoProto::getName).toList();
      addInitializers(inner, NodeOrder.read(nodes, outputs));
      nodes.forEach(this::add);
      if (refusals.size() > before) {
        throw new UnsupportedOperationException("its branch has nodes that are not supported");
      }
      return inner.getOutputList().stream().map(output -> operands.get(output.getName())).toList();
    } finally {
      operands = outer;
    }
  }

  /** A name that no node has yet, the wanted one if it can be. */
  String free(String wanted) {
    String name = wanted;
    while (!names.add(name) || isTaken(name)) {
      name += "_";
    }
    return name;
  }

  private boolean isTaken(String name) {
    try {
      builder.value(name);
      return true;
    } catch (IllegalArgumentException none) {
      return false;
    }
  }

  /** An operand as a node. */
  Value value(Operand operand) {
    return value(operand, true);
  }

  /**
   * The same.
   *
   * @param trained whether it is trained where it becomes a parameter
   */
  Value value(Operand operand, boolean trained) {
    if (operand.value() != null) {
      return operand.value();
    }
    if (operand.sizes() != null) {
      return operand.made(constant(longs(operand.sizes(), operand.shape().known())));
    }
    return operand.made(constant(operand, trained));
  }

  private Value constant(Operand operand, boolean trained) {
    Tensor tensor = operand.tensor();
    ElementType type = tensor.type();
    boolean real = type == ElementType.F32 || type == ElementType.F16 || type == ElementType.BF16;
    if (operand.weight() == null || !real) {
      return constant(tensor);
    }
    Parameter parameter =
        new Parameter(free(operand.weight()), tensor.shape(), Initializer.constant(0), trained);
    Tensor numbers = type == ElementType.F32 ? tensor : Convert.to(tensor, ElementType.F32);
    weights.put(parameter.name(), numbers);
    return builder.parameter(parameter).cast(type);
  }

  Value constant(Tensor tensor) {
    return builder.apply(Constants.Numbers.of(tensor));
  }

  Tensor longs(List<Size> sizes, Shape shape) {
    long[] numbers = new long[sizes.size()];
    for (int i = 0; i < numbers.length; i++) {
      if (!sizes.get(i).isKnown()) {
        throw new IllegalArgumentException(
            "it needs the size "
                + sizes.get(i)
                + " as a number: give the shapes of the model's inputs");
      }
      numbers[i] = sizes.get(i).value();
    }
    return Tensor.of(context, numbers, shape.toArray());
  }

  /** What an operand holds, which must not depend on inputs that are not known. */
  Tensor tensor(Operand operand) {
    if (operand.tensor() != null) {
      return operand.tensor();
    }
    if (operand.sizes() != null) {
      return longs(operand.sizes(), operand.shape().known());
    }
    Value value = operand.value();
    return evaluated.computeIfAbsent(value.name(), name -> evaluate(value));
  }

  private Tensor evaluate(Value value) {
    Graph part = builder.build(Map.of("value", value), Set.of());
    Set<String> unknown = new LinkedHashSet<>(part.inputs().keySet());
    unknown.removeAll(given.keySet());
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "it needs the values of '"
              + value.name()
              + "' before the model runs, but they depend on "
              + unknown.stream().map(name -> "'" + name + "'").collect(Collectors.joining(", ")));
    }
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    Map<String, Shape> inputShapes = new LinkedHashMap<>();
    part.inputs()
        .keySet()
        .forEach(
            name -> {
              inputs.put(name, given.get(name));
              inputShapes.put(name, given.get(name).shape());
            });
    try (Executable executable =
        part.compile(context, weightsOf(part), inputShapes, Graph.Compilation.AS_BUILT)) {
      return executable.run(inputs).get("value");
    }
  }

  private Weights weightsOf(Graph graph) {
    Map<String, Tensor> own = new LinkedHashMap<>();
    graph.parameters().forEach(part -> own.put(part.name(), weights.get(part.name())));
    return Weights.of(graph, own);
  }
}
