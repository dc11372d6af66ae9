package org.voxkern.study;

import java.nio.IntBuffer;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.voxkern.AffineMap;
import org.voxkern.DisplacementField;
import org.voxkern.Image;
import org.voxkern.metrics.LabelOverlap;

/**
 * Label images of a fixed and a moving image, i32, and the labels that both hold.
 *
 * @param common without 0, in ascending order
 */
record LabelPair(Image fixed, Image moving, SortedSet<Integer> common) {
  /**
   * @throws BadInputException if no label is in both images
   */
  static LabelPair of(RegistrationRequest.Pair files, Image fixed, Image moving) {
    SortedSet<Integer> common = labels(fixed);
    common.retainAll(labels(moving));
    common.remove(0);
    if (common.isEmpty()) {
      throw new BadInputException(
          files.fixed() + " and " + files.moving() + " have no label in common");
    }
    return new LabelPair(fixed, moving, common);
  }

  /**
   * Dice of the common labels when the moving ones are brought onto the fixed grid.
   *
   * @param deformation before the linear map; empty for the linear map alone
   */
  Outcome.Overlap overlap(AffineMap map, Optional<DisplacementField> deformation) {
    Image warped = Warping.labels(moving, map, deformation, fixed.geometry());
    LabelOverlap counted = LabelOverlap.of(fixed, warped);
    Map<Integer, Double> dice = new TreeMap<>();
    double sum = 0;
    for (int label : common) {
      dice.put(label, counted.dice(label));
      sum += counted.dice(label);
    }
    warped.data().close();
    return new Outcome.Overlap(sum / dice.size(), dice);
  }

  private static SortedSet<Integer> labels(Image image) {
    SortedSet<Integer> labels = new TreeSet<>();
    int slice = image.geometry().size(0) * image.geometry().size(1);
    int last = 0;
    for (int z = 0; z < image.geometry().size(2); z++) {
      IntBuffer voxels =
          image
              .data()
              .buffer((long) z * slice * Integer.BYTES, slice * Integer.BYTES)
              .asIntBuffer();
      for (int i = 0; i < slice; i++) {
        int label = voxels.get(i);
        // Neighbours mostly have the same label: asking the set for each would be slow.
        if (label != last) {
          labels.add(label);
          last = label;
        }
      }
    }
    return labels;
  }
}
