package dev.lanewise.core.position;

import dev.lanewise.kernels.runtime.Checks;

/**
 * The buckets of relative positions of T5 (Raffel et al., 2020), which its code describes more exactly than the paper. With n buckets for a
 * direction and e = n / 2, a distance d below e has bucket d, and a larger one has bucket e + ⌊ln(d / e) / ln(maxDistance / e) · (n − e)⌋,
 * at most n − 1.
 */
record RelativeBuckets(int numBuckets, int maxDistance, boolean bidirectional) {

  RelativeBuckets {
    Checks.atLeast("numBuckets", numBuckets, bidirectional ? 4 : 2);
    if (bidirectional) {
      Checks.multiple("numBuckets", numBuckets, "the number of directions,", 2);
    }
    Checks.atLeast("maxDistance", maxDistance, exact(numBuckets, bidirectional) + 1L);
  }

  /** Number of distances from 0 on that have a bucket of their own. */
  private static int exact(int numBuckets, boolean bidirectional) {
    return numBuckets / (bidirectional ? 4 : 2);
  }

  /** The bucket of a key at {@code distance} after the query; a negative distance is before the query. */
  int bucket(int distance) {
    int buckets = bidirectional ? numBuckets / 2 : numBuckets;
    int first = bidirectional && distance > 0 ? buckets : 0;
    int apart = bidirectional ? Math.abs(distance) : Math.max(0, -distance);
    int exact = exact(numBuckets, bidirectional);
    if (apart < exact) {
      return first + apart;
    }
    if (apart >= maxDistance) {
      return first + buckets - 1;
    }
    // In float and in this order, as models were trained: in double some distances at the edge of a bucket would move to the next bucket.
    float logarithm = (float) Math.log(apart / (float) exact);
    float part = logarithm / (float) Math.log((double) maxDistance / exact) * (buckets - exact);
    return first + Math.min(exact + (int) part, buckets - 1);
  }
}
