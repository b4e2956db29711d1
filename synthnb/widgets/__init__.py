"""One class per file, traits only; each has its ES module beside it."""
