package dev.lanewise.text.tokenizer.added;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finds the longest of many texts at a position of another text. Immutable after the last {@link #put}. */
final class Trie {
  private static final class Node {
    final Map<Character, Node> next = new HashMap<>();
    @Nullable AddedToken token;
  }

  private final Node root = new Node();

  /** The only first character of all texts, for a quick search; −1 if there are several. */
  private int onlyFirst = -1;

  boolean isEmpty() {
    return root.next.isEmpty();
  }

  /** Adds a text, which must not be empty. */
  void put(String text, AddedToken token) {
    Node node = root;
    for (int i = 0; i < text.length(); i++) {
      node = node.next.computeIfAbsent(text.charAt(i), c -> new Node());
    }
    node.token = token;
    onlyFirst = root.next.size() == 1 ? text.charAt(0) : -1;
  }

  /** The first index from {@code from} on at which a text may begin; the end if there is none. */
  int candidate(String text, int from) {
    if (onlyFirst >= 0) {
      int found = text.indexOf(onlyFirst, from);
      return found < 0 ? text.length() : found;
    }
    int i = from;
    while (i < text.length() && !root.next.containsKey(text.charAt(i))) {
      i++;
    }
    return i;
  }

  /** A token at a position, and the end of its text. */
  record Match(AddedToken token, int begin, int end) {}

  /** The first match from an index on, the longest one there; null if there is none. */
  @Nullable Match find(String text, int from) {
    if (isEmpty()) {
      return null;
    }
    for (int begin = candidate(text, from); begin < text.length(); begin = candidate(text, begin + 1)) {
      Match longest = longest(text, begin);
      if (longest != null) {
        return longest;
      }
    }
    return null;
  }

  private @Nullable Match longest(String text, int begin) {
    Match longest = null;
    Node node = root;
    for (int i = begin; i < text.length(); i++) {
      node = node.next.get(text.charAt(i));
      if (node == null) {
        return longest;
      }
      AddedToken token = node.token;
      if (token != null) {
        longest = new Match(token, begin, i + 1);
      }
    }
    return longest;
  }
}
