package dev.lanewise.text.tokenizer.pieces;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Pieces and their ids. Ids begin at 0 and may have gaps. Immutable and thread-safe. */
public final class Vocabulary {
  /** Answer of {@link #id} for a text that is no piece. */
  public static final int NONE = -1;

  private final Map<String, Integer> ids;
  private final @Nullable String[] pieces;

  /** Takes the pieces by their ids; null where an id has no piece. If a piece occurs twice, its last id is found. */
  public Vocabulary(@Nullable String[] pieces) {
    this.pieces = pieces;
    ids = HashMap.newHashMap(pieces.length);
    for (int id = 0; id < pieces.length; id++) {
      String piece = pieces[id];
      if (piece != null) {
        ids.put(piece, id);
      }
    }
  }

  /** The id of a piece, or {@link #NONE}. */
  public int id(String piece) {
    Integer id = ids.get(piece);
    return id == null ? NONE : id;
  }

  /** The piece with this id; null if there is none. */
  public @Nullable String piece(int id) {
    return id >= 0 && id < pieces.length ? pieces[id] : null;
  }

  /** The largest id plus one. */
  public int size() {
    return pieces.length;
  }
}
