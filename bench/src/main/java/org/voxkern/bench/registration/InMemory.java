package org.voxkern.bench.registration;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Image;
import org.voxkern.Scope;
import org.voxkern.itk.ImageIo;
import org.voxkern.registration.Registration;
import org.voxkern.registration.RegistrationResult;

/**
 * Voxkern's registration alone, in this process, images in memory.
 *
 * @param linearMs median milliseconds of start, pyramid and linear stages
 * @param deformableMs median milliseconds of the deformable stage; 0 without one
 */
record InMemory(double linearMs, double deformableMs, double errorMm) {

  /** One run to warm up, then the median of some more. */
  static InMemory measure(KnownTruthPair pair, int runs) throws IOException {
    Registration registration = Registration.builder().transform(pair.kind().transform()).build();
    List<Double> linear = new ArrayList<>();
    List<Double> deformable = new ArrayList<>();
    double error = Double.NaN;
    try (Context context = Context.builder().threads(Registrar.THREADS).build()) {
      Image fixed = ImageIo.read(context, pair.fixed(), ElementType.F32);
      Image moving = ImageIo.read(context, pair.moving(), ElementType.F32);
      for (int run = 0; run <= runs; run++) {
        try (Scope scope = Scope.open(context)) {
          RegistrationResult result = registration.run(fixed, moving);
          if (run > 0) {
            linear.add(1000 * result.secondsLinear());
            deformable.add(1000 * result.secondsDeformable());
          }
          error = pair.points().meanErrorMm(pair.truth(), result.transform());
        }
      }
    }
    return new InMemory(Median.of(linear), Median.of(deformable), error);
  }
}
