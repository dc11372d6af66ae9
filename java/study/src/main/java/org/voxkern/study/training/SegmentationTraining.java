package org.voxkern.study.training;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.voxkern.Context;
import org.voxkern.Device;
import org.voxkern.Image;
import org.voxkern.Scope;
import org.voxkern.Tensor;
import org.voxkern.file.FileReplacement;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Weights;
import org.voxkern.segmentation.Preprocessing;
import org.voxkern.segmentation.SlidingWindow;
import org.voxkern.study.BadInputException;
import org.voxkern.study.InputFiles;
import org.voxkern.study.training.SegmentationRecipe.CaseFiles;
import org.voxkern.train.LabelledVolume;
import org.voxkern.train.PatchSource;
import org.voxkern.train.SegmentationScore;
import org.voxkern.train.Trainer;
import org.voxkern.train.TrainingListener;
import org.voxkern.train.TrainingStep;

/**
 * Trains a segmentation network as a recipe says. Leaves in a folder {@code weights.safetensors}
 * (the best of the validation where there is one, else the last), {@code checkpoint.safetensors} to
 * go on from, {@code log.jsonl}, {@code result.json} and {@code recipe.json}, a copy.
 */
public final class SegmentationTraining {
  private static final String CHECKPOINT = "checkpoint.safetensors";
  private static final double NANOS = 1e9;

  private final Path file;
  private final SegmentationRecipe recipe;
  private final Path folder;
  private final Device device;
  private final int threads;
  private final Consumer<String> display;

  /**
   * @param file the recipe
   * @param folder for the results
   * @param device that trains
   * @param threads 0 for every core
   * @param display is shown how it goes on, line by line
   * @throws BadInputException if the recipe cannot be used, saying where
   */
  public SegmentationTraining(
      Path file, Path folder, Device device, int threads, Consumer<String> display) {
    this.file = file;
    this.folder = folder;
    this.device = device;
    this.threads = threads;
    this.display = display;
    recipe = SegmentationRecipe.read(file);
    List<CaseFiles> all = new ArrayList<>(recipe.training());
    all.addAll(recipe.validation());
    all.addAll(recipe.test());
    for (CaseFiles files : all) {
      files.images().forEach(InputFiles::requirePresent);
      InputFiles.requirePresent(files.labels());
    }
  }

  /**
   * What was found.
   *
   * @param loss of the last step
   * @param dice on the labels' own grid, by the test case's labels file and class
   */
  public record Result(
      long steps,
      boolean stoppedEarly,
      double loss,
      double bestScore,
      double seconds,
      Map<String, SortedMap<Integer, Double>> dice) {}

  /**
   * @param resume whether to go on from the folder's checkpoint
   * @throws BadInputException if data or checkpoint cannot be used, saying why
   */
  public Result run(boolean resume) throws IOException {
    Path checkpoint = folder.resolve(CHECKPOINT);
    if (resume) {
      InputFiles.requirePresent(checkpoint);
    } else if (Files.exists(checkpoint)) {
      throw new BadInputException(
          checkpoint + ": a training is in that folder; resume it, or take another folder");
    }
    try (Context host = Context.builder().threads(threads).build();
        Scope scope = Scope.open(host)) {
      if (device.isHost()) {
        return run(resume, checkpoint, scope.context(), host);
      }
      try (Context on = Context.builder().device(device).threads(threads).build();
          Scope there = Scope.open(on)) {
        return run(resume, checkpoint, host, there.context());
      }
    }
  }

  /**
   * @param host where the volumes lie
   * @param on where the network is trained: batches go there
   */
  private Result run(boolean resume, Path checkpoint, Context host, Context on) throws IOException {
    CaseReader reader = new CaseReader(host, recipe);
    PatchSource patches =
        PatchSource.builder(recipe.patch()[0], recipe.patch()[1], recipe.patch()[2])
            .batch(recipe.batch())
            .foreground(recipe.foreground())
            .augmentation(recipe.augmentation())
            .seed(recipe.seed())
            .build(volumes(reader, recipe.training()));
    Weights weights = Weights.initialize(recipe.network(), on, recipe.seed());
    Graph withLoss =
        PatchSource.withLoss(
            recipe.network(),
            List.copyOf(recipe.network().outputs().keySet()),
            recipe.loss(),
            recipe.levelWeights());
    Progress progress = new Progress();
    Trainer.Builder builder =
        Trainer.builder(withLoss, PatchSource.LOSS)
            .optimizer(recipe.optimizer())
            .learningRate(recipe.learningRate())
            .clipping(recipe.clipping())
            .accumulation(recipe.accumulation())
            .seed(recipe.seed())
            .checkpoint(checkpoint, recipe.checkpointEvery())
            .listener(progress);
    if (!recipe.validation().isEmpty()) {
      builder.validation(
          score(volumes(reader, recipe.validation())), recipe.validateEvery(), recipe.patience());
    }
    Trainer trainer = builder.build(weights, patches.shapes());
    Files.createDirectories(folder);
    if (resume) {
      InputFiles.attempt(
          checkpoint,
          () -> {
            trainer.resume(checkpoint);
            return null;
          });
    }
    try (FileReplacement copy = FileReplacement.of(folder.resolve("recipe.json"))) {
      Files.copy(file, copy.target());
      copy.commit();
    }
    progress.log = TrainingLog.from(folder.resolve("log.jsonl"), trainer.step());
    long start = System.nanoTime();
    boolean early = trainer.run(patches, recipe.steps());
    double seconds = (System.nanoTime() - start) / NANOS;
    if (!Double.isNaN(trainer.bestScore())) {
      trainer.restoreBest();
    }
    weights.write(folder.resolve("weights.safetensors"));
    Result result =
        new Result(
            trainer.step(),
            early,
            progress.loss,
            trainer.bestScore(),
            seconds,
            test(weights, reader));
    write(result);
    return result;
  }

  private static List<LabelledVolume> volumes(CaseReader reader, List<CaseFiles> cases) {
    return cases.stream().map(files -> reader.read(files).volume()).toList();
  }

  private SegmentationScore score(List<LabelledVolume> volumes) {
    int[] patch = recipe.patch();
    SlidingWindow windows =
        SlidingWindow.builder(patch[0], patch[1], patch[2]).overlap(recipe.overlap()).build();
    return SegmentationScore.of(recipe.network(), Networks.LOGITS, windows, volumes);
  }

  private Map<String, SortedMap<Integer, Double>> test(Weights weights, CaseReader reader) {
    Map<String, SortedMap<Integer, Double>> dice = new TreeMap<>();
    for (CaseFiles files : recipe.test()) {
      try (Scope scope = Scope.open(reader.context())) {
        CaseReader.Prepared prepared = reader.read(files);
        Image truth = reader.classes(files.labels());
        // On the grid of the labels, where they were drawn.
        Tensor labels =
            score(List.of(prepared.volume())).labels(weights, prepared.volume().image());
        Image restored =
            Preprocessing.restore(new Image(labels, prepared.grid()), truth.geometry());
        SortedMap<Integer, Double> found = SegmentationScore.dice(restored.data(), truth.data());
        dice.put(files.labels().toString(), found);
        display.accept("test " + files.labels() + ": Dice by class " + rounded(found));
      }
    }
    return dice;
  }

  private static Map<Integer, String> rounded(Map<Integer, Double> numbers) {
    Map<Integer, String> texts = new TreeMap<>();
    numbers.forEach((key, value) -> texts.put(key, String.format(Locale.ROOT, "%.4f", value)));
    return texts;
  }

  private void write(Result result) throws IOException {
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("steps", result.steps());
    content.put("stopped_early", result.stoppedEarly());
    content.put("loss", result.loss());
    content.put("best_score", result.bestScore());
    content.put("seconds", result.seconds());
    content.put("parameters", recipe.network().parameterCount());
    content.put("dice", result.dice());
    try (FileReplacement replacement = FileReplacement.of(folder.resolve("result.json"))) {
      Files.writeString(replacement.target(), TrainingLog.json(content, true) + "\n");
      replacement.commit();
    }
  }

  /** Writes the log, and shows a line now and then. */
  private final class Progress implements TrainingListener {
    private static final long SHOWN = 10;

    private TrainingLog log;
    private double loss = Double.NaN;
    private double sum;
    private long count;
    private long last = System.nanoTime();

    @Override
    public void onStep(TrainingStep step) {
      long now = System.nanoTime();
      loss = step.loss();
      sum += loss;
      count++;
      Map<String, Double> numbers = new LinkedHashMap<>();
      numbers.put("loss", loss);
      numbers.put("learning_rate", step.learningRate());
      numbers.put("gradient_norm", step.gradientNorm());
      numbers.put("seconds", (now - last) / NANOS);
      last = now;
      log.step(step.step(), numbers);
      if (step.step() % SHOWN == 0 || step.step() == recipe.steps()) {
        display.accept(
            String.format(
                Locale.ROOT, "step %d of %d: loss %.4f", step.step(), recipe.steps(), sum / count));
        sum = 0;
        count = 0;
      }
    }

    @Override
    public void onValidation(long step, double score, boolean best) {
      log.step(step, Map.of("validation_score", score));
      display.accept(
          String.format(
              Locale.ROOT, "step %d: mean Dice %.4f%s", step, 1 - score, best ? ", the best" : ""));
      last = System.nanoTime();
    }
  }
}
