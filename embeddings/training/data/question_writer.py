"""The command `questions`: a language model reads functions with their docstrings and writes what a
programmer would type into a search engine to find them, as doc2query (Nogueira et al. 2019) and
InPars (Bonifacio et al. 2022) do. Docstrings are written by authors; people who search use fewer
and other words. A question is kept if the text encoder retrieves its function by it, among others.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from more_itertools import chunked
from torch import Tensor
from tqdm import tqdm
from transformers import AutoModelForCausalLM, DynamicCache

from embeddings.evaluation import metrics
from embeddings.text import loading
from embeddings.text.language_model import DEFAULT_MODEL, LanguageModel, load_model
from embeddings.training.corpus import corpora
from embeddings.training.corpus.functions import Function
from embeddings.training.data.questions import QUESTIONS, FunctionQuestions, read_questions
from embeddings.training.stages import precision

BLOCK, BATCH = 512, 32
# How many questions are sampled for a function, from how many of the likeliest tokens.
PER_FUNCTION, TOP_K, TEMPERATURE = 2, 40, 0.8
MOST_TOKENS = 18
# A question is kept if its function is among the first ones of a block.
LOWEST_RANK = 10
# Characters of the prompt that a signature, a docstring and the beginning of a body may take.
SIGNATURE, DOCSTRING, BODY, BODY_LINES = 220, 240, 160, 3
# Longer functions are left out: their docstrings describe them better than their code.
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
    parser.add_argument("--corpus", type=Path, required=True, help="folder; questions are added")
    parser.add_argument("--writer", required=True, help="a decoder: hub name, folder or GGUF file")
    parser.add_argument("--llm", default=DEFAULT_MODEL, help="text encoder that checks questions")
    parser.add_argument("--functions", type=int, default=10_000, help="number of functions")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.set_defaults(run=write_questions)


def write_questions(options: argparse.Namespace) -> None:
    """Adds questions for described functions of all splits to the corpus folder, and resumes an
    interrupted run. Raises EncoderUnavailable."""
    path = options.corpus / QUESTIONS
    chosen = _sampled(corpora.read(options.corpus), options.functions, options.seed)
    known = read_questions(path)
    missing = [function for function in chosen if function.code not in known]
    writer, reader = QuestionWriter(options.writer, options.device), load_model(options.llm)
    torch.manual_seed(options.seed + len(known))
    with path.open("a", encoding="utf-8") as file, tqdm(total=len(missing), unit="function") as bar:
        for block in chunked(missing, BLOCK):
            for row in keep_retrieving(list(writer.questions(block, bar)), reader):
                file.write(row.as_json_line())
            file.flush()


def keep_retrieving(
    written: Sequence[FunctionQuestions], reader: LanguageModel
) -> Iterator[FunctionQuestions]:
    """The same functions, each with only the questions by which the reader retrieves it."""
    code = reader.encode([function.code for function in written])
    for place, function in enumerate(written):
        vectors = reader.for_queries.encode(function.questions)
        ranks = metrics.ranks(vectors, code, [place] * len(vectors))
        ranked = zip(function.questions, ranks, strict=True)
        retrieving = [question for question, rank in ranked if rank <= LOWEST_RANK]
        yield FunctionQuestions(function.code, retrieving)


class QuestionWriter:
    """A decoder that continues a prompt of examples, whose states are computed once."""

    def __init__(self, name: str, device: str) -> None:
        origin = loading.locate(name)
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
    def questions(self, functions: Sequence[Function], bar: Any) -> Iterator[FunctionQuestions]:
        """At most `PER_FUNCTION` distinct questions for each function, the shortest first."""
        tokens = [self._tokenizer(prompt(function)).input_ids for function in functions]
        order = sorted(range(len(tokens)), key=lambda row: len(tokens[row]))
        for rows in chunked(order, BATCH):
            lines = self._continuations([tokens[row] for row in rows])
            for row, texts in zip(rows, chunked(lines, PER_FUNCTION), strict=True):
                questions = list(dict.fromkeys(filter(None, texts)))
                yield FunctionQuestions(functions[row].code, questions)
            bar.update(len(rows))

    def _continuations(self, tokens: Sequence[Sequence[int]]) -> list[str]:
        """n prompts as tokens → n · PER_FUNCTION lines that continue them."""
        count, width = len(tokens), max(map(len, tokens))
        ids = torch.zeros(count, width, dtype=torch.long, device=self._device)
        seen = torch.ones(count, self._read + width, dtype=torch.long, device=self._device)
        for row, own in enumerate(tokens):
            ids[row, width - len(own) :] = torch.tensor(own)
            seen[row, self._read : self._read + width - len(own)] = 0
        places = (seen.cumsum(1) - 1)[:, self._read :].clamp(min=0)
        states = DynamicCache()
        for layer, (keys, values) in enumerate(self._examples):
            states.update(*(state.expand(count, -1, -1, -1) for state in (keys, values)), layer)
        logits = self._next(ids, states, seen, places)
        states.batch_repeat_interleave(PER_FUNCTION)
        logits, seen, places = (
            rows.repeat_interleave(PER_FUNCTION, 0) for rows in (logits, seen, places)
        )
        places, lines = places[:, -1:], []
        for _ in range(MOST_TOKENS):
            lines.append(_sample_token(logits))
            seen = torch.cat([seen, torch.ones_like(lines[-1])], dim=1)
            places = places + 1
            if torch.isin(torch.cat(lines, dim=1), self._ends).any(1).all():
                break
            logits = self._next(lines[-1], states, seen, places)
        return [self._line(row) for row in torch.cat(lines, dim=1)]

    def _next(self, ids: Tensor, states: Any, seen: Tensor, places: Tensor) -> Tensor:
        """(n, m) tokens → the logits (n, words) of the next ones. Adds to the states what was
        read."""
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


def prompt(function: Function) -> str:
    """What the writer reads of a function."""
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


def _sample_token(logits: Tensor) -> Tensor:
    """(n, words) → (n, 1): one of the likeliest tokens of each row."""
    likely = (logits / TEMPERATURE).topk(min(TOP_K, logits.shape[1]), dim=-1)
    return likely.indices.gather(1, torch.multinomial(likely.values.softmax(-1), 1))


def _sampled(functions: Sequence[Function], count: int, seed: int) -> list[Function]:
    described = [
        function for function in functions if function.query and len(function.code) <= LONGEST
    ]
    order = np.random.default_rng(seed).permutation(len(described))[:count]
    return [described[place] for place in order]
