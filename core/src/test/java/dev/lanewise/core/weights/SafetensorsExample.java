package dev.lanewise.core.weights;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Linear;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** The example in the Javadoc of {@link Safetensors}; {@link SafetensorsTest} compares the two and runs this. */
final class SafetensorsExample {
  private SafetensorsExample() {}

  static void run(Path path, float[] weight, float[] bias, SequenceBatch x, SequenceBatch y) throws IOException {
    int inputs = x.width();
    int outputs = y.width();
    // begin
    NamedTensors weights = NamedTensors.builder().add("linear.weight", weight, outputs, inputs).add("linear.bias", bias, outputs).build();
    Safetensors.write(path, weights, Map.of("format", "pt"), Safetensors.Dtype.F32);
    try (Safetensors file = Safetensors.open(path)) {
      NamedTensors part = file.under("linear.");
      part.check(Map.of("weight", new long[] {outputs, inputs}, "bias", new long[] {outputs}));
      Linear linear = Linear.of(part.floats("weight"), part.floats("bias"), inputs, outputs);
      linear.forward(x, y);
    }
    // end
  }
}
