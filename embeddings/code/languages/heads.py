"""Lines that begin definitions, as regular expressions that several languages share."""

from __future__ import annotations

MODIFIERS = r"""(?:@(?!interface\b)\w++(?:\([^()]*+\))?+\s++)*+
    (?:(?:abstract|actual|async|const|data|declare|default|export|expect|extern|external|final
    |fileprivate|inline|internal|local|mutating|native|open|operator|override|partial|private
    |protected|pub(?:\([^()]*+\))?|public|readonly|sealed|static|strictfp|suspend|synchronized
    |unsafe|virtual)\s++)*+"""
"""What may stand before the head of a definition, in verbose regular expressions."""

KEYWORD_HEADS = rf"""{MODIFIERS}
    (?:(?P<kind>@?interface|class|enum|module|namespace|object|protocol|record|struct|trait|type)
      |def|defp|fn|fun|func|function|proc|procedure|sub)\s++
    (?:self\.)?(?P<name>[^\W\d][\w$]*+)"""
"""Lines that begin a definition with a keyword."""

TYPED_HEADS = rf"""{MODIFIERS}(?:<[^()=]*>\s++)?
    (?!(?:assert|await|case|delete|do|else|goto|if|import|new|package|return|throw|using|yield)\b)
    [\w.:]++(?:<[^()=]*>)?[\[\]?*&]*+\s++[*&]*+
    (?:(?P<owner>\w++)::)?+(?P<name>~?[^\W\d]\w*+)\s*+\([^;=]*(?:\{{.*|[,(]|\)|\bthrows\b[^;]*)$"""
"""Lines that begin a function with its type, as in C and Java."""

C_TYPE = r"""(?!(?:assert|case|delete|do|else|goto|if|new|return|sizeof|throw|typedef|using)\b)
    (?:[\w:]++(?:<[^()=;]*>)?(?:::\w++)*+(?:\s*+[*&]++\s*+|\s++)){1,9}?"""
"""What stands before the name of a function in C and C++: words and their asterisks."""
