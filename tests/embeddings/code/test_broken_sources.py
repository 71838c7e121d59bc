"""What is found in sources that do not parse: unfinished, in conflict, or in newer syntax."""

from __future__ import annotations

import time

import pytest

from embeddings.code.broken.recovery import MOST_HEADS, heads_in
from embeddings.code.definitions import extract
from embeddings.code.languages import by_name
from embeddings.types import Definition, Kind

PYTHON = '''\
def steam(milk):
    foam = beat(milk
    return foam


class Bar:
    """Drinks."""

    @hot
    def pour(self, cup):
        return "poured

    # Counts cups.
    def count(self):
        """How many there are."""
        return len(self.cups)


def close():
    """Closes the bar."""
'''

JAVA = """\
class Bar {
    String show(Dish dish) {
        return switch (dish) {
            case final Soup soup -> soup.name();
        };
    }

    /** Closes it. */
    @Override
    void close() {
        if (open) {
            lock();
    }

    static final class Cup {
        int size() { return 1; }
    }
}
"""

TSX = """\
/** The footer. */
export function Legal({ name }: Props) {
  const open = () => show(name);
  return <p onClick={open}>Terms & Conditions</p>;
}

export const Search = () => <a href="/find?sort=new&page=2">Find</a>;

export class Till {
  count = async () => {
    return this.coins.map((coin) => coin.value;
  };

  open() {
    return `open;
  }
}

function last() { return 1; }
"""

GO = """\
package bar

// Pour fills a cup.
func (b *Bar) Pour(cup Cup) error {
	if cup.Full( {
		return nil
}

type Cup struct {
	Size int
}

func close() {
<<<<<<< HEAD
	lock(1)
=======
	lock(2)
>>>>>>> other
}
"""

CPP = """\
namespace bar {

static const int sizes[] = {
    1, 2
};

template <typename Drink>
void pour(Drink drink) {
  if (drink.full( {
    return;
}

class Cup {
 public:
  int size() const { return 1; }
};

}  // namespace bar

int main() {
  return 0;
}
"""

C = """\
static int
pour(struct cup *cup,
    int size)
{
    if (cup->full( {
again:
        return 0;
}

void *empty(void)
{
#ifdef BIG
    return 0;
#endif
}
"""

CSHARP = """\
namespace Bar
{
    [Drinks]
    public class Menu
    {
        public string Show(Dish dish)
        {
            var text = @"
Soup
""of"" the day
";
            return text + (;
        }

        [Hot]
        private void Close() => Lock();
    }
}
"""

JULIA = '''\
module Bar

"""
    pour(cup)

Fills a cup.
"""
function pour(cup)
    if cup.full(
end

struct Cup
    size::Int
end

end
'''

ERLANG = """\
open() ->
    lock((.

-spec pour(cup(), integer()) -> cup().
pour(Cup, 0) ->
    Cup;
pour(Cup, N) ->
    fill(Cup, N).

pour(Cup) ->
    pour(Cup, 1).
"""

FOUND = {
    ("python", PYTHON): [
        *("function steam 1-3", "class Bar 6-16", "method Bar.pour 9-11"),
        *("method Bar.count 14-16", "function close 19-20"),
    ],
    ("java", JAVA): [
        *("class Bar 1-18", "method Bar.show 2-6", "method Bar.close 9-13"),
        *("class Bar.Cup 15-17", "method Bar.Cup.size 16-16"),
    ],
    ("tsx", TSX): [
        *("function Legal 2-5", "function Legal.open 3-3", "function Search 7-7"),
        *("class Till 9-17", "method Till.count 10-12", "method Till.open 14-16"),
        "function last 19-19",
    ],
    ("go", GO): [
        *("method Bar.Pour 4-7", "type Cup 9-11", "function close 13-19"),
    ],
    ("cpp", CPP): [
        *("function bar.pour 7-11", "class bar.Cup 13-16", "method bar.Cup.size 15-15"),
        "function main 20-22",
    ],
    ("c", C): ["function pour 1-8", "function empty 10-15"],
    ("csharp", CSHARP): [
        *("class Bar.Menu 3-17", "method Bar.Menu.Show 6-13", "method Bar.Menu.Close 15-16"),
    ],
    ("julia", JULIA): ["function Bar.pour 3-10", "type Bar.Cup 12-14"],
    ("erlang", ERLANG): [
        *("function open 1-2", "function pour 4-8", "function pour 10-11"),
    ],
}


def found(source: str, language: str) -> list[Definition]:
    definitions = extract(source, by_name(language)).definitions
    code = {Kind.FUNCTION, Kind.METHOD, Kind.CLASS, Kind.TYPE}
    return [each for each in definitions if each.kind in code]


@pytest.mark.parametrize(("language", "source"), FOUND)
def test_what_the_grammar_does_not_know_hides_nothing(language: str, source: str) -> None:
    written = [
        f"{each.kind} {each.qualified_name} {each.start_line}-{each.end_line}"
        for each in found(source, language)
    ]
    assert written == FOUND[language, source]


@pytest.mark.parametrize(("language", "source"), FOUND)
def test_a_broken_definition_is_its_lines_as_they_stand(language: str, source: str) -> None:
    lines = source.split("\n")
    for each in found(source, language):
        if each.kind != Kind.CLASS:
            assert each.text.split("\n")[-1].strip() in lines[each.end_line - 1]
            assert lines[each.start_line - 1].strip() in each.text


def test_documentation_is_kept_where_a_file_is_broken() -> None:
    told = {each.name: each.docstring for each in found(PYTHON, "python")}
    assert (told["count"], told["close"]) == ("How many there are.", "Closes the bar.")
    assert {each.name: each.docstring for each in found(JAVA, "java")}["close"] == "Closes it."
    assert {each.name: each.docstring for each in found(TSX, "tsx")}["Legal"] == "The footer."
    assert {each.name: each.docstring for each in found(GO, "go")}["Pour"] == "Pour fills a cup."


UNFINISHED = {
    "def a():\n    x = [1,\n\ndef b():\n    return 2\n": ["a", "b"],
    "def a():\n    '''Open\n    return 1\n\ndef b():\n    return 2\n": ["a", "b"],
    "def a(x, y\n    return 1\n\ndef b():\n    return 2\n": ["a", "b"],
    "def a():\n{{ cookiecutter.body }}\n    return 1\n\ndef b(): ...\n": ["a", "b"],
    "{% if x %}\ndef a():\n    return 1\n{% endif %}\nclass B:\n    pass\n": ["a", "B"],
    "class B:\n    def a(self):\n        return (\n\n    def c(self):\n        pass\n": [
        *("B", "a", "c"),
    ],
    "def a():\n    match? x -> {| y |}\n    return 1\n\ndef b(): pass\n": ["a", "b"],
    "def a():\n    return 1\n<<<<<<< HEAD\ndef b():\n    return 2\n=======\n>>>>>>> x\n": [
        "a",
        "b",
    ],
    "async def a():\n    async wit\n\n@deco(\n    1)\ndef b(): pass\n": ["a", "b"],
    "def a(): return 1 +\ndef b(): return 2\n": ["a", "b"],
}


@pytest.mark.parametrize(("source", "names"), UNFINISHED.items())
def test_names_in_unfinished_python(source: str, names: list[str]) -> None:
    assert [each.name for each in found(source, "python")] == names


def test_what_looks_like_code_in_a_file_that_parses_is_none() -> None:
    source = "def a():\n    return '''\ndef b():\n    pass\n'''\n"
    assert [each.name for each in found(source, "python")] == ["a"]


def test_a_definition_that_parses_keeps_its_end_beside_a_broken_one() -> None:
    source = "def a():\n    return '''\nb\n'''\n\ndef c():\n    return (\n\ndef d(): pass\n"
    ends = {each.name: each.end_line for each in found(source, "python")}
    assert ends == {"a": 4, "c": 7, "d": 9}


def test_a_docstring_of_a_class_does_not_begin_its_first_method() -> None:
    source = 'class A:\n    """\n    Doc.\n    """\n    def b(self):\n        return (\n'
    assert {each.name: each.start_line for each in found(source, "python")} == {"A": 1, "b": 5}


def test_a_name_by_layout_is_whole() -> None:
    source = f"def {'a' * 700}(:\n    pass\n\ndef b(: pass\n"
    assert {each.name for each in found(source, "python")} <= {"a" * 500, "b"}


@pytest.mark.parametrize(
    ("language", "unit"),
    [
        ("python", "def a(:\n"),
        ("python", "class A(\n  def b(self:\n"),
        ("python", "@a\n"),
        ("javascript", "function a( {\n"),
        ("javascript", "const a = (((((((\n"),
        ("typescript", "a(b: (c: (d\n"),
        ("java", "int a(int b, {\n"),
        ("java", "@A(\n"),
        ("go", "func (a *A[b] c(\n"),
        ("go", "((((((((\n"),
        ("java", "a<b<"),
        ("c", "int "),
        ("cpp", "a<b<"),
        ("cpp", "namespace A {\n"),
        ("csharp", "[A]\n"),
        ("rust", "impl<a<b<"),
        ("kotlin", "fun <a<b<"),
        ("haskell", "{-\na b =\n"),
        ("julia", "f(a=b,"),
        ("elixir", '"""\n@doc """\n'),
    ],
)
def test_heads_are_found_in_time_linear_in_the_length(language: str, unit: str) -> None:
    source = (unit * (1024 * 1024 // len(unit))).encode()
    began = time.monotonic()
    assert len(heads_in(source, by_name(language))) <= MOST_HEADS
    assert time.monotonic() - began < 20
