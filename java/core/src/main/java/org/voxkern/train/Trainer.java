package org.voxkern.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Differentiation;
import org.voxkern.graph.Executable;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Node;
import org.voxkern.graph.Parameter;
import org.voxkern.graph.Weights;

/**
 * Trains the weights of a graph: makes its loss, an output of a single number, small over batches.
 *
 * <pre>{@code
 * Trainer trainer =
 *     Trainer.builder(graph, "loss")
 *         .optimizer(Adam.create())
 *         .learningRate(LearningRate.poly(1e-3, 1000, 0.9))
 *         .build(weights, shapes);
 * trainer.run(batches, 1000);
 * }</pre>
 *
 * <p>Forward pass, loss and gradients are one program; parameters change in place, running
 * statistics of batch norms follow. The weights after a number of steps are the same bits with any
 * number of threads, and with or without a stop between that a {@linkplain #resume checkpoint}
 * bridged. What it allocates belongs to the scope that was innermost when it was built. Not
 * thread-safe.
 */
public final class Trainer {
  private final String lossName;
  private final Optimizer optimizer;
  private final LearningRate learningRate;
  private final GradientClipping clipping;
  private final int accumulation;
  private final long seed;
  private final Stopping stopping;
  private final Path checkpoint;
  private final long checkpointEvery;
  private final TrainingListener listener;

  private final Context context;
  private final Weights weights;
  private final Executable executable;
  private final List<String> trained = new ArrayList<>();
  private final List<String> updated = new ArrayList<>();

  /** By {@code STATE.PARAMETER}. */
  private final Map<String, Tensor> state = new LinkedHashMap<>();

  private long step;

  private Trainer(Builder builder, Weights weights, Map<String, Shape> shapes) {
    lossName = builder.loss;
    optimizer = builder.optimizer;
    learningRate = builder.learningRate;
    clipping = builder.clipping;
    accumulation = builder.accumulation;
    seed = builder.seed;
    checkpoint = builder.checkpoint;
    checkpointEvery = builder.checkpointEvery;
    listener = builder.listener;
    this.weights = weights;
    context = weights.get(weights.names().iterator().next()).context();
    Graph training = only(builder.graph, builder.loss).inTraining();
    for (Parameter parameter : training.parameters()) {
      if (parameter.trained()) {
        trained.add(parameter.name());
      } else if (training.outputs().containsKey(Graph.updateOf(parameter.name()))) {
        updated.add(parameter.name());
      }
    }
    Map<String, Shape> all = new LinkedHashMap<>(shapes);
    if (training.inputs().containsKey(Graph.SEQUENCE)) {
      all.put(Graph.SEQUENCE, Shape.of());
    }
    executable =
        Differentiation.of(training, builder.loss)
            .withRespectToParameters()
            .checkpoints(builder.kept)
            .build()
            .compile(context, weights, all, Graph.Compilation.TRAINING);
    for (String name : optimizer.stateNames()) {
      for (String parameter : trained) {
        Shape shape = weights.get(parameter).shape();
        state.put(name + "." + parameter, Tensor.zeros(context, ElementType.F32, shape));
      }
    }
    stopping = new Stopping(builder.validation, builder.validateEvery, builder.patience, weights);
  }

  /** A graph with one of its outputs alone, so that nothing else is computed. */
  static Graph only(Graph graph, String output) {
    Node node = graph.outputs().get(output);
    if (node == null) {
      throw new IllegalArgumentException(
          "there is no output '" + output + "' among " + graph.outputs().keySet());
    }
    Graph.Builder builder = graph.toBuilder();
    return builder.output(output, builder.value(node.name())).build();
  }

  /**
   * @param graph as it was built: this puts it in training, so that dropout drops
   * @param loss the output to make small
   */
  public static Builder builder(Graph graph, String loss) {
    return new Builder(graph, loss);
  }

  /** Steps done, those before a stop too. */
  public long step() {
    return step;
  }

  /** What is trained, as it is now. */
  public Weights weights() {
    return weights;
  }

  /** The lowest score of the validation, or NaN where there was none. */
  public double bestScore() {
    return stopping.bestScore();
  }

  /** Bytes of the memory between the program's inputs and outputs, planned before it runs. */
  public long peakBytes() {
    return executable.peakBytes();
  }

  /**
   * Sets the weights to those with the best score.
   *
   * @throws IllegalStateException if nothing was validated yet
   */
  public void restoreBest() {
    stopping.restore(weights);
  }

  /**
   * Trains until {@code steps} steps are done in all, or validation says that it is enough, and
   * writes a checkpoint then, and as often as was asked for.
   *
   * @return whether it stopped early
   * @throws DivergenceException if a loss or a gradient is not finite
   * @throws IOException if a checkpoint cannot be written
   */
  public boolean run(BatchSource batches, long steps) throws IOException {
    while (step < steps && !stopping.isEnough()) {
      listener.onStep(step(batches));
      if (stopping.isDue(step)) {
        double score = stopping.measure(weights);
        listener.onValidation(step, score, stopping.wasBest());
      }
      boolean last = step == steps || stopping.isEnough();
      if (checkpoint != null && (last || step % checkpointEvery == 0)) {
        save(checkpoint);
        listener.onCheckpoint(step, checkpoint);
      }
    }
    return stopping.isEnough();
  }

  /**
   * One step.
   *
   * @throws DivergenceException if the loss or a gradient is not finite
   * @throws IllegalArgumentException if a batch does not fit the graph, naming the input
   */
  public TrainingStep step(BatchSource batches) {
    try (Scope scope = Scope.open(context)) {
      Map<String, Tensor> gradients = new LinkedHashMap<>();
      double loss = 0;
      for (int part = 0; part < accumulation; part++) {
        loss += accumulate(batches, step * accumulation + part, gradients) / accumulation;
      }
      gradients.values().forEach(gradient -> InPlace.scale(gradient, 1.0 / accumulation));
      double norm = clipping.apply(gradients.values());
      if (!Double.isFinite(norm)) {
        throw new DivergenceException(
            step + 1, "the gradients' norm is " + norm + ", of '" + culprit(gradients) + "'");
      }
      double rate = learningRate.at(step);
      step++;
      gradients.forEach((parameter, gradient) -> update(parameter, gradient, rate));
      return new TrainingStep(step, loss, rate, norm);
    }
  }

  /** Adds the gradients of one batch, and gives its loss. */
  private double accumulate(BatchSource batches, long index, Map<String, Tensor> sums) {
    Map<String, Tensor> inputs = new LinkedHashMap<>(batches.batch(context, index));
    if (executable.inputNames().contains(Graph.SEQUENCE)) {
      // By a large odd number, so that the draws of another seed are others.
      long sequence = seed * 0x9e3779b97f4a7c15L + index;
      inputs.put(Graph.SEQUENCE, Tensor.of(context, new long[] {sequence}));
    }
    Map<String, Tensor> results = executable.run(inputs);
    double loss = results.get(lossName).toFloatArray()[0];
    if (!Double.isFinite(loss)) {
      throw new DivergenceException(step + 1, "the loss is " + loss);
    }
    for (String parameter : updated) {
      weights.get(parameter).set(results.get(Graph.updateOf(parameter)));
    }
    for (String parameter : trained) {
      Tensor gradient = results.get(Differentiation.nameOf(parameter));
      if (sums.putIfAbsent(parameter, gradient) != null) {
        InPlace.add(sums.get(parameter), gradient);
        gradient.close();
      }
    }
    inputs.values().forEach(Tensor::close);
    return loss;
  }

  private static String culprit(Map<String, Tensor> gradients) {
    for (Map.Entry<String, Tensor> gradient : gradients.entrySet()) {
      if (!Double.isFinite(GradientClipping.norm(List.of(gradient.getValue())))) {
        return gradient.getKey();
      }
    }
    return String.join(", ", gradients.keySet());
  }

  private void update(String parameter, Tensor gradient, double rate) {
    List<Tensor> own = new ArrayList<>();
    for (String name : optimizer.stateNames()) {
      own.add(state.get(name + "." + parameter));
    }
    optimizer.update(weights.get(parameter), gradient, own, rate, step);
    gradient.close();
  }

  /**
   * Writes all that {@link #resume} needs. The file appears at once when it is complete; an older
   * one stays as it was until then.
   */
  public void save(Path path) throws IOException {
    Files.createDirectories(path.toAbsolutePath().getParent());
    Checkpoint.write(path, tensors(), settings(), stopping.progress(step));
  }

  /**
   * Goes on where a training like this one, with the same graph, optimiser and settings, wrote a
   * checkpoint. The schedule of the learning rate and the batches are the caller's to keep.
   *
   * @throws java.nio.file.NoSuchFileException if there is no such file
   * @throws IllegalArgumentException if the file is broken or of a training with another graph or
   *     other settings, saying what differs; nothing changes then
   */
  public void resume(Path path) throws IOException {
    Progress progress = Checkpoint.read(path, tensors(), settings());
    step = progress.step();
    stopping.set(progress);
  }

  /** What must be the same for a training to go on. */
  private Map<String, String> settings() {
    return Map.of(
        "optimizer",
        optimizer.toString(),
        "gradient clipping",
        clipping.toString(),
        "accumulation",
        Integer.toString(accumulation),
        "seed",
        Long.toString(seed));
  }

  private Map<String, Tensor> tensors() {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    weights.names().forEach(name -> tensors.put("weights." + name, weights.get(name)));
    state.forEach((name, tensor) -> tensors.put("optimizer." + name, tensor));
    stopping.best().forEach((name, tensor) -> tensors.put("best." + name, tensor));
    return tensors;
  }

  /** What may be chosen. */
  public static final class Builder {
    private final Graph graph;
    private final String loss;
    private Optimizer optimizer = Adam.create();
    private LearningRate learningRate = LearningRate.constant(1e-3);
    private GradientClipping clipping = GradientClipping.none();
    private int accumulation = 1;
    private long seed;
    private List<String> kept = List.of();
    private Validation validation;
    private long validateEvery = 1;
    private long patience = Long.MAX_VALUE;
    private Path checkpoint;
    private long checkpointEvery = Long.MAX_VALUE;
    private TrainingListener listener = step -> {};

    private Builder(Graph graph, String loss) {
      this.graph = Objects.requireNonNull(graph, "graph");
      this.loss = Objects.requireNonNull(loss, "loss");
    }

    /** By default Adam. */
    public Builder optimizer(Optimizer value) {
      optimizer = Objects.requireNonNull(value, "optimizer");
      return this;
    }

    /** By default 1e-3. */
    public Builder learningRate(LearningRate value) {
      learningRate = Objects.requireNonNull(value, "learning rate");
      return this;
    }

    /** By default none. */
    public Builder clipping(GradientClipping value) {
      clipping = Objects.requireNonNull(value, "clipping");
      return this;
    }

    /** Batches that make one step, by the mean of their gradients; by default one. */
    public Builder accumulation(int batches) {
      accumulation = (int) Settings.positive("a number of batches", (long) batches);
      return this;
    }

    /** Of what is random in the graph, such as dropout; by default 0. */
    public Builder seed(long value) {
      seed = value;
      return this;
    }

    /**
     * Nodes whose values are kept for the backward pass while those between are computed again, as
     * {@link Differentiation} says: less memory, more time, the same bits.
     */
    public Builder keepOnly(List<String> nodes) {
      kept = List.copyOf(nodes);
      return this;
    }

    /**
     * Measures every so many steps, remembers the best weights, and ends the training when so many
     * measures in a row were not better than the best.
     */
    public Builder validation(Validation value, long every, long mostWithoutBetter) {
      validation = Objects.requireNonNull(value, "validation");
      validateEvery = Settings.positive("a number of steps", every);
      patience = Settings.positive("a number of validations", mostWithoutBetter);
      return this;
    }

    /** Writes a checkpoint to this file every so many steps, and after the last. */
    public Builder checkpoint(Path file, long every) {
      checkpoint = Objects.requireNonNull(file, "file");
      checkpointEvery = Settings.positive("a number of steps", every);
      return this;
    }

    public Builder listener(TrainingListener value) {
      listener = Objects.requireNonNull(value, "listener");
      return this;
    }

    /**
     * Compiles forward pass, loss and gradients.
     *
     * @param weights change as training goes on; in whose context it runs
     * @param shapes of the graph's inputs, by their names
     * @throws IllegalArgumentException if weights or shapes do not fit the graph, there is no such
     *     loss, or it does not depend on a parameter, naming it
     * @throws UnsupportedOperationException if an operation has no gradient, naming the node
     */
    public Trainer build(Weights weights, Map<String, Shape> shapes) {
      return new Trainer(this, weights, shapes);
    }
  }
}
