/** Runs calls of all kinds for as long as asked, and looks whether memory and threads stay what they were. */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.verify.soak;
