package org.voxkern.study.segmentation;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.voxkern.Context;
import org.voxkern.Device;
import org.voxkern.ElementType;
import org.voxkern.Geometry;
import org.voxkern.Image;
import org.voxkern.Images;
import org.voxkern.OutOfMemoryException;
import org.voxkern.Scope;
import org.voxkern.Shape;
import org.voxkern.Tensor;
import org.voxkern.graph.Graph;
import org.voxkern.graph.LayerWindow;
import org.voxkern.graph.SymbolicShape;
import org.voxkern.graph.Weights;
import org.voxkern.itk.ImageIo;
import org.voxkern.models.TrainedModel;
import org.voxkern.op.Concat;
import org.voxkern.op.Conv3d;
import org.voxkern.op.Statistics;
import org.voxkern.segmentation.Preprocessing;
import org.voxkern.segmentation.ProgressListener;
import org.voxkern.segmentation.SlidingWindow;
import org.voxkern.segmentation.WholeVolume;
import org.voxkern.study.BadInputException;
import org.voxkern.study.Devices;
import org.voxkern.study.InputFiles;
import org.voxkern.study.Interruptible;
import org.voxkern.study.OutputFolder;
import org.voxkern.study.ProcessMemory;
import org.voxkern.study.segmentation.SegmentationRequest.Windows;

/** One {@code segment} command from files to a file, which appears complete or not at all. */
public final class SegmentationRun {
  private static final double SAME_GRID_MM = 0.01;
  private static final double MM3_PER_ML = 1000;

  private final SegmentationRequest request;
  private final ProgressListener listener;
  private final Map<String, Double> seconds = new LinkedHashMap<>();

  public SegmentationRun(SegmentationRequest request, ProgressListener listener) {
    this.request = request;
    this.listener = listener;
  }

  /**
   * @throws BadInputException if a file cannot be used, the network and the images do not fit each
   *     other, or the memory does not hold the run, in one line
   */
  public SegmentationOutcome run() {
    long begin = System.nanoTime();
    request.images().forEach(InputFiles::requirePresent);
    Path target = request.out().toAbsolutePath();
    try (Context context = context(Device.cpu());
        Scope scope = Scope.open(context);
        OutputFolder folder = OutputFolder.open(target.getParent());
        Interruptible run = new Interruptible(context, folder)) {
      Path staged = folder.staged(target.getFileName().toString());
      SegmentationOutcome outcome = segment(context, folder, staged, begin);
      folder.publish();
      return outcome;
    } catch (OutOfMemoryException error) {
      throw new BadInputException("not enough memory: " + error.getMessage(), error);
    }
  }

  private Context context(Device device) {
    Context.Builder builder = Context.builder().device(device).threads(request.threads());
    if (request.memoryBytes() > 0) {
      builder.memoryLimit(request.memoryBytes());
    }
    return builder.build();
  }

  private SegmentationOutcome segment(
      Context context, OutputFolder folder, Path staged, long begin) {
    if (request.device().isHost()) {
      return segment(context, context, staged, begin);
    }
    try (Context device = context(request.device());
        Scope scope = Scope.open(device);
        Interruptible run = new Interruptible(device, folder)) {
      return segment(context, scope.context(), staged, begin);
    }
  }

  /**
   * @param context of the images
   * @param on that of the network: the volume goes there and the labels come back
   */
  private SegmentationOutcome segment(Context context, Context on, Path staged, long begin) {
    TrainedModel read =
        ModelFile.withOutput(
            ModelFile.read(on, request.model(), request.layout()), request.output());
    TrainedModel model =
        request.bfloat16()
            ? new TrainedModel(read.graph().withAccuracy(Conv3d.BFLOAT16_ACCURACY), read.weights())
            : read;
    long channels = channels(model.graph());
    if (channels != request.images().size()) {
      throw new BadInputException(
          request.model()
              + " takes "
              + channels
              + (channels == 1 ? " channel, " : " channels, ")
              + request.images().size()
              + " given: one image for each, in the order of the network's");
    }
    Path first = request.images().get(0);
    Geometry grid = InputFiles.attempt(first, () -> ImageIo.info(first).geometry());
    Image input = input(context, model.graph(), grid);
    context.trim(); // what preparing needed is not what follows needs
    long prepared = mark("prepare", begin);

    Labelling labelling = labelling(on, model, input.data().shape());
    Tensor labels =
        on == context
            ? labelling.run().apply(input.data())
            : labelling.run().apply(input.data().copyTo(on)).copyTo(context);
    long labelled = mark("network", prepared);

    Image restored = Preprocessing.restore(new Image(labels, input.geometry()), grid);
    ImageIo.write(restored, staged);
    mark("write", labelled);
    mark("total", begin);
    double voxelMl = 1 / MM3_PER_ML;
    for (double spacing : grid.spacing()) {
      voxelMl *= spacing;
    }
    return new SegmentationOutcome(
        request.out().toString(),
        count(restored.data()),
        voxelMl,
        seconds,
        model.graph().parameterCount(),
        labelling.bytes(),
        on.memory().highWater(),
        ProcessMemory.peakMb(),
        on == context ? Devices.describe(context) : request.device().toString());
  }

  private long mark(String part, long since) {
    long now = System.nanoTime();
    seconds.put(part, (now - since) * 1e-9);
    return now;
  }

  private long channels(Graph graph) {
    if (graph.inputs().size() != 1) {
      throw new BadInputException(
          request.model() + " takes the inputs " + graph.inputs().keySet() + ", expected one");
    }
    SymbolicShape shape = graph.inputs().values().iterator().next().shape();
    if (shape.rank() != 5) {
      throw new BadInputException(
          request.model() + " takes " + shape + ", expected (N, C, D, H, W)");
    }
    return shape.known(1);
  }

  /** The prepared channels in one. */
  private Image input(Context context, Graph graph, Geometry grid) {
    List<Image> channels = new ArrayList<>();
    for (Path path : request.images()) {
      channels.add(InputFiles.attempt(path, () -> prepared(context, path, graph, grid)));
    }
    Image first = channels.get(0);
    if (channels.size() == 1) {
      return first;
    }
    List<Tensor> volumes = new ArrayList<>();
    for (Image channel : channels) {
      volumes.add(channel.data().view(ElementType.F32, channel.data().shape().prepend(1), 0));
    }
    Shape one = first.data().shape();
    Shape all = Shape.of(volumes.size(), one.size(0), one.size(1), one.size(2));
    Tensor joined = Tensor.uninitialized(context, ElementType.F32, all);
    Concat.along(0).apply(volumes, joined);
    channels.forEach(channel -> channel.data().close());
    return new Image(joined, first.geometry());
  }

  private Image prepared(Context context, Path path, Graph graph, Geometry grid)
      throws IOException {
    Image scan = ImageIo.read(context, path);
    if (scan.components() != 1 || scan.frames() != 1) {
      throw new BadInputException(
          path
              + " has "
              + scan.components()
              + " components and "
              + scan.frames()
              + " time points, expected one of each");
    }
    if (!scan.geometry().matches(grid, SAME_GRID_MM)) {
      throw new BadInputException(path + " lies on another grid than " + request.images().get(0));
    }
    Image steps = request.preset().steps().apply(scan);
    requireSize(path, graph, scan.geometry(), steps.geometry());
    Image result = Images.toFloat(steps);
    for (Image used : List.of(scan, steps)) {
      if (used.data() != result.data()) {
        used.data().close();
      }
    }
    Statistics.Result values = Statistics.of(result.data(), null);
    if (values.nanCount() + values.infiniteCount() > 0) {
      throw new BadInputException(
          path + " holds values that are NaN or infinite: expected finite ones");
    }
    return result;
  }

  /** What a scan covers of the grid that the network works on must hold what one layer looks at. */
  private void requireSize(Path path, Graph graph, Geometry scan, Geometry worked) {
    long[] window = LayerWindow.widest(graph).orElse(new long[] {1, 1, 1});
    double least = Double.POSITIVE_INFINITY;
    for (int axis = 0; axis < 3; axis++) {
      least = Math.min(least, scan.size(axis) * scan.spacing()[axis]);
    }
    least /= Arrays.stream(worked.spacing()).max().orElseThrow();
    long widest = Arrays.stream(window).max().orElseThrow();
    if (least < widest - SAME_GRID_MM) {
      throw new BadInputException(
          String.format(
              Locale.ROOT,
              "%s is smaller than what a layer of the network looks at: it spans %.0f voxels along"
                  + " its shortest axis, expected %d or more",
              path,
              Math.floor(least + 1e-6),
              widest));
    }
  }

  /** A way to run the network, and the bytes that it takes. */
  private record Labelling(long bytes, UnaryOperator<Tensor> run) {}

  private Labelling labelling(Context context, TrainedModel model, Shape volume) {
    Graph graph = model.graph();
    Weights weights = model.weights();
    if (request.windows().isEmpty()) {
      WholeVolume whole = WholeVolume.of(0, listener);
      return new Labelling(
          whole.labelsBytes(graph, weights, context, volume),
          given -> whole.labels(graph, weights, given));
    }
    Windows windows = request.windows().get();
    long[] size = windows.size();
    SlidingWindow.Builder builder =
        SlidingWindow.builder(size[0], size[1], size[2])
            .overlap(windows.overlap())
            .listener(listener);
    SlidingWindow sliding = (windows.mirror() ? builder.mirror(0, 1, 2) : builder).build();
    return new Labelling(
        sliding.labelsBytes(graph, weights, context, volume),
        given -> sliding.labels(graph, weights, given));
  }

  private static SortedMap<Integer, Long> count(Tensor labels) {
    SortedMap<Integer, Long> counts = new TreeMap<>();
    if (labels.type() == ElementType.U8) {
      long[] bins = new long[256];
      for (byte label : labels.toByteArray()) {
        bins[label & 0xff]++;
      }
      for (int label = 0; label < bins.length; label++) {
        if (bins[label] > 0) {
          counts.put(label, bins[label]);
        }
      }
    } else {
      for (int label : labels.toIntArray()) {
        counts.merge(label, 1L, Long::sum);
      }
    }
    return counts;
  }
}
