/**
 * The parts of the all-MiniLM-L6-v2 sentence encoder (a BERT of 6 layers, 384 wide, 12 heads) that the demo runs: its tokenizer, its
 * embeddings and its attention weights, read from the Maven artifact on the class path; nothing is downloaded.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.minilm;
