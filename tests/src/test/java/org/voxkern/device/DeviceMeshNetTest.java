package org.voxkern.device;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.voxkern.Context;
import org.voxkern.Image;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.itk.ImageIo;
import org.voxkern.models.KerasModels;
import org.voxkern.models.TrainedModel;
import org.voxkern.op.Slice;
import org.voxkern.segmentation.Conform;
import org.voxkern.segmentation.MinMax;
import org.voxkern.segmentation.Preprocessing;
import org.voxkern.segmentation.Reorient;
import org.voxkern.testing.Requirement;

/** A trained network on a part of a scan. */
class DeviceMeshNetTest {
  private static final int EDGE = 32;

  @Test
  void labelsAPartOfAScanAsTheProcessorDoes() throws Exception {
    Path meshnet = Requirement.dataSet("meshnet");
    float[] crop = crop(meshnet.resolve("example.nii.gz"));
    OnBoth.compare(
        1e-5,
        context -> {
          TrainedModel model = read(context, meshnet.resolve("model.json"));
          String input = model.graph().inputs().keySet().iterator().next();
          Shape shape = Shape.of(1, 1, EDGE, EDGE, EDGE);
          return OnBoth.arrays(
              model
                  .graph()
                  .compile(context, model.weights(), Map.of(input, shape))
                  .run(Map.of(input, Tensor.of(context, crop, shape.toArray()))));
        });
  }

  private static TrainedModel read(Context context, Path path) {
    try {
      return KerasModels.readTfjs(context, path);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /** From the middle, prepared as the network has it. */
  private static float[] crop(Path scan) throws Exception {
    try (Context context = Context.create();
        Scope scope = Scope.open(context)) {
      Image image =
          Preprocessing.of(new Conform(), new Reorient("AIL"), MinMax.ofRange())
              .apply(ImageIo.read(scope.context(), scan));
      long[] start = new long[3];
      for (int axis = 0; axis < 3; axis++) {
        start[axis] = (image.data().shape().size(axis) - EDGE) / 2;
      }
      Tensor part = Tensor.uninitialized(context, image.data().type(), Shape.of(EDGE, EDGE, EDGE));
      Slice.of(start, new long[] {EDGE, EDGE, EDGE}).apply(image.data(), part);
      return part.toFloatArray();
    }
  }
}
