"""`questions`: a language model reads functions with their docstrings and writes what a programmer
would type into a search engine to find them (as doc2query does, Nogueira et al. 2019, and InPars,
Bonifacio et al. 2022). Docstrings are what authors say; people who search use fewer and other
words. A question is kept if the text encoder finds its function by it, among others."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm
from transformers import AutoModelForCausalLM, DynamicCache

from embeddings.evaluation import metrics
from embeddings.text import loading
from embeddings.text.language_model import DEFAULT_MODEL, LanguageModel, load_model
from embeddings.training.corpus import corpora
from embeddings.training.corpus.functions import Function
from embeddings.training.data.questions import QUESTIONS, Written, written
from embeddings.training.stages import precision

BLOCK, BATCH = 512, 32
# Of each function so many questions are drawn, from the likeliest tokens.
DRAWN, LIKELIEST, TEMPERATURE = 2, 40, 0.8
MOST_TOKENS = 18
# A question is kept that puts its function among so many first ones of a block.
FOUND = 10
# Characters of a function that are shown: signature, docstring, and the beginning of its body.
SIGNATURE, DOCSTRING, BODY, BODY_LINES = 220, 240, 160, 3
# Longer functions say in their docstrings what they are about, and need not be read.
LONGEST = 2_500
EXAMPLES = '''\
Each Python function is followed by what a programmer would type into a web search engine to find \
code like it. Searches are short, in everyday words, and do not repeat the wording of the docstring.

def slugify(value, allow_unicode=False):
    """Convert to ASCII if 'allow_unicode' is False. Convert spaces or repeated dashes to single \
dashes."""
Search: python turn title into url friendly string

def _chunks(seq, n):
    """Yield successive n-sized pieces of seq."""
Search: split a list into equal parts python

def human_readable_size(num_bytes):
    """Format a byte count with a binary unit suffix."""
Search: python show file size in mb or gb

def ensure_directory(self, path):
    """Creates the directory unless it is already there."""
Search: how to make folder if not exists in python

def get_columns(cursor):
    """Names of the fields that the last query gave."""
Search: python sql cursor column names

def is_port_open(host, port, timeout=1.0):
    """Whether something listens at the address."""
Search: python test whether tcp port is in use

'''


def add_to(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--corpus", type=Path, required=True, help="questions are kept in it")
    parser.add_argument("--writer", required=True, help="a decoder: hub name, folder or GGUF file")
    parser.add_argument("--llm", default=DEFAULT_MODEL, help="what questions are tried with")
    parser.add_argument("--functions", type=int, default=10_000, help="described ones, in all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.set_defaults(run=ask)


def ask(options: argparse.Namespace) -> None:
    """Writes questions to functions of all splits into the corpus folder; goes on where a run was
    stopped. Raises EncoderUnavailable."""
    path = options.corpus / QUESTIONS
    chosen = _chosen(corpora.read(options.corpus), options.functions, options.seed)
    known = written(path)
    missing = [function for function in chosen if function.code not in known]
    writer, reader = Writer(options.writer, options.device), load_model(options.llm)
    torch.manual_seed(options.seed + len(known))
    with path.open("a", encoding="utf-8") as file, tqdm(total=len(missing), unit="function") as bar:
        for start in range(0, len(missing), BLOCK):
            block = missing[start : start + BLOCK]
            for one in found(list(writer.questions(block, bar)), reader):
                file.write(one.line())
            file.flush()


def found(asked: Sequence[Written], reader: LanguageModel) -> Iterator[Written]:
    """The same functions, with those of their questions by which the reader finds them."""
    code = reader.encode([one.code for one in asked])
    for place, one in enumerate(asked):
        vectors = reader.for_queries.encode(one.questions)
        ranks = metrics.ranks(vectors, code, [place] * len(vectors))
        kept = [text for text, rank in zip(one.questions, ranks, strict=True) if rank <= FOUND]
        yield Written(one.code, kept)


class Writer:
    """A decoder that goes on with the examples, whose states are computed once."""

    def __init__(self, name: str, device: str) -> None:
        origin = loading.located(name)
        self._tokenizer = loading.tokenizer(origin)
        dtype = torch.bfloat16 if precision.is_mixed(device) else torch.float32
        network: Any = AutoModelForCausalLM.from_pretrained(
            origin.folder, dtype=dtype, **origin.options
        )
        self._network = network.to(device).eval()
        self._device = device
        examples = self._tokenizer(EXAMPLES, return_tensors="pt").input_ids.to(device)
        with torch.inference_mode():
            states = self._network(examples, use_cache=True).past_key_values
        self._examples = [(layer.keys, layer.values) for layer in states.layers]
        self._read = examples.shape[1]
        decoded = self._tokenizer.batch_decode(
            [[token] for token in range(self._network.config.vocab_size)]
        )
        last = self._tokenizer.eos_token_id
        ends = [token for token, text in enumerate(decoded) if "\n" in text or token == last]
        self._ends = torch.tensor(ends, dtype=torch.long, device=device)

    @torch.inference_mode()
    def questions(self, functions: Sequence[Function], bar: Any) -> Iterator[Written]:
        """DRAWN questions at most of each function, in the order of their lengths."""
        tokens = [self._tokenizer(shown(function)).input_ids for function in functions]
        order = sorted(range(len(tokens)), key=lambda row: len(tokens[row]))
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            said = self._drawn([tokens[row] for row in rows])
            for place, row in enumerate(rows):
                texts = said[place * DRAWN : (place + 1) * DRAWN]
                yield Written(functions[row].code, list(dict.fromkeys(filter(None, texts))))
            bar.update(len(rows))

    def _drawn(self, tokens: Sequence[Sequence[int]]) -> list[str]:
        """n texts as tokens → n · DRAWN lines that go on with them."""
        count, width = len(tokens), max(map(len, tokens))
        ids = torch.zeros(count, width, dtype=torch.long, device=self._device)
        seen = torch.ones(count, self._read + width, dtype=torch.long, device=self._device)
        for row, one in enumerate(tokens):
            ids[row, width - len(one) :] = torch.tensor(one)
            seen[row, self._read : self._read + width - len(one)] = 0
        places = (seen.cumsum(1) - 1)[:, self._read :].clamp(min=0)
        states = DynamicCache()
        for layer, (keys, values) in enumerate(self._examples):
            states.update(*(one.expand(count, -1, -1, -1) for one in (keys, values)), layer)
        logits = self._next(ids, states, seen, places)
        states.batch_repeat_interleave(DRAWN)
        logits, seen, places = (one.repeat_interleave(DRAWN, 0) for one in (logits, seen, places))
        places, lines = places[:, -1:], []
        for _ in range(MOST_TOKENS):
            lines.append(_draw(logits))
            seen = torch.cat([seen, torch.ones_like(lines[-1])], dim=1)
            places = places + 1
            if torch.isin(torch.cat(lines, dim=1), self._ends).any(1).all():
                break
            logits = self._next(lines[-1], states, seen, places)
        return [self._line(row) for row in torch.cat(lines, dim=1)]

    def _next(self, ids: Tensor, states: Any, seen: Tensor, places: Tensor) -> Tensor:
        """(n, m) tokens → the logits (n, words) of the next ones; what was read is added to the
        states."""
        read = self._network(
            ids, past_key_values=states, attention_mask=seen, position_ids=places,
            use_cache=True, logits_to_keep=1,
        )  # fmt: skip
        logits: Tensor = read.logits[:, -1].float()
        return logits

    def _line(self, tokens: Tensor) -> str:
        ended = torch.isin(tokens, self._ends).nonzero()
        end = int(ended[0]) if len(ended) else len(tokens)
        return str(self._tokenizer.decode(tokens[:end])).strip()


def shown(function: Function) -> str:
    """What the writer sees of a function."""
    lines = function.code.split("\n")
    ends = (row for row, line in enumerate(lines, start=1) if line.rstrip().endswith(":"))
    head = next(ends, len(lines))
    body = [line[:70] for line in function.bare.split("\n")[head:] if line.strip()][:BODY_LINES]
    return (
        "\n".join(lines[:head])[:SIGNATURE]
        + f'\n    """{function.query[:DOCSTRING]}"""\n'
        + "\n".join(body)[:BODY]
        + "\nSearch:"
    )


def _draw(logits: Tensor) -> Tensor:
    """(n, words) → (n, 1), one of the likeliest each."""
    likely = (logits / TEMPERATURE).topk(min(LIKELIEST, logits.shape[1]), dim=-1)
    return likely.indices.gather(1, torch.multinomial(likely.values.softmax(-1), 1))


def _chosen(functions: Sequence[Function], count: int, seed: int) -> list[Function]:
    described = [one for one in functions if one.query and len(one.code) <= LONGEST]
    order = np.random.default_rng(seed).permutation(len(described))[:count]
    return [described[place] for place in order]
