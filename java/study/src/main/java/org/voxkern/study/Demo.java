package org.voxkern.study;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.itk.ImageIo;
import org.voxkern.registration.ProgressListener;
import org.voxkern.study.report.Numbers;
import org.voxkern.study.synthetic.Contrast;
import org.voxkern.study.synthetic.KnownTransform;
import org.voxkern.study.synthetic.KnownTransforms;
import org.voxkern.study.synthetic.SyntheticPair;
import org.voxkern.study.synthetic.TruthPoints;
import org.voxkern.transform.DisplacementFieldTransform;
import org.voxkern.transform.Transform;
import org.voxkern.transform.TranslationTransform;

/**
 * The demo: a real T1 is deformed by a known transform and given another contrast, registered back
 * from files to files, and the field written is compared with the truth.
 */
public final class Demo {
  /** Where Debian's mricron-data puts its scans. */
  public static final String TEMPLATES = "/usr/share/mricron/templates";

  private static final int POINTS = 40_000;

  private final Path templates;
  private final Path out;
  private final int threads;
  private final long seed;
  private KnownTransform truth;
  private TruthPoints points;

  public Demo(Path templates, Path out, int threads, long seed) {
    this.templates = templates;
    this.out = out;
    this.threads = threads;
    this.seed = seed;
  }

  public Path fixed() {
    return templates.resolve("ch2.nii.gz");
  }

  public Path fixedLabels() {
    return templates.resolve("aal.nii.gz");
  }

  public Path moving() {
    return out.resolve("moving.nii.gz");
  }

  public Path movingLabels() {
    return out.resolve("moving-labels.nii.gz");
  }

  /** Makes the moving image and its labels; says what they are. */
  public String prepare() {
    for (Path file : new Path[] {fixed(), fixedLabels(), brain()}) {
      if (!Files.exists(file)) {
        throw new BadInputException(
            file + ": no such file; install it with: apt-get install mricron-data");
      }
    }
    long begin = System.nanoTime();
    try (Context context = Context.builder().threads(threads).build();
        OutputFolder folder = OutputFolder.open(out)) {
      Image fixed =
          InputFiles.attempt(fixed(), () -> ImageIo.read(context, fixed(), ElementType.F32));
      Image labels =
          InputFiles.attempt(
              fixedLabels(), () -> ImageIo.read(context, fixedLabels(), ElementType.I32));
      Image brain = InputFiles.mask(context, brain());
      truth = KnownTransforms.affineDeformable(fixed.geometry(), seed);
      points = TruthPoints.inside(brain, POINTS, seed);
      Geometry grid = KnownTransforms.obliqueGrid(fixed.geometry(), truth);
      SyntheticPair pair = SyntheticPair.of(fixed, truth, grid, Contrast.OTHER, seed);
      Image movedLabels = SyntheticPair.movedLabels(labels, truth, grid);
      ImageIo.write(Warping.as(pair.moving(), ElementType.I16), folder.staged("moving.nii.gz"));
      ImageIo.write(Warping.as(movedLabels, ElementType.U8), folder.staged("moving-labels.nii.gz"));
      folder.publish();
    }
    return String.format(
        Locale.ROOT,
        "A real T1 (%s) was seen through a known affine and smooth deformation onto an%n"
            + "oblique grid, with inverted contrast, 15 %% bias field and 3 %% noise: %s (%.1f s).%n"
            + "Now registering it back, affine by mutual information, then deformable.",
        fixed(),
        moving(),
        RegistrationRun.since(begin));
  }

  /** Registers back; says how well. */
  public String run(RegistrationRequest request, ProgressListener listener) throws Exception {
    Outcome outcome = new RegistrationRun(request, listener, 0).run();
    double before;
    double after;
    try (Context context = Context.builder().threads(threads).build()) {
      before = points.meanErrorMm(truth, TranslationTransform.identity());
      // The file as any other program would read it.
      Path field = out.resolve("displacement.nii.gz");
      Transform found =
          new DisplacementFieldTransform(
              InputFiles.attempt(field, () -> ImageIo.readDisplacementField(context, field)));
      after = points.meanErrorMm(truth, found);
    }
    Outcome.Change<Outcome.Overlap> dice = outcome.overlap().orElseThrow();
    ToDoubleFunction<String> seconds = name -> outcome.seconds().getOrDefault(name, 0.0);
    return String.format(
        Locale.ROOT,
        "%nerror    %s -> %s mm   mean distance to the known truth at %d brain points%n"
            + "Dice     %s -> %s      mean of %d atlas labels%n"
            + "seconds  %.1f           affine %.2f, deformable %.2f, reading %.2f, writing %.2f%n"
            + "report   %s%n",
        Numbers.fixed(before, 2),
        Numbers.fixed(after, 2),
        points.points().length,
        Numbers.fixed(dice.before().mean(), 3),
        Numbers.fixed(dice.after().mean(), 3),
        dice.after().labels().size(),
        seconds.applyAsDouble("total"),
        seconds.applyAsDouble("linear"),
        seconds.applyAsDouble("deformable"),
        seconds.applyAsDouble("read"),
        seconds.applyAsDouble("write"),
        out.resolve("report.html"));
  }

  private Path brain() {
    return templates.resolve("ch2bet.nii.gz");
  }
}
