package org.voxkern.bench.registration;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.voxkern.Context;
import org.voxkern.ElementType;
import org.voxkern.Image;
import org.voxkern.Scope;
import org.voxkern.bench.peer.Alternation;
import org.voxkern.itk.ImageIo;
import org.voxkern.registration.Registration;
import org.voxkern.registration.RegistrationResult;

/**
 * Voxkern's registration alone, in this process, images in memory.
 *
 * @param linearSeconds median of start, pyramid and linear stages
 * @param deformableSeconds median of the deformable stage; 0 without one
 */
record InMemory(double linearSeconds, double deformableSeconds) {

  /** One run to warm up, then the median of some more. */
  static InMemory measure(KnownTruthPair pair, int runs) throws IOException {
    Registration registration = Registration.builder().transform(pair.kind().transform()).build();
    List<RegistrationResult> results = new ArrayList<>();
    try (Context context = Context.builder().threads(Registrar.THREADS).build()) {
      Image fixed = ImageIo.read(context, pair.fixed(), ElementType.F32);
      Image moving = ImageIo.read(context, pair.moving(), ElementType.F32);
      for (int run = 0; run <= runs; run++) {
        try (Scope scope = Scope.open(context)) {
          results.add(registration.run(fixed, moving));
        }
      }
    }
    List<RegistrationResult> warm = results.subList(1, results.size());
    return new InMemory(
        Alternation.median(warm, RegistrationResult::secondsLinear),
        Alternation.median(warm, RegistrationResult::secondsDeformable));
  }
}
