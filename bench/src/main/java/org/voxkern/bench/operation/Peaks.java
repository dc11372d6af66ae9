package org.voxkern.bench.operation;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.voxkern.bench.peer.ChildProcess;
import org.voxkern.bench.peer.Root;

/** What this machine can do on some threads, measured by {@code native/peaks}. */
public record Peaks(double readGbPerS, double writeGbPerS, double copyGbPerS, double gflopPerS) {

  public static Peaks measure(int threads) throws IOException, InterruptedException {
    ChildProcess program =
        ChildProcess.run(
            List.of(Root.program("voxkern_peaks").toString(), String.valueOf(threads)));
    return new Peaks(
        program.value("read_gb_per_s"),
        program.value("write_gb_per_s"),
        program.value("copy_gb_per_s"),
        program.value("fma_gflop_per_s"));
  }

  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("read_gb_per_s", readGbPerS);
    map.put("write_gb_per_s", writeGbPerS);
    map.put("copy_gb_per_s", copyGbPerS);
    map.put("fma_gflop_per_s", gflopPerS);
    return map;
  }
}
