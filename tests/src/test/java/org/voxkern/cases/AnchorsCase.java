package org.voxkern.cases;

import java.util.Arrays;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.op.Anchors;

final class AnchorsCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    CaseLine line = test.line();
    int dimensions = (int) line.integer("dims", 3);
    long shapes = line.integer("shapes", 3);
    Input extents = test.spoil(test.uniform("extents", Shape.of(shapes, dimensions), 1, 60));
    Shape places = line.shape("shape");
    double[] stride = Arrays.copyOf(line.numbers("stride", 3, 8), dimensions);
    double[] offset = Arrays.copyOf(line.numbers("offset", 3, 0.5), dimensions);
    Shape anchors = Shape.of(places.elementCount() * shapes, 2L * dimensions);
    test.run(
        call ->
            apply(
                Anchors.ofStride(stride).withOffset(offset),
                call.tensor(extents),
                places,
                call.output("anchors", test.type(), anchors, Bound.exact())));
  }

  private static void apply(Anchors anchors, Tensor extents, Shape places, Tensor output) {
    anchors.apply(extents, places, output);
  }
}
