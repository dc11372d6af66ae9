package org.voxkern.study;

import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.voxkern.Context;
import org.voxkern.Image;
import org.voxkern.Scope;
import org.voxkern.registration.ProgressListener;
import org.voxkern.registration.RegistrationResult;

/**
 * One {@code register} command from files to files: reads, registers, measures, writes.
 *
 * <p>The files appear together at the end. An error or a Ctrl-C on the way leaves none.
 */
public final class RegistrationRun {
  private final RegistrationRequest request;
  private final ProgressListener listener;
  private final double secondsBefore;
  private final Map<String, Double> seconds = new LinkedHashMap<>();

  /**
   * @param secondsBefore what to add to the total, such as the start of the virtual machine
   */
  public RegistrationRun(
      RegistrationRequest request, ProgressListener listener, double secondsBefore) {
    this.request = request;
    this.listener = listener;
    this.secondsBefore = secondsBefore;
  }

  /**
   * @throws BadInputException if a file cannot be used, in one line
   * @throws IllegalArgumentException if the images cannot be registered, in one line
   */
  public Outcome run() throws Exception {
    long begin = System.nanoTime();
    Inputs.requirePresent(request);
    try (Context context = Context.builder().threads(request.threads()).build();
        OutputFolder folder = OutputFolder.open(request.out());
        Interruptible run = new Interruptible(context, folder)) {
      return run(context, folder, begin);
    }
  }

  private Outcome run(Context context, OutputFolder folder, long begin) throws Exception {
    long reading = System.nanoTime();
    Inputs inputs = Inputs.read(context, request);
    seconds.put("read", since(reading));

    RegistrationResult result = register(inputs, context, folder);
    result.velocity().ifPresent(velocity -> velocity.data().close()); // nothing here asks for it
    context.trim(); // what the registration needed is not what follows needs
    seconds.put("linear", result.secondsLinear());
    seconds.put("deformable", result.secondsDeformable());

    long measured = System.nanoTime();
    Evaluation evaluation = Evaluation.of(inputs, result, request);
    seconds.put("evaluate", since(measured));

    long writing = System.nanoTime();
    Outcome outcome = outcome(context, inputs, result, evaluation);
    Outputs.write(folder, request, inputs, result, evaluation, outcome);
    seconds.put("write", since(writing));
    seconds.put("total", secondsBefore + since(begin));
    Outcome whole = outcome(context, inputs, result, evaluation);
    Files.writeString(folder.staged("result.json"), ResultJson.of(whole));
    folder.publish();
    return whole;
  }

  private RegistrationResult register(Inputs inputs, Context context, OutputFolder folder) {
    if (request.device().isHost()) {
      return register(inputs, context);
    }
    // Images go up once, the result comes down once.
    try (Context device =
            Context.builder().device(request.device()).threads(request.threads()).build();
        Scope scope = Scope.open(device);
        Interruptible run = new Interruptible(device, folder)) {
      return register(inputs, scope.context()).copyTo(context);
    }
  }

  private RegistrationResult register(Inputs inputs, Context on) {
    UnaryOperator<Image> there = image -> image.context() == on ? image : image.copyTo(on);
    var builder = request.registration().listener(listener);
    inputs.fixedMask().map(there).ifPresent(builder::fixedMask);
    inputs.movingMask().map(there).ifPresent(builder::movingMask);
    inputs.initialTransform().ifPresent(builder::initialTransform);
    return builder.build().run(there.apply(inputs.fixed()), there.apply(inputs.moving()));
  }

  private Outcome outcome(
      Context context, Inputs inputs, RegistrationResult result, Evaluation evaluation) {
    return new Outcome(
        new Outcome.Input(
            request.fixed().toString(),
            inputs.fixed().geometry(),
            Devices.word(inputs.fixedType())),
        new Outcome.Input(
            request.moving().toString(),
            inputs.moving().geometry(),
            Devices.word(inputs.movingType())),
        request.transformName(),
        request.measureName(),
        new Outcome.Change<>(result.metricBefore(), result.metricAfter()),
        new LinkedHashMap<>(seconds),
        ProcessMemory.peakMb(),
        evaluation.pointErrors(),
        evaluation.overlap(),
        evaluation.jacobian(),
        result.linear().toAffineMap().toArray(),
        result.levels(),
        request.device().isHost() ? Devices.describe(context) : request.device().toString(),
        request.seed(),
        Version.text(),
        request.parameters());
  }

  static double since(long begin) {
    return (System.nanoTime() - begin) * 1e-9;
  }
}
