"""The model that encodes code and queries."""

from __future__ import annotations

from codeindex.settings.services import env

# If none of these is set, the encoder of the active space is used
CODEINDEX_CHECKPOINT = env.text("CODEINDEX_CHECKPOINT") or None
CODEINDEX_LLM = env.text("CODEINDEX_LLM") or None
CODEINDEX_TEXT_ONLY = env.boolean("CODEINDEX_TEXT_ONLY", False)
CODEINDEX_DTYPE = env.choice("CODEINDEX_DTYPE", "", "", "float32", "bfloat16", "float16")
CODEINDEX_RUNTIME = env.choice(
    "CODEINDEX_RUNTIME", "", "", "torch", "8bit", "4bit", "onnx", "onnx-int8"
)

CODEINDEX_DEVICE = env.text("CODEINDEX_DEVICE") or None

# Whether texts get a draft of their vector first: by default where the encoder runs on a CPU; and
# whether the language model refines drafts
CODEINDEX_DRAFTS = env.choice("CODEINDEX_DRAFTS", "auto", "auto", "on", "off")
CODEINDEX_REFINING = env.boolean("CODEINDEX_REFINING", True)

# Up to so many texts are compared one by one, at about 3 µs each; above, the HNSW index is faster,
# and finds enough. Measured at 350,000 texts: both take the same time when 19,000 are kept.
CODEINDEX_EXACT_TEXTS = 20_000
