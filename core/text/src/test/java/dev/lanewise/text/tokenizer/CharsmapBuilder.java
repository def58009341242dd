package dev.lanewise.text.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.BitSet;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Compiles replacements into SentencePiece's table: a double-array trie in Darts' format over UTF-8, and the replacements. */
final class CharsmapBuilder {
  private static final int HAS_LEAF = 1 << 8;
  private static final int IS_VALUE = 1 << 31;
  private static final int OFFSET = 10;

  private final BitSet taken = new BitSet();
  private final BitSet bases = new BitSet();
  private int[] units = new int[1 << 16];

  private CharsmapBuilder() {}

  /** The table in base64. */
  static String of(Map<String, String> replacements) {
    CharsmapBuilder builder = new CharsmapBuilder();
    ByteArrayOutputStream texts = new ByteArrayOutputStream();
    Node root = new Node();
    replacements.forEach(
        (key, replacement) -> {
          root.add(key.getBytes(StandardCharsets.UTF_8), 0, texts.size());
          texts.writeBytes(replacement.getBytes(StandardCharsets.UTF_8));
          texts.write(0);
        });
    builder.taken.set(0);
    builder.place(root, 0);
    int size = builder.taken.length();
    // The last unit's relatives may be looked up.
    int padded = (size + 255) / 256 * 256;
    ByteBuffer bytes = ByteBuffer.allocate(4 + padded * 4 + texts.size()).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(padded * 4);
    for (int i = 0; i < padded; i++) {
      bytes.putInt(builder.units[i]);
    }
    bytes.put(texts.toByteArray());
    return Base64.getEncoder().encodeToString(bytes.array());
  }

  /** Places the children of a node, whose own unit is at an index. */
  private void place(Node node, int index) {
    int base = 1;
    while (bases.get(base) || !fits(node, base)) {
      base++;
    }
    bases.set(base);
    if (base + 512 > units.length) {
      units = Arrays.copyOf(units, units.length * 2);
    }
    units[index] |= (index ^ base) << OFFSET;
    if (node.value >= 0) {
      units[index] |= HAS_LEAF;
      units[base] = node.value | IS_VALUE;
      taken.set(base);
    }
    for (int label : node.children.keySet()) {
      taken.set(base ^ label);
      units[base ^ label] |= label;
    }
    node.children.forEach((label, child) -> place(child, base(label, index)));
  }

  private int base(int label, int index) {
    return index ^ units[index] >>> OFFSET ^ label;
  }

  private boolean fits(Node node, int base) {
    if (node.value >= 0 && taken.get(base)) {
      return false;
    }
    return node.children.keySet().stream().noneMatch(label -> taken.get(base ^ label));
  }

  private static final class Node {
    final SortedMap<Integer, Node> children = new TreeMap<>();
    int value = -1;

    void add(byte[] key, int from, int added) {
      if (from == key.length) {
        value = added;
      } else {
        children.computeIfAbsent(key[from] & 0xff, _ -> new Node()).add(key, from + 1, added);
      }
    }
  }
}
