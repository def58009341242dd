package dev.lanewise.bench.peers.texts;

import com.google.gson.JsonObject;

/** How far the vectors of two programs are apart, text by text. */
final class Distance {
  private double leastCosine = 1;
  private double cosines;
  private double greatestDifference;
  private int texts;

  /** Takes all texts of two programs. */
  static Distance of(float[][] ours, float[][] theirs) {
    Distance distance = new Distance();
    for (int text = 0; text < ours.length; text++) {
      distance.add(ours[text], theirs[text]);
    }
    return distance;
  }

  /** Adds the vectors of a text. */
  void add(float[] ours, float[] theirs) {
    if (ours.length != theirs.length) {
      throw new IllegalStateException("ours has " + ours.length + " numbers, theirs " + theirs.length);
    }
    double dot = 0;
    double squares = 0;
    double peerSquares = 0;
    for (int i = 0; i < ours.length; i++) {
      dot += (double) ours[i] * theirs[i];
      squares += (double) ours[i] * ours[i];
      peerSquares += (double) theirs[i] * theirs[i];
      // NaN stays: Math.max hands it on.
      greatestDifference = Math.max(greatestDifference, Math.abs((double) ours[i] - theirs[i]));
    }
    double cosine = dot / Math.sqrt(squares * peerSquares);
    leastCosine = Math.min(leastCosine, cosine);
    cosines += cosine;
    texts++;
  }

  double leastCosine() {
    return leastCosine;
  }

  double greatestDifference() {
    return greatestDifference;
  }

  void addTo(JsonObject line) {
    line.addProperty("leastCosine", leastCosine);
    line.addProperty("meanCosine", cosines / texts);
    line.addProperty("greatestDifference", greatestDifference);
  }
}
