package dev.lanewise.spark.embed;
public final class FailedTexts { public static final String NAME = "lanewise.failedTexts"; }
