"""What holds in some of the languages: functions of several clauses, packages without a block,
documentation in literals, names with marks."""

from __future__ import annotations

import pytest

from embeddings.code.definitions import extract
from embeddings.code.languages import by_name, by_path
from embeddings.code.own_names import masked
from embeddings.types import Definition, Kind


def found(source: str, language: str) -> dict[str, Definition]:
    """The named definitions of a source by their qualified names."""
    definitions = extract(source, by_name(language)).definitions
    return {each.qualified_name: each for each in definitions if each.name}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("lib/till.rb", "ruby"),
        ("Rakefile", "ruby"),
        ("public/index.php", "php"),
        ("bin/backup.sh", "bash"),
        ("home/.bashrc", "bash"),
        ("home/.zshrc", "bash"),
        ("init.lua", "lua"),
        ("Main.hs", "haskell"),
        ("mix.exs", "elixir"),
        ("build.zig", "zig"),
        ("R/till.R", "r"),
        ("lib/Till.pm", "perl"),
        ("Till.psm1", "powershell"),
        ("src/Till.jl", "julia"),
        ("till.ml", "ocaml"),
        ("till.mli", "ocaml_interface"),
    ],
)
def test_a_files_name_tells_its_language(path: str, name: str):
    assert by_path(path) is by_name(name)


def test_the_clauses_of_a_function_are_one_definition_with_its_signature():
    source = "-- | Its length.\nsize :: [a] -> Int\nsize [] = 0\nsize (_ : xs) = 1 + size xs\n"
    size = found(source + "\nlast x = x\n", "haskell")["size"]
    assert size.docstring == "Its length."
    assert size.text == source.strip()


def test_a_clause_with_documentation_of_its_own_begins_a_definition():
    source = """
        defmodule Till do
          def pay(sum), do: pay(sum, :cash)

          @doc "Pays somehow."
          def pay(sum, how), do: {sum, how}
          def pay(_, nil), do: nil
        end
    """
    definitions = extract(source, by_name("elixir")).definitions
    pays = [each for each in definitions if each.name == "pay"]
    assert [each.docstring for each in pays] == ["", "Pays somehow."]
    assert pays[1].text.endswith("def pay(_, nil), do: nil")


def test_local_functions_of_haskell_belong_to_the_function_around_them():
    assert list(found("f x = go x\n  where\n    go 0 = 1\n    go n = n\n", "haskell")) == ["f"]


def test_a_package_of_perl_goes_on_up_to_the_next_one():
    source = "package A;\nsub f { 1 }\npackage B::C { sub g { 2 } }\npackage main;\nsub h { 3 }\n"
    definitions = found(source, "perl")
    assert list(definitions) == ["A", "A.f", "B.C", "B.C.g", "main", "main.h"]
    assert definitions["A"].text == "package A;\n    sub f {};"
    assert (definitions["A"].start_line, definitions["A"].end_line) == (1, 2)


def test_a_literal_before_a_definition_or_at_the_start_of_a_module_documents_it():
    julia = 'module M\n"Adds."\nadd(x) = x\n\nf(x) = "no"\nend\n'
    assert {each.name: each.docstring for each in found(julia, "julia").values()} == {
        "add": "Adds.",
        "f": "",
    }
    elixir = 'defmodule M do\n  use X\n  @moduledoc "Of M."\n  def f, do: "no"\nend\n'
    assert [each.docstring for each in found(elixir, "elixir").values()] == ["Of M.", ""]


def test_the_help_inside_a_function_of_powershell_documents_it():
    source = "function Get-Till {\n  <#\n  .SYNOPSIS\n  Its money.\n  #>\n  1\n}\n"
    assert found(source, "powershell")["Get-Till"].docstring == ".SYNOPSIS\nIts money."


def test_a_comment_below_documents_in_ocaml_unless_more_code_follows_it():
    source = "val pay : int\n(** Pays. *)\n\nval add : int\n(** Not of add. *)\nval sum : int\n"
    assert [each.docstring for each in found(source, "ocaml_interface").values()] == [
        "Pays.",
        "",
        "Not of add.",
    ]


def test_owners_are_dotted():
    assert "Shop.Till.open" in found("class Shop::Till\n  def open; end\nend\n", "ruby")
    assert "Shop.Till.open" in found("function Shop.Till:open() end\n", "lua")
    assert "Item.price" in found('setMethod("price", "Item", function(x) x@p)\n', "r")


def test_a_symbol_is_a_name_without_its_colon():
    source = "class A\n  attr_reader :till, :shelf\n  define_method(:pay) { 1 }\nend\n"
    assert list(found(source, "ruby")) == ["A", "A.till", "A.shelf", "A.pay"]
    assert found(source, "ruby")["A.till"].kind == Kind.PROPERTY


def test_a_block_has_the_title_that_it_is_registered_under():
    cases = {
        "ruby": 'describe "till" do\n  it "pays" do\n    x\n  end\nend\n',
        "lua": 'describe("till", function()\n  it("pays", function() x() end)\nend)\n',
        "powershell": "Describe 'till' {\n  It 'pays' {\n    x\n  }\n}\n",
        "elixir": 'describe "till" do\n  test "pays" do\n    x\n  end\nend\n',
    }
    for language, source in cases.items():
        assert list(found(source, language)) == ["till", "till.pays"]


def test_local_variables_are_no_constants():
    cases = {
        "ruby": "def f\n  x = 1\nend\n",
        "php": "<?php\nfunction f() { $x = 1; }\n",
        "bash": "f() {\n  x=1\n}\n",
        "lua": "function f()\n  local x = 1\nend\n",
        "zig": "fn f() void {\n    const x = 1;\n}\n",
        "r": "f <- function() {\n  x <- 1\n}\n",
        "perl": "sub f {\n  my $x = 1;\n}\n",
        "powershell": "function f {\n  $x = 1\n}\n",
        "julia": "function f()\n  x = 1\nend\n",
        "ocaml": "let f () = let x = 1 in x\n",
    }
    for language, source in cases.items():
        assert list(found(source, language)) == ["f"]


def test_a_hidden_name_keeps_its_case_where_case_is_syntax():
    assert masked("def pay?(x)\n  pay?(x)\nend", "ruby") == (
        "def _METHOD_NAME?(x)\n  _METHOD_NAME?(x)\nend"
    )
    assert masked("class Till; end", "ruby") == "class METHOD_NAME; end"


def test_php_between_html_is_read_and_the_html_is_found():
    source = "<h1>Till</h1>\n<?php function pay() { return 1; } ?>\n<p>Pay here</p>\n"
    definitions = extract(source, by_name("php")).definitions
    assert [each.name for each in definitions] == ["", "pay", ""]
    assert definitions[-1].text == "<p>Pay here</p>"
