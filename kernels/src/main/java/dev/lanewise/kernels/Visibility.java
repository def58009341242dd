package dev.lanewise.kernels;

/** Which keys a query sees: always the first so many. Asked once a query row and call, never per element. */
@FunctionalInterface
public interface Visibility {
  /** How many keys, from the first, query row {@code query} of batch entry {@code b} sees; 0 to the number of keys. */
  int visibleKeys(int b, int query);
}
