/** Models that read text: tokenizers, encoders, and the files that hold them. */
@SuppressWarnings("module") // bench is compiled after this module
module dev.lanewise.text {
  requires transitive dev.lanewise.core;
  requires com.google.gson;
  requires com.google.protobuf;
  requires static org.jspecify;

  exports dev.lanewise.text;
  exports dev.lanewise.text.bert;
  exports dev.lanewise.text.causal;
  exports dev.lanewise.text.model;
  exports dev.lanewise.text.onnx;
  exports dev.lanewise.text.tokenizer;
  exports dev.lanewise.text.json to
      dev.lanewise.bench;
}
