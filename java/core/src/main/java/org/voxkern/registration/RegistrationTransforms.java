package org.voxkern.registration;

import org.voxkern.DisplacementField;
import org.voxkern.transform.CompositeTransform;
import org.voxkern.transform.DisplacementFieldTransform;
import org.voxkern.transform.LinearTransform;
import org.voxkern.transform.Transform;

/** How the parts of a result go together. */
final class RegistrationTransforms {
  private RegistrationTransforms() {}

  /** x &rarr; linear(x + u(x)). */
  static Transform compose(LinearTransform linear, DisplacementField deformation) {
    return CompositeTransform.of(linear, new DisplacementFieldTransform(deformation));
  }
}
