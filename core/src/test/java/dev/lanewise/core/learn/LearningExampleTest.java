package dev.lanewise.core.learn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.testing.ReadmeBlocks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The code of "Learning" in core/README.md compiles, and learns what the text says. */
@Tag("once")
class LearningExampleTest {
  private static final int ROWS = 12;
  private static final int CLASSES = 4;
  private static final int WIDTH = CLASSES + 1;

  @Test
  void blockCompiles() throws IOException {
    String readme = Files.readString(Path.of("README.md"));
    String section = readme.substring(readme.indexOf("\n## Learning\n"));
    section = section.substring(0, section.indexOf("\n## ", 1));
    assertThat(ReadmeBlocks.shown(section)).isEqualTo(ReadmeBlocks.compiled("LearningExample.java")).hasSize(1);
  }

  /** Each row shows a class, and one row of a sequence is marked: its class is the sequence's. */
  private static SequenceBatch sequences(Random random, int[] classes) {
    SequenceBatch sequences = SequenceBatch.zeros(classes.length, ROWS, WIDTH);
    for (int s = 0; s < classes.length; s++) {
      int marked = random.nextInt(ROWS);
      classes[s] = random.nextInt(CLASSES);
      for (int row = 0; row < ROWS; row++) {
        int at = sequences.index(s, row);
        sequences.data()[at + (row == marked ? classes[s] : random.nextInt(CLASSES))] = 1;
        sequences.data()[at + CLASSES] = row == marked ? 1 : -1;
        for (int c = 0; c < WIDTH; c++) {
          sequences.data()[at + c] += (float) (0.1 * random.nextGaussian());
        }
      }
    }
    return sequences;
  }

  private static double accuracy(TrainablePooling pooling) {
    Random random = new Random(5);
    int[] classes = new int[400];
    SequenceBatch sequences = sequences(random, classes);
    int[] expected = new int[200];
    SequenceBatch others = sequences(random, expected);
    SequenceBatch logits = SequenceBatch.zeros(expected.length, 1, CLASSES);
    LearningExample.run(pooling, sequences, classes, others, logits);
    int right = 0;
    for (int s = 0; s < expected.length; s++) {
      int best = 0;
      for (int c = 1; c < CLASSES; c++) {
        best = logits.get(s, 0, c) > logits.get(s, 0, best) ? c : best;
      }
      right += best == expected[s] ? 1 : 0;
    }
    return (double) right / expected.length;
  }

  @Test
  void attentionFindsTheMarkedRowAndAMeanDoesNot() {
    double attention = accuracy(TrainablePooling.attention(1, 1, WIDTH));
    double mean = accuracy(TrainablePooling.mean());
    assertThat(attention).isGreaterThan(0.97);
    assertThat(mean).isLessThan(0.6);
  }
}
