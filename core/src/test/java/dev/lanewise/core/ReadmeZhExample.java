package dev.lanewise.core;

import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.learn.Trace;
import dev.lanewise.core.learn.TrainableAttention;
import dev.lanewise.core.learn.loss.MeanSquaredError;
import dev.lanewise.core.learn.optimise.AdamW;
import dev.lanewise.core.learn.optimise.Schedule;
import dev.lanewise.core.learn.optimise.Training;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.pooling.AttentionPooling;
import dev.lanewise.core.pooling.Pooling;
import dev.lanewise.core.pooling.RecurrentAttention;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Matrix;
import java.util.Random;

/** The examples of core/README.zh.md, block by block; {@link ReadmeZhTest} compares the two, runs these and compares what they print. */
final class ReadmeZhExample {
  private ReadmeZhExample() {}

  static void threeSteps() {
    // begin
    Matrix query = Matrix.of(new float[] {0, 2, 2, 0}, 1, 4); // wanted: an animal that barks
    Matrix keys = Matrix.of(new float[] {1, 0, 0, 0, 0, 1, 0, 1, 0, 1, 1, 0}, 3, 4); // apple, cat, dog
    Matrix values = Matrix.of(new float[] {1, 0, 0, 1, 0, 2}, 3, 2);
    Matrix scores = Matrix.zeros(1, 3), weights = Matrix.zeros(1, 3), output = Matrix.zeros(1, 2);

    Kernels kernels = Kernels.selected();
    kernels.scores(query, keys, 1 / 2f, scores); // Q times the transpose of K, times 1/√4
    kernels.softmax(scores, weights);
    kernels.output(weights, values, output); // weights times V

    System.out.printf("scores  %.3f %.3f %.3f%n", scores.get(0, 0), scores.get(0, 1), scores.get(0, 2));
    System.out.printf("weights %.3f %.3f %.3f%n", weights.get(0, 0), weights.get(0, 1), weights.get(0, 2));
    System.out.printf("output  %.3f %.3f%n", output.get(0, 0), output.get(0, 1));
    // end
  }

  static void oneCall() {
    // begin
    Heads query = Heads.of(new float[] {0, 2, 2, 0}, 1, 1, 1, 4); // batch, heads, rows, width
    Heads keys = Heads.of(new float[] {1, 0, 0, 0, 0, 1, 0, 1, 0, 1, 1, 0}, 1, 1, 3, 4);
    Heads values = Heads.of(new float[] {1, 0, 0, 1, 0, 2}, 1, 1, 3, 2);
    Heads output = Heads.zeros(1, 1, 1, 2);
    Attention.standard().compute(query, keys, values, output); // the scale is 1/√4 by itself
    System.out.printf("output  %.3f %.3f%n", output.get(0, 0, 0, 0), output.get(0, 0, 0, 1));
    // end
  }

  static void scale() {
    // begin
    Random random = new Random(7);
    for (int width : new int[] {4, 64, 1024}) {
      Heads query = Heads.zeros(1, 1, 1000, width), keys = Heads.zeros(1, 1, 10, width), weights = Heads.zeros(1, 1, 1000, 10);
      for (Heads operand : new Heads[] {query, keys}) {
        for (int i = 0; i < operand.data().length; i++) {
          operand.data()[i] = (float) random.nextGaussian();
        }
      }
      double[] largest = new double[2];
      for (int scaled = 0; scaled < 2; scaled++) {
        Attention attention = scaled == 0 ? Attention.standard().withScale(1) : Attention.standard();
        attention.compute(query, keys, Results.of().withWeights(weights));
        for (int i = 0; i < 1000; i++) {
          float most = 0;
          for (int j = 0; j < 10; j++) {
            most = Math.max(most, weights.get(0, 0, i, j));
          }
          largest[scaled] += most / 1000;
        }
      }
      System.out.printf("width %4d: largest weight %.2f unscaled, %.2f scaled%n", width, largest[0], largest[1]);
    }
    // end
  }

  static void self() {
    // begin
    float[] rows = {
      1, 1, 2, 0, // "apple", "sweet"
      1, 1, 0, 2, // "apple", "phone"
    };
    SequenceBatch x = SequenceBatch.of(rows, 2, 2, 2); // two sentences of two words, columns: fruit, company
    SequenceBatch y = SequenceBatch.zeros(2, 2, 2);
    Heads words = x.split(1);
    Attention.standard().compute(words, words, words, y.split(1)); // Q = K = V = X
    System.out.printf("apple beside sweet: fruit %.2f, company %.2f%n", y.get(0, 0, 0), y.get(0, 0, 1));
    System.out.printf("apple beside phone: fruit %.2f, company %.2f%n", y.get(1, 0, 0), y.get(1, 0, 1));
    // end
  }

  static void causal() {
    // begin
    Heads words = Heads.zeros(1, 1, 4, 8); // all scores are 0, so the visible keys share the weight
    Heads weights = Heads.zeros(1, 1, 4, 4);
    Attention.standard().withMask(Mask.causal()).compute(words, words, Results.of().withWeights(weights));
    for (int i = 0; i < 4; i++) {
      System.out.printf(
          "%.2f %.2f %.2f %.2f%n", weights.get(0, 0, i, 0), weights.get(0, 0, i, 1), weights.get(0, 0, i, 2), weights.get(0, 0, i, 3));
    }
    // end
  }

  static void heads() {
    // begin
    float[] words = {
      0, 1, 0, 1, // "cat": a noun that acts
      1, 0, 0, 2, // "chases": a verb
      0, 0, 1, 3, // "mouse": a noun that is acted on
    }; // columns: verb, agent, patient, and the number of the word
    float[] wq = {8, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0}; // both heads: a verb asks
    float[] wk = {0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0}; // head 0: agents answer; head 1: patients answer
    float[] wv = {0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0}; // both heads: the answer is the number of the word
    float[] wo = {1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}; // column 0 from head 0, column 1 from head 1
    MultiHeadAttention layer = MultiHeadAttention.builder(4, 2).query(wq, null).key(wk, null).value(wv, null).output(wo, null).build();
    SequenceBatch x = SequenceBatch.of(words, 1, 3, 4);
    SequenceBatch y = SequenceBatch.zeros(1, 3, 4);
    Heads weights = Heads.zeros(1, 2, 3, 3);
    layer.forward(x, x, x, y, Results.of().withWeights(weights));
    for (int head = 0; head < 2; head++) {
      System.out.printf(
          "head %d, chases: cat %.3f, chases %.3f, mouse %.3f%n",
          head, weights.get(0, head, 1, 0), weights.get(0, head, 1, 1), weights.get(0, head, 1, 2));
    }
    System.out.printf("chases: who %.2f, whom %.2f%n", y.get(0, 1, 0), y.get(0, 1, 1));
    // end
  }

  static void learn() {
    // begin
    int batch = 32, rows = 6, width = 5;
    SequenceBatch x = SequenceBatch.zeros(batch, rows, width); // columns 0 to 3: one of four letters; column 4: 1 in the marked row
    SequenceBatch target = SequenceBatch.zeros(batch, rows, width); // in every row the letter of the marked row
    SequenceBatch y = SequenceBatch.zeros(batch, rows, width);
    Heads weights = Heads.zeros(batch, 1, rows, rows);
    TrainableAttention layer = TrainableAttention.builder(width, 1).xavier(1); // W_Q, W_K, W_V and W_O begin as random numbers
    Trace trace = Trace.create();
    Training training = Training.of(AdamW.of(layer.parameters()), Schedule.constant(0.02));
    Random random = new Random(3);
    int[] marked = new int[batch];
    double[] loss = new double[1];
    for (int steps : new int[] {1, 25, 50, 300}) {
      training.run(
          steps,
          number -> {
            for (int b = 0; b < batch; b++) {
              marked[b] = random.nextInt(rows);
              int answer = random.nextInt(4);
              for (int row = 0; row < rows; row++) {
                int letter = row == marked[b] ? answer : random.nextInt(4);
                for (int c = 0; c < 4; c++) {
                  x.data()[x.index(b, row) + c] = c == letter ? 1 : 0;
                  target.data()[target.index(b, row) + c] = c == answer ? 1 : 0;
                }
                x.data()[x.index(b, row) + 4] = row == marked[b] ? 1 : 0;
              }
            }
            layer.forward(x, y, trace.train(4, number));
            loss[0] = MeanSquaredError.standard().compute(y, target, y); // the gradient takes the place of the output
            layer.backward(trace, y, null); // adds up the gradients of W_Q, W_K, W_V and W_O
            return new Training.Batch(loss[0], batch);
          });
      layer.toLayer().forward(x, x, x, y, Results.of().withWeights(weights));
      double seen = 0;
      for (int b = 0; b < batch; b++) {
        seen += weights.get(b, 0, 0, marked[b]) / batch;
      }
      System.out.printf("step %3d: loss %.3f, weight of the marked row %.2f%n", steps, loss[0], seen);
    }
    // end
  }

  static void cross() {
    // begin
    Heads query = Heads.of(new float[] {0, 8, 8, 0}, 1, 1, 2, 2); // of the decoder: it writes "casa roja"
    Heads keys = Heads.of(new float[] {1, 0, 0, 1}, 1, 1, 2, 2); // of the encoder: it has read "red house"
    Heads weights = Heads.zeros(1, 1, 2, 2);
    Attention.standard().compute(query, keys, Results.of().withWeights(weights));
    System.out.printf("casa: red %.2f, house %.2f%n", weights.get(0, 0, 0, 0), weights.get(0, 0, 0, 1));
    System.out.printf("roja: red %.2f, house %.2f%n", weights.get(0, 0, 1, 0), weights.get(0, 0, 1, 1));
    // end
  }

  static void pooling() {
    // begin
    SequenceBatch x = SequenceBatch.of(new float[] {0, 1, 0, 2, 4, 0}, 1, 3, 2);
    SequenceBatch pooled = SequenceBatch.zeros(1, 1, 2);
    Pooling.mean().forward(x, pooled);
    System.out.printf("mean      %.2f %.2f%n", pooled.get(0, 0, 0), pooled.get(0, 0, 1));
    AttentionPooling.of(new float[] {1.5f, 0}, 1, 2).forward(x, pooled); // a learned query
    System.out.printf("attention %.2f %.2f%n", pooled.get(0, 0, 0), pooled.get(0, 0, 1));
    // end
  }

  static void recurrent() {
    // begin
    SequenceBatch states = SequenceBatch.of(new float[] {2, 0, 0, 2, 1, 1}, 1, 3, 2); // of an encoder, one for each word
    RecurrentAttention memory = RecurrentAttention.of(RecurrentAttention.Scores.dot(), states);
    SequenceBatch context = SequenceBatch.zeros(1, 1, 2);
    memory.forward(SequenceBatch.of(new float[] {0, 2}, 1, 1, 2), context); // a state of the decoder
    System.out.printf("context %.2f %.2f%n", context.get(0, 0, 0), context.get(0, 0, 1));
    // end
  }
}
