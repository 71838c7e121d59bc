"""C, C++ and C# as their preprocessors are used: what no grammar reads as it stands."""

from __future__ import annotations

import pytest

from embeddings.code.definitions import extract
from embeddings.code.languages import by_name
from embeddings.code.languages.preprocessing import preprocessed, with_whole_branches
from embeddings.types import Kind

HALF_HEADS = """
#ifdef THREADS
int lend(struct book *book, lock_t *lock)
#else
int lend(struct book *book)
#endif
{
    return book->lent++;
}
"""
HALF_BODIES = """
#if defined(THREADS)
int lend(struct book *book, lock_t *lock) {
    if (try(lock)) {
#elif defined(SIGNALS)
int lend(struct book *book) {
    if (block()) {
#else
int lend(struct book *book) {
    {
#endif
        book->lent++;
    }
}
"""
HALF_STATEMENTS = """
int lend(struct book *book) {
#ifdef THREADS
    if (try(book->lock)) {
#else
    if (book) {
#endif
        book->lent++;
    }
    return call(book,
#ifdef LOGGED
        "lent",
#endif
        1);
}
"""
MACROS = """
SHELF_API
SHELF_ALIGNED(8)
static shelf_t *
lend(void) {
    return 0;
}
"""


@pytest.mark.parametrize("source", [HALF_HEADS, HALF_BODIES, HALF_STATEMENTS, MACROS])
@pytest.mark.parametrize("after", ["", "\n#define AFTER(x) \\\n    /* it */ \\\n    (x)\n"])
def test_a_function_is_whole_whatever_the_preprocessor_does_to_it(source: str, after: str):
    source += after + "\nint next(int a) { return a; }\n"
    found = {d.name: d for d in extract(source, by_name("c")).definitions if d.name}
    assert {"lend", "next"} <= found.keys()
    assert found["lend"].text.endswith("}")
    assert found["next"].text == "int next(int a) { return a; }"


def test_a_guard_for_cpp_does_not_enclose_a_header():
    source = (
        '#ifdef __cplusplus\nextern "C" {\n#endif\nint lend(void);\n#ifdef __cplusplus\n}\n#endif\n'
    )
    extraction = extract(source, by_name("c"))
    assert extraction.errors == 0
    assert [d.name for d in extraction.definitions if d.name] == ["lend"]


def test_whole_branches_stay():
    source = b"#ifdef A\nint f(void) { return '{'; } // }\n#else\nint f(int a);\n#endif\n"
    assert with_whole_branches(source) == source


def test_positions_stay():
    source = HALF_BODIES.encode() + b"EXPORT\nclass BOOKS Shelf {\n};\n/* open"
    readable = preprocessed(source)
    assert len(readable) == len(source)
    assert [*map(len, readable.splitlines())] == [*map(len, source.splitlines())]


def test_a_macro_before_the_name_of_a_class_is_no_name():
    [shelf] = extract("class BOOKS Shelf : public Place {};", by_name("cpp")).definitions
    assert (shelf.kind, shelf.name) == (Kind.CLASS, "Shelf")


def test_a_class_may_be_called_like_a_macro():
    [shelf] = extract("class SHELF final : public Place {};", by_name("cpp")).definitions
    assert (shelf.kind, shelf.name) == (Kind.CLASS, "SHELF")


def test_a_type_on_a_line_of_its_own_is_no_macro():
    [lend] = extract("BOOL\nlend(Book b) { return 1; }", by_name("c")).definitions
    assert (lend.kind, lend.name, lend.start_line) == (Kind.FUNCTION, "lend", 1)


def test_a_test_is_found_by_its_name_or_title():
    source = """
TEST(ShelfTest, LendsOnce) { lend(); }

TEST_CASE("a shelf lends") {
    SECTION("once") { lend(); }
}
"""
    named = [d.qualified_name for d in extract(source, by_name("cpp")).definitions if d.name]
    assert named == ["ShelfTest.LendsOnce", "a shelf lends", "a shelf lends.once"]


def test_parameters_may_be_declared_after_their_names():
    source = "int total(prices, size)\n    long prices[];\n    int size;\n{\n    return 0;\n}\n"
    [total] = [
        definition
        for definition in extract("static int first;\n" + source, by_name("c")).definitions
        if definition.kind == Kind.FUNCTION
    ]
    assert (total.name, total.start_line, total.end_line) == ("total", 2, 7)


def test_a_conditional_in_a_head_does_not_hide_the_class():
    source = "public class Shelf\n#if LISTED\n    : IList\n#endif\n{\n    void Lend() { }\n}\n"
    names = [d.qualified_name for d in extract(source, by_name("csharp")).definitions]
    assert names == ["Shelf", "Shelf.Lend"]
