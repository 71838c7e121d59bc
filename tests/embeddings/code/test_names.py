"""Under which names definitions are found, however they are written."""

from __future__ import annotations

import pytest

from embeddings.code.definitions import extract
from embeddings.code.languages import by_name
from embeddings.code.own_names import masked
from embeddings.code.syntax import MOST_NAMES
from embeddings.paths import contexts
from embeddings.types import Kind


def names(source: str, language: str) -> list[str]:
    """Each definition as its kind and qualified name; nameless blocks and the module left out."""
    found = extract(source, by_name(language)).definitions
    return [f"{each.kind} {each.qualified_name}" for each in found if each.name]


SCRIPT = {
    "const Row = memo(() => 1);": ["function Row"],
    "export const Row = React.memo(forwardRef(function Inner() {}));": ["function Row"],
    "const find = debounce((q) => 1, 200);": ["function find"],
    "const load = createAsyncThunk('a/load', async () => 1);": ["function load"],
    "const total = rows.map((row) => 1);": ["constant total"],
    "const timer = setTimeout(() => 1, 5);": ["constant timer"],
    "const Title = styled.h1`color: red`;": ["constant Title"],
    "export default memo(() => 1);": ["function default"],
    "export default memo(function Row() {});": ["function Row"],
    "export default connect(a, b)(function Page() {});": ["function Page"],
    "export default () => 1;": ["function default"],
    "export default class extends A { b() {} }": ["class default", "method default.b"],
    "export default { data() {}, methods: { save() {} } }": ["method data", "method methods.save"],
    "module.exports = function make() {};": ["function make"],
    "module.exports = () => 1;": ["function module.exports"],
    "exports = module.exports = class Oven { heat() {} };": ["class Oven", "method Oven.heat"],
    "exports.Oven = class { heat() {} };": ["class Oven", "method Oven.heat"],
    "exports['two words'] = () => 1;": ["function two words"],
    "Oven.prototype.heat = function () {};": ["function Oven.prototype.heat"],
    "const Oven = class Inner { heat() {} };": ["class Oven", "method Oven.heat"],
    "const Oven = observer(class extends A { heat() {} });": ["class Oven", "method Oven.heat"],
    "const a = 1, b = () => 1;": ["constant a", "function b"],
    "const a = { 'b c': () => 1, 4: function () {}, [d]: async () => 1, get e() {} };": [
        "constant a",
        *("method a.b c", "method a.4", "method a.[d]", "method a.e"),
    ],
    "const a = { b: { c: { d() {} } } };": ["constant a", "method a.b.c.d"],
    "const a = Object.freeze({ b: () => 1 });": ["constant a", "method a.b"],
    "function f() { const a = make({ b() {} }); }": ["function f", "method f.a.b"],
    "class A { b = throttle(() => 1); }": ["class A", "method A.b"],
    "app.use(function onError(error) {});": ["function onError"],
    "describe('cart', () => { it('adds', () => {}); });": ["block cart", "block cart.adds"],
    "it.each(rows)(`adds ${n}`, async (row) => {}, 500);": ["block adds ${n}"],
    "router.post('/a/:id', guard, (request) => {});": ["block /a/:id"],
    "socket.on('close', function () {});": ["block close"],
    "setTimeout(() => {}, 5); router.post('/a', save);": [],
}


@pytest.mark.parametrize(("source", "found"), SCRIPT.items())
def test_names_in_javascript(source: str, found: list[str]) -> None:
    for language in ("javascript", "typescript", "tsx"):
        assert names(source, language) == found


TYPED = {
    "const a = { b: () => 1 } satisfies A;": ["constant a", "method a.b"],
    "const a = { b() {} } as const;": ["constant a", "method a.b"],
    "function f() { const a = { b() {} } as A; }": ["function f", "method f.a.b"],
    "const f = ((a: A) => 1) as F;": ["function f"],
    "export const Row = forwardRef<A, B>((a, b) => 1);": ["function Row"],
    "declare const a: A, b: B;": ["constant a", "constant b"],
    "export declare function f(a: A): B;": ["function f"],
    "declare module 'm' { export function f(): A; const a: A; }": ["function f", "constant a"],
    "declare namespace N.M { class A { b(): B; } export let c: C; }": [
        *("class N.M.A", "method N.M.A.b", "constant N.M.c"),
    ],
    "declare global { interface Window { a: A } }": ["interface Window"],
    "class A { constructor(a: 1); constructor(a: any) {} }": ["class A", "method A.constructor"],
    "function f(a: 1): 1; function f(a: 2): 2; function f(a: any) {}": ["function f"],
    "interface A { b(): B; c: C }": ["interface A"],
}


@pytest.mark.parametrize(("source", "found"), TYPED.items())
def test_names_in_typescript(source: str, found: list[str]) -> None:
    assert names(source, "typescript") == found


OTHERS = {
    "go": {
        "var onClose = func() {}": ["function onClose"],
        "var (\n\ta = func() {}\n\tb = 1\n)": ["function a", "constant b"],
        "var open = &Command{Run: func() { run() }}": ["constant open"],
        "var _ Opener = (*Door)(nil)": [],
        "func TestA(t *T) { t.Run(`adds`, func(t *T) {}) }": ["function TestA", "block TestA.adds"],
        "const (\n\ta = iota\n\tb\n)": ["constant a", "constant b"],
        "type (\n\ta int\n)": ["type a"],
        "type Door interface { Open() }": ["interface Door"],
    },
    "python": {
        "double = lambda x: 2 * x": ["function double"],
        "class A:\n    half = lambda self: 1": ["class A", "method A.half"],
        "type Row[T] = list[T]": ["type Row"],
        "urlpatterns = [path('a', a)]": ["constant urlpatterns"],
        "if __name__ == '__main__':\n    main()": [],
    },
    "java": {
        "class A { A() {} }": ["class A", "method A.A"],
        "class A { Runnable r = () -> run(); }": ["class A", "constant A.r"],
        '@interface A { String b() default ""; }': ["type A", "method A.b"],
        "interface A { void b(); }": ["interface A", "method A.b"],
    },
}


@pytest.mark.parametrize(
    ("language", "source", "found"),
    [(language, *case) for language, cases in OTHERS.items() for case in cases.items()],
)
def test_names_in_other_languages(language: str, source: str, found: list[str]) -> None:
    package = "package p\n\n" if language == "go" else ""
    assert names(package + source + "\n", language) == found


PATHS = {
    "elixir": {
        "defmodule Plug.Conn do\n  def send(c), do: c\nend": [
            *("Conn = Plug.Conn", "send = Plug.Conn.send"),
        ],
        "defmodule A do\n  defmodule B.C do\n    @d 1\n  end\nend": [
            *("A = A", "C = A.B.C", "d = A.B.C.d"),
        ],
    },
    "ruby": {
        "class Foo::Bar\n  def baz = 1\nend": ["Bar = Foo.Bar", "baz = Foo.Bar.baz"],
        "module A\n  class B::C\n    def d? = 1\n  end\nend": ["C = A.B.C", "d? = A.B.C.d?"],
    },
    "cpp": {
        "void ns::f() { g(); }": ["f = ns.f"],
        "int ns::A::m(int a) { return a; }": ["m = ns.A.m"],
        "A::operator std::string() const { return b; }": [
            "operator std::string = A.operator std::string"
        ],
    },
    "csharp": {"namespace A.B { class C { void D() {} } }": ["C = A.B.C", "D = A.B.C.D"]},
    "php": {"<?php namespace A\\B { class C {} }": ["C = A.B.C"]},
    "perl": {
        "package Foo::Bar;\nsub baz { 1 }": ["Bar = Foo.Bar", "baz = Foo.Bar.baz"],
        "sub Foo::baz { 1 }": ["baz = Foo.baz"],
    },
    "swift": {"extension A.B { func c() { d() } }": ["B = A.B", "c = A.B.c"]},
    "nix": {"{ a.b.c = x: x; }": ["c = a.b.c"]},
    "bash": {"a::b() { c; }": ["b = a.b"]},
    # No paths, though there are dots in them
    "r": {"print.data <- function(x) x": ["print.data = print.data"]},
    "makefile": {"a.o: a.c\n\tcc a.c": ["a.o = a.o"]},
    "javascript": {
        "router.get('/a::b.json', (request) => {});": ["/a::b.json = /a::b.json"],
        "const a = { 'b.c'() {} };": ["a = a", "b.c = a.b.c"],
    },
}


@pytest.mark.parametrize(
    ("language", "source", "found"),
    [(language, *case) for language, cases in PATHS.items() for case in cases.items()],
)
def test_the_own_name_is_the_last_part_of_a_path(
    language: str, source: str, found: list[str]
) -> None:
    definitions = extract(source + "\n", by_name(language)).definitions
    assert [f"{each.name} = {each.qualified_name}" for each in definitions if each.name] == found


@pytest.mark.parametrize(
    ("language", "source", "name"),
    [
        ("elixir", "alias Plug.Conn", "Conn"),
        ("elixir", "Plug.Conn.send(c)", "Conn"),
        ("perl", "Foo::baz(1);", "baz"),
        ("bash", "a::b c", "b"),
    ],
)
def test_a_use_has_the_name_of_what_it_uses(language: str, source: str, name: str) -> None:
    uses = extract(source + "\n", by_name(language)).uses
    assert uses is not None
    assert name in uses.names


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("python", "a, b = 1, 2"),
        ("python", "a = b = 3"),
        ("python", "a, *b = 1, 2"),
        ("python", "(a, b) = 1, 2"),
        ("python", "[a, b] = 1, 2"),
        ("python", "(a, b), *_ = (1, 2), 3"),
        ("ruby", "A, B = 1, 2"),
        ("lua", "local a, b = 1, 2"),
        ("go", "var a, b = 1, 2"),
        ("c", "int a, *b;"),
        ("javascript", "const a = 1, b = 2;"),
        ("java", "class T { int a, b; }"),
        ("csharp", "class T { int a, b; }"),
    ],
)
def test_every_name_that_a_statement_declares_is_found(language: str, source: str) -> None:
    package = "package p\n\n" if language == "go" else ""
    found = extract(package + source + "\n", by_name(language)).definitions
    constants = [each for each in found if each.kind == Kind.CONSTANT]
    assert sorted(each.name.lower() for each in constants) == ["a", "b"]


def test_the_texts_of_a_statement_of_many_names_are_bounded() -> None:
    names = ", ".join(f"name{number}" for number in range(5_000))
    found = extract(f"{names} = range(5_000)\n", by_name("python")).definitions
    assert len([each for each in found if each.kind == Kind.CONSTANT]) == MOST_NAMES


MEMBERS = {
    "'top left'(a) { return this['top left'](a); }": "top left",
    '"it\'s"(a) { return "it\'s"; }': "it's",
    "42(a) { return a + 42; }": "42",
    "[Symbol.iterator](a) { return a[Symbol.iterator]; }": "[Symbol.iterator]",
    "['two-fold'](a) { return a; }": "['two-fold']",
    "[`on${Event}`](a) { return a; }": "[`on${Event}`]",
    "#secret(a) { return this.#secret(a); }": "#secret",
}


@pytest.mark.parametrize(("member", "name"), MEMBERS.items())
def test_the_own_name_is_hidden_however_it_is_written(member: str, name: str) -> None:
    found = extract(f"class A {{ {member} }}", by_name("javascript")).definitions
    [method] = [each for each in found if each.kind == Kind.METHOD]
    assert method.name == name
    leaves = {
        leaf.token
        for context in contexts(method.text, "javascript")
        for leaf in (context.start, context.end)
    }
    assert leaves <= {"METHOD_NAME", "METHOD_NAME-METHOD_NAME", "a", "this"}
    hidden = masked(method.text, "javascript")
    assert name.strip("[]") not in hidden
    assert masked(hidden, "javascript") == hidden
