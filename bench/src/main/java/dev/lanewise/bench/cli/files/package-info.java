/** Where the commands write to. */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.cli.files;
