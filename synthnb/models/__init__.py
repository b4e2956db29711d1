"""Who writes text: language models behind one protocol."""
