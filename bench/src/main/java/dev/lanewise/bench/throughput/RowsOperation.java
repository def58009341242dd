package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.data.Accuracy;
import dev.lanewise.bench.throughput.data.Accuracy.Meter;
import dev.lanewise.bench.throughput.data.Rows;
import dev.lanewise.bench.throughput.timing.Team;
import dev.lanewise.kernels.data.Matrix;

/** A kernel of one head that runs on the calling thread: threads get rows of the input and the same rows of the result. */
abstract class RowsOperation implements Operation {
  final Matrix input;
  final Matrix result;

  private final Team team;
  private final Matrix[] inputParts;
  private final Matrix[] resultParts;

  RowsOperation(Team team, Matrix input, int resultColumns) {
    this.team = team;
    this.input = input;
    this.result = Matrix.zeros(input.rows(), resultColumns);
    this.inputParts = Rows.split(input, team.size());
    this.resultParts = Rows.split(result, team.size());
  }

  /** Computes some rows. */
  abstract void compute(Matrix inputRows, Matrix resultRows);

  /** Adds the errors of one row. */
  abstract void compareRow(Meter meter, int i);

  @Override
  public final void run() {
    team.run(n -> compute(inputParts[n], resultParts[n]));
  }

  @Override
  public final Accuracy accuracy() {
    Meter meter = new Meter();
    for (int i : Rows.sample(input.rows())) {
      compareRow(meter, i);
    }
    return meter.result();
  }
}
