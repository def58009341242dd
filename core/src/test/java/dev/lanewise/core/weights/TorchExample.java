package dev.lanewise.core.weights;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Norm;
import dev.lanewise.core.layer.Transformer;
import dev.lanewise.core.layer.TransformerStack;
import dev.lanewise.kernels.data.Activation;
import java.io.IOException;
import java.nio.file.Path;

/** The examples in the Javadoc of {@link TorchWeights} and {@link Initialisation}; {@link InitialisationTest} compares and runs them. */
final class TorchExample {
  private TorchExample() {}

  static void load(Path path, SequenceBatch source, SequenceBatch target, SequenceBatch output) throws IOException {
    // begin
    try (Safetensors file = Safetensors.open(path)) {
      TorchWeights weights = TorchWeights.of(file, 12).withActivation(Activation.GELU).withNorms(Norm.Placement.PRE);
      TransformerStack encoder = weights.encoder("encoder."); // encoder.layers.0.self_attn.in_proj_weight, and so on
      TransformerStack decoder = weights.decoder("decoder.");
      Transformer.of(encoder, decoder).forward(source, target, output);
    }
    // end
  }

  static void make(Path path, SequenceBatch x, SequenceBatch y) throws IOException {
    // begin
    NamedTensors weights = Initialisation.xavier(42).encoder(96, 384, 2);
    Safetensors.write(path, weights);
    TransformerStack encoder = TorchWeights.of(weights, 12).encoder("");
    encoder.forward(x, y);
    // end
  }
}
