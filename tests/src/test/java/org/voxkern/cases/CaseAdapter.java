package org.voxkern.cases;

/**
 * Runs the case lines of one operation through its Java class. The adapter of the operation {@code
 * ssd} is the class {@code SsdCase} in this package.
 */
public interface CaseAdapter {
  void run(Case test);

  /** {@code warp3d_gradient_linear} becomes {@code Warp3dGradientLinear}. */
  static String className(String operation) {
    StringBuilder name = new StringBuilder();
    for (String word : operation.split("_")) {
      name.append(Character.toUpperCase(word.charAt(0))).append(word.substring(1));
    }
    return name.toString();
  }

  static CaseAdapter of(String operation) {
    String name = CaseAdapter.class.getPackageName() + "." + className(operation) + "Case";
    try {
      return (CaseAdapter) Class.forName(name).getDeclaredConstructor().newInstance();
    } catch (ReflectiveOperationException exception) {
      throw new AssertionError("the operation " + operation + " lacks its adapter " + name);
    }
  }
}
