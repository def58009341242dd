package dev.lanewise.text;

import java.util.List;

/**
 * Looks for stop strings in a text that arrives in pieces. Text that may begin a stop string is held back until it is known whether it
 * does. The first stop string to be complete ends the text before it; of several that end at the same character, the longest.
 */
final class StopStrings {
  private final List<String> stops;
  private final int longest;
  private final StringBuilder held = new StringBuilder();
  private boolean found;

  /** Creates a search for strings, none of which is empty. */
  StopStrings(List<String> stops) {
    this.stops = stops;
    this.longest = stops.stream().mapToInt(String::length).max().orElse(0);
  }

  /** Adds text. Returns the text that is certain by now; nothing after a stop string. */
  String append(String piece) {
    if (found) {
      return "";
    }
    if (stops.isEmpty()) {
      return piece;
    }
    int before = held.length();
    held.append(piece);
    for (int end = before + 1; end <= held.length(); end++) {
      int length = stopAt(end);
      if (length > 0) {
        found = true;
        String text = held.substring(0, end - length);
        held.setLength(0);
        return text;
      }
    }
    int certain = held.length() - heldBack();
    String text = held.substring(0, certain);
    held.delete(0, certain);
    return text;
  }

  /** Length of the longest stop string that ends here; 0 if there is none. */
  private int stopAt(int end) {
    int length = 0;
    for (String stop : stops) {
      int from = end - stop.length();
      if (from >= 0 && stop.length() > length && matches(stop, from, stop.length())) {
        length = stop.length();
      }
    }
    return length;
  }

  /** Length of the longest end of the text that is the beginning of a stop string. */
  private int heldBack() {
    for (int length = Math.min(longest - 1, held.length()); length > 0; length--) {
      for (String stop : stops) {
        if (length < stop.length() && matches(stop, held.length() - length, length)) {
          return length;
        }
      }
    }
    return 0;
  }

  private boolean matches(String stop, int from, int length) {
    for (int i = 0; i < length; i++) {
      if (held.charAt(from + i) != stop.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** Whether a stop string was found. */
  boolean found() {
    return found;
  }

  /** Returns the text that was held back, at the end of the text. */
  String finish() {
    String text = held.toString();
    held.setLength(0);
    return text;
  }
}
