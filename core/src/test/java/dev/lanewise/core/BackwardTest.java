package dev.lanewise.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.testing.TestedKernels;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The backward pass against differences of the reference in double. */
class BackwardTest {
  private static final float STEP = 0x1p-10f;

  private static Heads random(int batch, int heads, int rows, int width, Random random) {
    Heads heads4 = Heads.zeros(batch, heads, rows, width);
    for (int i = 0; i < heads4.data().length; i++) {
      heads4.data()[i] = (float) random.nextGaussian();
    }
    return heads4;
  }

  @Test
  void gradientsAreDifferencesOfTheReference() {
    for (Kernels kernels : TestedKernels.all()) {
      Random random = new Random(21);
      Attention attention = Attention.standard().withMask(Mask.causal()).withKernels(kernels);
      Heads query = random(2, 4, 5, 3, random);
      Heads key = random(2, 2, 7, 3, random);
      Heads value = random(2, 2, 7, 2, random);
      Heads outputGradient = random(2, 4, 5, 2, random);
      Heads output = Heads.zeros(2, 4, 5, 2);
      float[] logSumExp = new float[2 * 4 * 5];
      attention.compute(query, key, value, Results.of().withOutput(output).withLogSumExp(logSumExp));
      Heads[] inputs = {query, key, value};
      Heads[] gradients = {Heads.zeros(2, 4, 5, 3), Heads.zeros(2, 2, 7, 3), Heads.zeros(2, 2, 7, 2)};
      Gradients wanted = Gradients.of().withQuery(gradients[0]).withKey(gradients[1]).withValue(gradients[2]);
      attention.backward(query, key, value, output, logSumExp, outputGradient, wanted);
      for (int n = 0; n < inputs.length; n++) {
        float[] data = inputs[n].data();
        for (int i = 0; i < data.length; i++) {
          float kept = data[i];
          data[i] = kept + STEP;
          double up = loss(attention, query, key, value, outputGradient);
          double above = data[i];
          data[i] = kept - STEP;
          double down = loss(attention, query, key, value, outputGradient);
          double difference = (up - down) / (above - data[i]);
          data[i] = kept;
          assertEquals(difference, gradients[n].data()[i], 1e-4, "input " + n + " element " + i + " on " + kernels.path());
        }
      }
    }
  }

  private static double loss(Attention attention, Heads query, Heads key, Heads value, Heads outputGradient) {
    double[] output = ReferenceAttention.of(attention, query, key, value).output();
    double sum = 0;
    for (int i = 0; i < output.length; i++) {
      sum += output[i] * outputGradient.data()[i];
    }
    return sum;
  }
}
