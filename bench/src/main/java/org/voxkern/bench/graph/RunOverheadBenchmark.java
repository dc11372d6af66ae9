package org.voxkern.bench.graph;

import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Executable;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Weights;
import org.voxkern.op.Activation;

/** A run of a graph of one ReLU on 8 numbers, and the operation called by itself. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class RunOverheadBenchmark {
  private Context context;
  private Executable executable;
  private Tensor input;
  private Tensor output;
  private Map<String, Tensor> inputs;
  private Map<String, Tensor> outputs;

  @Setup
  public void compile() {
    context = Context.create();
    Graph.Builder builder = Graph.builder();
    Graph graph = builder.output("y", builder.input("x", 8).relu()).build();
    Weights none = Weights.initialize(graph, context, 0);
    executable = graph.compile(context, none, Map.of("x", Shape.of(8)));
    input = Tensor.of(context, new float[] {-4, -3, -2, -1, 1, 2, 3, 4}, 8);
    output = Tensor.zeros(context, ElementType.F32, Shape.of(8));
    inputs = Map.of("x", input);
    outputs = Map.of("y", output);
    executable.run(inputs, outputs);
    float[] expected = {0, 0, 0, 0, 1, 2, 3, 4};
    if (!Arrays.equals(output.toFloatArray(), expected)) {
      throw new IllegalStateException("the graph gave " + Arrays.toString(output.toFloatArray()));
    }
  }

  @Benchmark
  public Tensor graph() {
    executable.run(inputs, outputs);
    return output;
  }

  @Benchmark
  public Tensor operation() {
    Activation.relu().apply(input, output);
    return output;
  }

  @TearDown
  public void close() {
    context.close();
  }
}
