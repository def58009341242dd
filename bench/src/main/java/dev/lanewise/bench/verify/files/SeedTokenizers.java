package dev.lanewise.bench.verify.files;

import java.util.Base64;
import java.util.List;

/** Small tokenizers, which together have every section that is read. */
final class SeedTokenizers {
  private static final int TRIE_BYTES = 1024;

  private SeedTokenizers() {}

  /** The pieces of the vocabularies, as many as the models have rows. */
  static List<String> pieces() {
    return List.of(
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "law", "##s", "a", "b", "ab", "c", "d", ",", ".", "##a", "##b", "##c", "e",
        "r", "er", "##er", "1", "x");
  }

  private static String vocabulary() {
    StringBuilder vocabulary = new StringBuilder();
    for (int id = 0; id < pieces().size(); id++) {
      vocabulary.append(id == 0 ? "" : ",").append('"').append(pieces().get(id)).append("\":").append(id);
    }
    return vocabulary.toString();
  }

  static String wordPiece() {
    return """
    {"version":"1.0","truncation":{"max_length":20,"strategy":"LongestFirst","stride":0,"direction":"Right"},"padding":null,
    "added_tokens":[{"id":2,"content":"[CLS]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},
    {"id":4,"content":"[MASK]","single_word":true,"lstrip":true,"rstrip":true,"normalized":true,"special":false}],
    "normalizer":{"type":"Sequence","normalizers":[{"type":"NFKC"},{"type":"Replace","pattern":{"Regex":"\\\\s+"},"content":" "},
    {"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true}]},
    "pre_tokenizer":{"type":"BertPreTokenizer"},
    "post_processor":{"type":"TemplateProcessing",
    "single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"[SEP]","type_id":0}}],
    "pair":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],
    "special_tokens":{"[CLS]":{"id":"[CLS]","ids":[2],"tokens":["[CLS]"]},"[SEP]":{"id":"[SEP]","ids":[3],"tokens":["[SEP]"]}}},
    "decoder":{"type":"WordPiece","prefix":"##","cleanup":true},
    "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":{%s}}}
    """
        .formatted(vocabulary());
  }

  static String bpe() {
    return """
    {"version":"1.0","added_tokens":[],"normalizer":{"type":"Prepend","prepend":"a"},
    "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"(?i:'s|'t)|\\\\p{L}+|\\\\p{N}{1,3}|\\\\s+(?!\\\\S)|\\\\s+"},
    "behavior":"Isolated","invert":false},{"type":"Digits","individual_digits":true},
    {"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":false}]},
    "post_processor":{"type":"Sequence","processors":[{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true},
    {"type":"RobertaProcessing","sep":["[SEP]",3],"cls":["[CLS]",2],"trim_offsets":false,"add_prefix_space":true}]},
    "decoder":{"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Replace","pattern":{"String":"a"},"content":"o"},
    {"type":"Strip","content":" ","start":1,"stop":1},{"type":"ByteLevel"}]},
    "model":{"type":"BPE","dropout":null,"unk_token":"[UNK]","continuing_subword_prefix":null,"end_of_word_suffix":null,"fuse_unk":true,
    "byte_fallback":true,"ignore_merges":false,"vocab":{%s},"merges":["a b",["e","r"]]}}
    """
        .formatted(vocabulary());
  }

  static String unigram() {
    StringBuilder scored = new StringBuilder();
    for (String piece : pieces()) {
      scored.append(scored.isEmpty() ? "" : ",").append("[\"").append(piece).append("\",-").append(scored.length() / 7.0).append(']');
    }
    byte[] table = new byte[4 + TRIE_BYTES + 6];
    table[1] = TRIE_BYTES >> 8;
    table[table.length - 3] = 'o';
    return """
    {"version":"1.0","added_tokens":[],
    "normalizer":{"type":"Sequence","normalizers":[{"type":"Precompiled","precompiled_charsmap":"%s"},{"type":"Nmt"},{"type":"NFD"},
    {"type":"StripAccents"},{"type":"Lowercase"},{"type":"Strip","strip_left":true,"strip_right":true}]},
    "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Punctuation","behavior":"Contiguous"},
    {"type":"CharDelimiterSplit","delimiter":"-"},{"type":"Metaspace","replacement":"_","prepend_scheme":"always","split":true}]},
    "post_processor":{"type":"BertProcessing","sep":["[SEP]",3],"cls":["[CLS]",2]},
    "decoder":{"type":"Metaspace","replacement":"_","prepend_scheme":"always","split":true},
    "model":{"type":"Unigram","unk_id":1,"byte_fallback":true,"vocab":[%s]}}
    """
        .formatted(Base64.getEncoder().encodeToString(table), scored);
  }

  static String words() {
    return """
    {"version":"1.0","added_tokens":[],"normalizer":null,"pre_tokenizer":{"type":"Whitespace"},"post_processor":null,
    "decoder":{"type":"BPEDecoder","suffix":"</w>"},"model":{"type":"WordLevel","unk_token":"[UNK]","vocab":{%s}}}
    """
        .formatted(vocabulary());
  }
}
