package dev.lanewise.text.tokenizer.added;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finds the longest of many texts at a position of another text. Immutable after the last {@link #put}. */
final class Trie {
  /** A node; most have one child, and a map for each would take hundreds of bytes a character. */
  private static final class Node {
    private char only;
    private @Nullable Node child;
    private @Nullable Map<Character, Node> children;
    @Nullable AddedToken token;

    @Nullable Node next(char c) {
      return children != null ? children.get(c) : child != null && only == c ? child : null;
    }

    boolean isEmpty() {
      return child == null && children == null;
    }

    boolean hasOne() {
      return child != null;
    }

    /** The child for a character, which is made if there is none. */
    Node made(char c) {
      Node found = next(c);
      if (found != null) {
        return found;
      }
      Node made = new Node();
      if (isEmpty()) {
        only = c;
        child = made;
        return made;
      }
      Map<Character, Node> several = children == null ? new HashMap<>() : children;
      if (child != null) {
        several.put(only, child);
        child = null;
      }
      several.put(c, made);
      children = several;
      return made;
    }
  }

  private final Node root = new Node();

  /** The only first character of all texts, for a quick search; −1 if there are several. */
  private int onlyFirst = -1;

  boolean isEmpty() {
    return root.isEmpty();
  }

  /** Adds a text, which must not be empty. */
  void put(String text, AddedToken token) {
    Node node = root;
    for (int i = 0; i < text.length(); i++) {
      node = node.made(text.charAt(i));
    }
    node.token = token;
    onlyFirst = root.hasOne() ? text.charAt(0) : -1;
  }

  /** The first index from {@code from} on at which a text may begin; the end if there is none. */
  int candidate(String text, int from) {
    if (onlyFirst >= 0) {
      int found = text.indexOf(onlyFirst, from);
      return found < 0 ? text.length() : found;
    }
    int i = from;
    while (i < text.length() && root.next(text.charAt(i)) == null) {
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
      node = node.next(text.charAt(i));
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
