package org.voxkern.bench.training;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.voxkern.Context;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.bench.registration.LabelPainter;
import org.voxkern.bench.registration.SynthSegMaps;
import org.voxkern.bench.report.TextTable;
import org.voxkern.bench.training.BrainPair.Person;
import org.voxkern.graph.Executable;
import org.voxkern.graph.Graph;
import org.voxkern.graph.Value;
import org.voxkern.graph.Weights;
import org.voxkern.metrics.LabelOverlap;
import org.voxkern.network.VoxelMorph;
import org.voxkern.study.report.Numbers;
import org.voxkern.train.Adam;
import org.voxkern.train.LearningRate;
import org.voxkern.train.Trainer;
import org.voxkern.train.TrainingStep;
import org.voxkern.train.loss.FieldRegularity;
import org.voxkern.train.loss.ImageSimilarity;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code voxkern bench voxelmorph}. */
@Command(
    name = "voxelmorph",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    description = {
      "Train a VoxelMorph on scans painted on SynthSeg's label maps of three people, and register"
          + " them to a fourth.",
      "Labels are no part of the training; their overlap says how well, beside the affine"
          + " registration alone."
    })
public final class VoxelMorphCommand implements Callable<Integer> {
  private static final List<String> TRAINED = List.of("01", "02", "03");
  private static final String UNSEEN = "04";
  private static final double SMOOTHNESS = 0.5;
  private static final double NANOS = 1e9;
  private static final long SHOWN = 20;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "Folder with synthseg/training_seg_0{1,2,3,4}.nii.gz and labels-table.txt.")
  Path data;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "300",
      description = "Steps of training (default: ${DEFAULT-VALUE}).")
  long steps;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "DIR",
      defaultValue = "voxkern-bench/voxelmorph",
      description = "Folder for the weights (default: ${DEFAULT-VALUE}).")
  Path out;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description = "Threads (default: every core).")
  int threads;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "7",
      description = "Of weights, pairs, textures and noise (default: ${DEFAULT-VALUE}).")
  long seed;

  private double sum;

  @Override
  public Integer call() throws Exception {
    SynthSegMaps maps = new SynthSegMaps(data);
    int[] scored = maps.scoredLabels();
    try (Context context = Context.builder().threads(threads).build();
        Scope scope = Scope.open(context)) {
      List<BrainPair> known = new ArrayList<>();
      List<BrainPair> unseen = new ArrayList<>();
      pairs(scope, maps, scored, known, unseen);
      Graph network =
          VoxelMorph.pooled()
              .encoder(8, 16, 16, 16)
              .decoder(16, 16, 16, 16)
              .fullResolution(16, 8)
              .build();
      Weights weights = Weights.initialize(network, context, seed);
      long start = System.nanoTime();
      train(network, weights, new PaintedPairs(known, seed), unseen.get(0));
      double seconds = (System.nanoTime() - start) / NANOS;
      Files.createDirectories(out);
      weights.write(out.resolve("weights.safetensors"));
      System.out.printf(
          Locale.ROOT,
          "%nmean Dice of %d labels at 2 mm; %d parameters, trained in %.0f s%n%s",
          scored.length,
          network.parameterCount(),
          seconds,
          results(network, weights, unseen, scored));
    }
    return 0;
  }

  /** Every two people of the known ones, both ways, and all of them to the unseen one. */
  private void pairs(
      Scope scope, SynthSegMaps maps, int[] brain, List<BrainPair> known, List<BrainPair> unseen) {
    try (Scope temporary = Scope.open(scope.context())) {
      List<Person> people = new ArrayList<>();
      List<String> numbers = new ArrayList<>(TRAINED);
      numbers.add(UNSEEN);
      for (String number : numbers) {
        var labels = maps.read(temporary.context(), number);
        people.add(new Person(number, labels, LabelPainter.T1.paint(labels, seed + people.size())));
      }
      for (Person fixed : people) {
        for (Person moving : people) {
          if (moving != fixed && !moving.number().equals(UNSEEN)) {
            BrainPair pair = BrainPair.of(fixed, moving, brain);
            System.err.printf(
                Locale.ROOT, "%s: affine, mean Dice %.4f%n", pair.name(), pair.diceBefore(brain));
            pair.fixed().data().moveTo(scope);
            pair.moving().data().moveTo(scope);
            (fixed.number().equals(UNSEEN) ? unseen : known).add(pair);
          }
        }
      }
    }
  }

  private void train(Graph network, Weights weights, PaintedPairs batches, BrainPair like)
      throws Exception {
    Graph.Builder builder = network.toBuilder();
    Value warped = builder.value(network.outputs().get("warped").name());
    Value displacement = builder.value(network.outputs().get("displacement").name());
    Value loss =
        ImageSimilarity.lncc(2, 2, 2)
            .of(warped, builder.value("fixed"))
            .add(FieldRegularity.diffusion(displacement).times(SMOOTHNESS));
    Graph withLoss = builder.output("loss", loss).build();
    Shape scan = like.fixed().data().shape().prepend(1).prepend(1);
    Trainer trainer =
        Trainer.builder(withLoss, "loss")
            .optimizer(Adam.create())
            .learningRate(LearningRate.poly(2e-3, steps, 0.9).afterWarmUp(10))
            .seed(seed)
            .listener(this::show)
            .build(weights, Map.of("moving", scan, "fixed", scan));
    trainer.run(batches, steps);
  }

  private void show(TrainingStep step) {
    sum += step.loss();
    if (step.step() % SHOWN == 0) {
      System.err.printf(Locale.ROOT, "step %d of %d: loss %.4f%n", step.step(), steps, sum / SHOWN);
      sum = 0;
    }
  }

  private TextTable results(Graph network, Weights weights, List<BrainPair> pairs, int[] scored) {
    TextTable table = new TextTable("pair", "affine", "VoxelMorph");
    double before = 0;
    double after = 0;
    for (BrainPair pair : pairs) {
      try (Scope scope = Scope.open(pair.fixed().context())) {
        Tensor moving = PaintedPairs.scan(pair.moving(), seed + 100);
        Tensor fixed = PaintedPairs.scan(pair.fixed(), seed + 200);
        Executable executable =
            network.compile(
                scope.context(), weights, Map.of("moving", moving.shape(), "fixed", fixed.shape()));
        Tensor field = executable.run(Map.of("moving", moving, "fixed", fixed)).get("displacement");
        Shape one = pair.fixed().data().shape().prepend(3);
        Tensor labels = PaintedPairs.warped(pair.moving(), field.view(field.type(), one, 0)).data();
        double affine = pair.diceBefore(scored);
        double found = LabelOverlap.of(pair.fixed().data(), labels).meanDice(scored);
        table.row(pair.name(), Numbers.fixed(affine, 4), Numbers.fixed(found, 4));
        before += affine / pairs.size();
        after += found / pairs.size();
      }
    }
    return table.row("mean", Numbers.fixed(before, 4), Numbers.fixed(after, 4));
  }
}
